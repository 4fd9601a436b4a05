import type { Program } from '../../schemas/program.js';
import type { SampleResult } from '../../sim/sample-result.js';
import type { Hooks } from '../hooks.js';
import type { SampleRecord } from '../twin/record.js';
import { eachTask } from '../workers/pool.js';
import type { Task } from '../workers/task.js';
import type { ChipOptions, ChipRun } from './chip.js';
import { Chip } from './chip.js';
import { chunkRanges } from './chunks.js';

/**
 * Samples that a thread takes at once: few, so that threads finish together and progress is seen; fixed, so that results
 * do not depend on the threads. Samples that overlap are one stream, which should be long beside its filling and draining.
 */
const SAMPLES_PER_CHUNK = 4;
const SAMPLES_PER_STREAM = 32;

interface SimulateSetup {
  readonly program: Program;
  readonly options: ChipOptions;
  readonly record: boolean;
}

/** Images [n, H, W, C], and the number of the first among all samples. */
interface SimulateInput {
  readonly first: number;
  readonly images: Float32Array;
}

/**
 * Runs images on a chip of the thread's own.
 * @public threads import it by its name
 */
export const simulateTask: Task<SimulateSetup, SimulateInput, ChipRun> = {
  module: import.meta.url,
  name: 'simulateTask',
  async start({ program, options, record }) {
    const chip = new Chip(program, options);
    return { run: async ({ first, images }) => chip.run(images, { record, first }), stop: () => undefined };
  },
};

/** What a simulation gives besides its samples' results: see `ChipRun`. */
type SimulatedImages = Omit<ChipRun, 'results'>;

/**
 * Simulates `count` ≥ 1 images [count, H, W, C] over threads, and hands `consume` the result of each sample in their order;
 * none is kept. All of it does not depend on the number of threads, nor on whether some of them die (an image whose
 * thread dies three times is a failure). Progress is told with the synaptic operations and messages simulated per second.
 * Throws SW5001, SW5009 and what loading program and target throws.
 */
export async function simulateImages(
  program: Program,
  images: Float32Array,
  count: number,
  options: ChipOptions & { readonly record: boolean; readonly workers: number },
  consume: (result: SampleResult) => void,
  { progress, signal }: Hooks = {},
): Promise<SimulatedImages> {
  const { record, workers, ...chip } = options;
  const size = images.length / count;
  const perChunk = program.sampleInterval < program.stepsPerSample ? SAMPLES_PER_STREAM : SAMPLES_PER_CHUNK;
  const chunks = chunkRanges(count, perChunk);
  const start = performance.now();
  let events = 0;
  const tell = (done: number, { results }: ChipRun): void => {
    for (const { synapticOperations, messages } of results) events += synapticOperations + messages;
    const perSecond = events / ((performance.now() - start) / 1000);
    progress?.(Math.min(done * perChunk, count), count, `${(perSecond / 1e6).toPrecision(3)} M events/s`);
  };
  const logits: number[] = [];
  const records: SampleRecord[] = [];
  let injected: ChipRun['injected'] = null;
  await eachTask(
    simulateTask,
    { program, options: chip, record },
    {
      length: chunks.length,
      at: (chunk: number): SimulateInput => {
        const { first, end } = chunks[chunk]!;
        return { first, images: images.slice(first * size, end * size) };
      },
    },
    {
      workers,
      signal,
      progress: (done, _total, run) => tell(done, run),
      consume: (run) => {
        logits.push(...run.logits);
        records.push(...run.records);
        injected = run.injected;
        for (const result of run.results) consume(result);
      },
    },
  );
  return { logits: Float32Array.from(logits), records, injected };
}
