/**
 * How the simulator's rate grows with a second thread, once threads have started and loaded: `sim-threads NET MODE FOLDER`,
 * where `sim-network` has written the network; the result on standard output. One thread and two take turns in one
 * process on the same samples, handed out as `simulate` does with few, computed drives included.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulateTask } from '../../runtime/verify/simulate-task.js';
import { openPool } from '../../runtime/workers/pool.js';
import { decodeProgram } from '../../schemas/program-file.js';
import { openMachineMemory } from '../../sim/memory-pages.js';
import type { TimingMode } from '../../sim/sample-result.js';
import { heldImages } from '../runtime/verify/held-images.js';
import { imageCounts, type NetworkName } from './networks.js';

/** With one thread and with two; medians over pairs of runs one after the other. */
export interface SimThreads {
  readonly net: string;
  readonly mode: TimingMode;
  /** Of a run. */
  readonly samples: number;
  readonly pairs: number;
  readonly samplesPerSecond: readonly [one: number, two: number];
  /** Of the two rates, pair by pair: the speed-up. */
  readonly ratio: number;
  /**
   * Processor seconds of a sample with two threads over those with one: how much slower threads make each other by what
   * they share (memory, caches). Other processes lengthen it less than they lengthen a run.
   */
  readonly processorRatio: number;
}

interface Run {
  readonly seconds: number;
  readonly processorSeconds: number;
}

const SAMPLES_PER_INPUT = 4;
const pairs = 7;
const secondsPerRun = 2;

const [net, mode, folder] = process.argv.slice(2) as [NetworkName, TimingMode, string];
const program = decodeProgram(readFileSync(join(folder, 'program.swp')), net);
const several = imageCounts[net][1];
const source = heldImages(new Float32Array(Uint8Array.from(readFileSync(join(folder, 'images.f32'))).buffer), several);
const pools = [1, 2].map((workers) => {
  const setup = { program, options: { timing: mode }, memory: openMachineMemory() };
  return openPool(simulateTask, setup, { workers });
});

async function run(pool: (typeof pools)[number], inputs: number): Promise<Run> {
  const before = process.cpuUsage();
  const start = performance.now();
  const at = (index: number) => {
    const first = (index * SAMPLES_PER_INPUT) % several;
    return { first, images: source.images(first, first + SAMPLES_PER_INPUT) };
  };
  const moved = ({ images }: { images: Float32Array }) => [images];
  await pool.each({ length: inputs, at, moved }, () => undefined);
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - start) / 1e3, processorSeconds: (user + system) / 1e6 };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

// Threads start and load, and their code is compiled.
for (const pool of pools) await run(pool, 8);
const { seconds } = await run(pools[0]!, 4);
/** Even, so that two threads end together. */
const inputs = 2 * Math.ceil((2 * secondsPerRun) / seconds);
const runs: (readonly [Run, Run])[] = [];
for (let pair = 0; pair < pairs; pair++) runs.push([await run(pools[0]!, inputs), await run(pools[1]!, inputs)]);
for (const pool of pools) await pool.close();
const samples = inputs * SAMPLES_PER_INPUT;
const result: SimThreads = {
  net,
  mode,
  samples,
  pairs,
  samplesPerSecond: [
    samples / median(runs.map(([one]) => one.seconds)),
    samples / median(runs.map(([, two]) => two.seconds)),
  ],
  ratio: median(runs.map(([one, two]) => one.seconds / two.seconds)),
  processorRatio: median(runs.map(([one, two]) => two.processorSeconds / one.processorSeconds)),
};
process.stdout.write(JSON.stringify(result));
