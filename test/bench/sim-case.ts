/**
 * One case of the simulator's measurements in a process of its own: `sim-case NET MODE WORKERS FOLDER`, where
 * `sim-network` has written the network; the result on standard output.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeImages } from '../../runtime/drive.js';
import { simulateImages } from '../../runtime/verify/simulate-task.js';
import type { Program } from '../../schemas/program.js';
import { decodeProgram } from '../../schemas/program-file.js';
import { readTarget } from '../../schemas/target-file.js';
import type { SampleResult } from '../../sim/sample-result.js';
import { Simulator } from '../../sim/simulate.js';
import { heldImages } from '../runtime/verify/held-images.js';
import { kernelRate } from './kernel-rate.js';
import { imageCounts, type NetworkName } from './networks.js';

type Mode = 'off' | 'analytic' | 'cycle';

/** A network in one timing mode. */
export interface SimCase {
  readonly net: string;
  readonly mode: Mode;
  /** 0: in the process itself, loading apart; above, in so many threads, which start and load within `seconds`. */
  readonly workers: number;
  readonly samples: number;
  /** Of all samples together. */
  readonly spikes: number;
  readonly synops: number;
  readonly messages: number;
  /** Links that they crossed. */
  readonly crossings: number;
  /** Of the fastest of several runs over all samples: others on the machine can only slow one down. */
  readonly seconds: number;
  /** From the bytes of the file to a simulator that can run; null with threads. */
  readonly loadSeconds: number | null;
  /** Largest resident size of the process. */
  readonly peakBytes: number;
  /** The accumulation loops alone, in the same process on the same rows; null with threads. */
  readonly kernelSynopsPerSecond: number | null;
}

/** Runs of a case: as many as this takes, but a few. */
const secondsWanted = 3;
const runsMin = 3;

function now(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

function counts(results: readonly SampleResult[]): Pick<SimCase, 'spikes' | 'synops' | 'messages' | 'crossings'> {
  const sum = (of: (result: SampleResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  return {
    spikes: sum(({ populations }) => populations.reduce((total, { spikesInWindow }) => total + spikesInWindow, 0)),
    synops: sum(({ synapticOperations }) => synapticOperations),
    messages: sum(({ messages }) => messages),
    crossings: sum(({ hops }) => hops),
  };
}

function oneThread(net: string, mode: Mode, images: Float32Array, samples: number): Omit<SimCase, 'peakBytes'> {
  const opened = now();
  // The file's bytes are free once they are decoded.
  const program = decodeProgram(read('program.swp'), net);
  const simulator = new Simulator(program, readTarget(program.targetJson, net), { timing: mode });
  const loadSeconds = now() - opened;
  const drives = encodeImages(program.drives, images);
  let results: SampleResult[] = [];
  let seconds = Number.POSITIVE_INFINITY;
  const end = now() + secondsWanted;
  for (let run = 0; run < runsMin || now() < end; run++) {
    const start = now();
    results = drives.map((sample) => simulator.run(sample));
    seconds = Math.min(seconds, now() - start);
  }
  const kernelSynopsPerSecond = kernelRate(simulator, drives[0]!);
  return { net, mode, workers: 0, samples, ...counts(results), seconds, loadSeconds, kernelSynopsPerSecond };
}

async function threads(
  net: string,
  mode: Mode,
  program: Program,
  images: Float32Array,
  samples: number,
  workers: number,
): Promise<Omit<SimCase, 'peakBytes'>> {
  const start = now();
  const results: SampleResult[] = [];
  await simulateImages(program, heldImages(images, samples), { timing: mode, workers }, (result) =>
    results.push(result),
  );
  const seconds = now() - start;
  return { net, mode, workers, samples, ...counts(results), seconds, loadSeconds: null, kernelSynopsPerSecond: null };
}

const [net, mode, workerText, folder] = process.argv.slice(2) as [NetworkName, Mode, string, string];
const workers = Number(workerText);
const [one, several] = imageCounts[net];
const all = new Float32Array(Uint8Array.from(read('images.f32')).buffer);
const samples = workers === 0 ? one : several;
const images = all.subarray(0, (all.length / several) * samples);
const measured =
  workers === 0
    ? oneThread(net, mode, images, samples)
    : await threads(net, mode, decodeProgram(read('program.swp'), net), images, samples, workers);
const result: SimCase = { ...measured, peakBytes: process.resourceUsage().maxRSS * 1024 };
process.stdout.write(JSON.stringify(result));

function read(name: string): Uint8Array {
  return readFileSync(join(folder, name));
}
