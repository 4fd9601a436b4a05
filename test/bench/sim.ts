/**
 * Measures the simulator: `npm run bench:sim -- --json FILE` (without it, to standard output). One case per network,
 * timing mode and number of workers; seconds are those of the fastest of several runs over all samples (others on the machine can
 * only slow one down), loading excluded, but in the cases with threads one run, their start and loading included.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { encodeImages } from '../../runtime/drive.js';
import { simulateImages } from '../../runtime/verify/simulate-task.js';
import { readTarget } from '../../schemas/target-file.js';
import { eventsOf } from '../../sim/events.js';
import type { SampleResult } from '../../sim/sample-result.js';
import { Simulator } from '../../sim/simulate.js';
import { buildNetwork, type Network, networkNames } from './networks.js';

interface Case {
  readonly net: string;
  readonly mode: 'off' | 'analytic' | 'cycle';
  readonly workers: number;
  readonly samples: number;
  /** Of all samples together. */
  readonly synops: number;
  readonly messages: number;
  readonly seconds: number;
  /** Largest resident size of the process so far. */
  readonly peakBytes: number;
  /** The accumulation loops alone, in the same process on the same rows. */
  readonly kernelSynopsPerSecond: number;
}

const repeats = 12;
/** Samples of a case in one thread and in several: threads take a while to start. */
const sampleCounts: Readonly<Record<string, readonly [one: number, several: number]>> = {
  'dense-a': [2, 256],
  'conv-b': [2, 64],
  demo: [4, 256],
};

function now(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** Synapses per second of accumulation alone, with as many spikes at a time as each core has in a step on average. */
function kernelRate({ machine }: Simulator, { byCore }: SampleResult): number {
  const { cores, memory, network, program } = machine;
  const random = xoroshiro128plus(2);
  const firing = cores.map(({ number, address, somas, neuron }) => {
    const neurons = Array.from(neuron.keys()).filter((k) => neuron[k]! >= 0);
    const wanted = Math.round(eventsOf(byCore, number, 'spikeOut') / program.stepsPerSample);
    const spiked = new Set(Array.from({ length: wanted }, () => neurons[uniformInt(random, 0, neurons.length - 1)]!));
    return { address, somas, spiked: [...spiked].sort((a, b) => a - b) };
  });
  let best = 0;
  const end = now() + 1;
  while (now() < end) {
    for (const { address, somas, spiked } of firing) {
      somas.spiked.set(spiked);
      memory.kernels.send(address, 0, spiked.length);
    }
    const start = now();
    memory.kernels.accumulateAll(network);
    const seconds = now() - start;
    const synapses = cores.reduce((sum, { axonIn }) => sum + axonIn.lastSynapticOperations, 0);
    best = Math.max(best, synapses / seconds);
  }
  return best;
}

function counts(results: readonly SampleResult[]): { synops: number; messages: number } {
  return {
    synops: results.reduce((sum, { synapticOperations }) => sum + synapticOperations, 0),
    messages: results.reduce((sum, { messages }) => sum + messages, 0),
  };
}

function oneThread(net: string, { program, images }: Network, mode: Case['mode'], samples: number): Case {
  const simulator = new Simulator(program, readTarget(program.targetJson, net), { timing: mode });
  const drives = encodeImages(program.drives, images.subarray(0, (images.length / sampleCounts[net]![1]) * samples));
  let results: SampleResult[] = [];
  const times = Array.from({ length: repeats }, () => {
    const start = now();
    results = drives.map((sample) => simulator.run(sample));
    return now() - start;
  });
  const seconds = Math.min(...times);
  const kernelSynopsPerSecond = kernelRate(simulator, results[0]!);
  return { net, mode, workers: 1, samples, ...counts(results), seconds, peakBytes: peakBytes(), kernelSynopsPerSecond };
}

async function threads(net: string, { program, images }: Network, one: Case, workers: number): Promise<Case> {
  const samples = sampleCounts[net]![1];
  const start = now();
  const options = { timing: one.mode, record: false, workers };
  const results: SampleResult[] = [];
  await simulateImages(program, images, samples, options, (result) => results.push(result));
  const seconds = now() - start;
  return { ...one, workers, samples, ...counts(results), seconds, peakBytes: peakBytes() };
}

const { values } = parseArgs({ options: { json: { type: 'string', default: '-' } } });
const cases: Case[] = [];
for (const net of networkNames) {
  const [one, several] = sampleCounts[net]!;
  const network = buildNetwork(net, several);
  for (const mode of ['off', 'analytic', 'cycle'] as const) {
    const single = oneThread(net, network, mode, one);
    cases.push(single);
    if (mode === 'cycle') for (const workers of [1, 2]) cases.push(await threads(net, network, single, workers));
  }
}
const text = `${JSON.stringify({ cases }, null, 2)}\n`;
if (values.json === '-') process.stdout.write(text);
else writeFileSync(values.json, text);
for (const { net, mode, workers, samples, synops, messages, seconds, kernelSynopsPerSecond } of cases) {
  const rate = synops / seconds;
  process.stderr.write(
    `${net} ${mode} ×${workers}: ${((seconds / samples) * 1e3).toFixed(2)} ms a sample, ${(rate / 1e9).toFixed(2)} G synops/s ` +
      `(${((100 * rate) / kernelSynopsPerSecond).toFixed(0)} % of the loops alone), ${(messages / seconds / 1e6).toFixed(2)} M messages/s, ` +
      `${Math.round(synops / samples)} synops, ${Math.round(messages / samples)} messages\n`,
  );
}
