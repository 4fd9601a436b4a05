import type { Program } from '../../schemas/program.js';
import type { Hooks } from '../hooks.js';
import { mapTask } from '../workers/pool.js';
import type { Task } from '../workers/task.js';
import type { ChipOptions, ChipRun } from './chip.js';
import { Chip } from './chip.js';
import { chunkRanges } from './chunks.js';

/** Few, so that threads finish together and progress is seen; fixed, so that results do not depend on the threads. */
const SAMPLES_PER_CHUNK = 4;

interface SimulateSetup {
  readonly program: Program;
  readonly options: ChipOptions;
  readonly record: boolean;
}

/**
 * Runs images [n, H, W, C] on a chip of the thread's own.
 * @public threads import it by its name
 */
export const simulateTask: Task<SimulateSetup, Float32Array, ChipRun> = {
  module: import.meta.url,
  name: 'simulateTask',
  async start({ program, options, record }) {
    const chip = new Chip(program, options);
    return { run: async (images) => chip.run(images, { record }), stop: () => undefined };
  },
};

/**
 * Simulates `count` ≥ 1 images [count, H, W, C] over threads; the result does not depend on their number.
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
  const runs = await mapTask(
    simulateTask,
    { program, options: chip, record },
    chunkRanges(count, SAMPLES_PER_CHUNK).map(({ first, end }) => images.slice(first * size, end * size)),
    { workers, signal, progress: (done) => progress?.(Math.min(done * SAMPLES_PER_CHUNK, count), count) },
  );
  return {
    logits: Float32Array.from(runs.flatMap(({ logits }) => [...logits])),
    records: runs.flatMap(({ records }) => records),
    results: runs.flatMap(({ results }) => results),
  };
}
