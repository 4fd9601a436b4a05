import type { Program } from '../../schemas/program.js';
import type { Hooks } from '../hooks.js';
import { mapTask } from '../workers/pool.js';
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

/**
 * Simulates `count` ≥ 1 images [count, H, W, C] over threads; the result does not depend on their number. Progress is
 * told with the synaptic operations and messages simulated per second.
 * Throws SW5001, SW5009 and what loading program and target throws.
 */
export async function simulateImages(
  program: Program,
  images: Float32Array,
  count: number,
  options: ChipOptions & { readonly record: boolean; readonly workers: number },
  { progress, signal }: Hooks = {},
): Promise<ChipRun> {
  const { record, workers, ...chip } = options;
  const size = images.length / count;
  const perChunk = program.sampleInterval < program.stepsPerSample ? SAMPLES_PER_STREAM : SAMPLES_PER_CHUNK;
  const start = performance.now();
  let events = 0;
  const tell = (done: number, { results }: ChipRun): void => {
    for (const { synapticOperations, messages } of results) events += synapticOperations + messages;
    const perSecond = events / ((performance.now() - start) / 1000);
    progress?.(Math.min(done * perChunk, count), count, `${(perSecond / 1e6).toPrecision(3)} M events/s`);
  };
  const runs = await mapTask(
    simulateTask,
    { program, options: chip, record },
    chunkRanges(count, perChunk).map(({ first, end }) => ({ first, images: images.slice(first * size, end * size) })),
    { workers, signal, progress: (done, _total, run) => tell(done, run) },
  );
  return {
    logits: Float32Array.from(runs.flatMap(({ logits }) => [...logits])),
    records: runs.flatMap(({ records }) => records),
    injected: runs[0]!.injected,
    results: runs.flatMap(({ results }) => results),
  };
}
