import type { Program } from '../../schemas/program.js';
import type { InjectedFault } from '../../schemas/stats.js';
import { openMachineMemory } from '../../sim/memory-pages.js';
import type { SampleResult } from '../../sim/sample-result.js';
import type { ImageSource } from '../data/image-source.js';
import type { Hooks } from '../hooks.js';
import { eachTask, type FirstHand } from '../workers/pool.js';
import type { Task } from '../workers/task.js';
import type { ChipOptions, ChipRun } from './chip.js';
import { Chip } from './chip.js';
import { EventRate } from './event-rate.js';

/**
 * Samples that a thread takes at once: few, so that threads finish together and progress is seen, and more of very many,
 * for each handing over takes time. Samples that overlap are one stream, which should be long beside its filling and draining.
 */
const FEWEST_PER_CHUNK = 4;
const MOST_PER_CHUNK = 16;
const CHUNKS = 64;
const SAMPLES_PER_STREAM = 32;

/**
 * Samples, by timing, of which threads start at once: they take four times as long as a start, which decodes the program.
 * That takes as long as 660 samples of a small network and 280 of vgg11, or as 90 and 31 that are timed.
 */
const MANY = { off: 2600, analytic: 2600, cycle: 360 } as const;
const MANY_OF_LARGE = { off: 1100, analytic: 1100, cycle: 120 } as const;
/** Bytes of synapses that take more than a second to decode: in the calling thread no interrupt would be heard meanwhile. */
const LARGE = 2 ** 25;

interface SimulateSetup {
  readonly program: Program;
  readonly options: ChipOptions;
  /** In which threads have the program's weights in common. */
  readonly memory: WebAssembly.Memory;
}

/** Images [n, H, W, C], and the number of the first among all samples. */
interface SimulateInput {
  readonly first: number;
  readonly images: Float32Array;
}

type SimulateOutput = Pick<ChipRun, 'results' | 'injected'>;

/**
 * Runs images on a chip of the thread's own, which also computes their drives and shares nothing with others but weights.
 * @public threads import it by its name
 */
export const simulateTask: Task<SimulateSetup, SimulateInput, SimulateOutput> = {
  module: import.meta.url,
  name: 'simulateTask',
  async start({ program, options, memory }) {
    const chip = new Chip(program, options, memory);
    return {
      run: async ({ first, images }) => {
        const { results, injected } = chip.run(images, { record: false, first });
        return { results, injected };
      },
      stop: () => undefined,
    };
  },
};

/** Samples that are simulated as one stream: one where none overlap. */
export function samplesPerStream({ sampleInterval, stepsPerSample }: Program): number {
  return sampleInterval < stepsPerSample ? SAMPLES_PER_STREAM : 1;
}

/** The number of threads has no part in it, so that results do not depend on them. */
function samplesPerChunk(program: Program, count: number): number {
  const perStream = samplesPerStream(program);
  if (perStream > 1) return perStream;
  return Math.min(Math.max(Math.floor(count / CHUNKS), FEWEST_PER_CHUNK), MOST_PER_CHUNK);
}

/** Who begins: of few samples one alone, for others could start just when nothing is left for them. */
function beginner(program: Program, timing: ChipOptions['timing'], count: number): FirstHand {
  const bytes = program.cores.reduce((sum, { synapseMemory }) => sum + synapseMemory.length, 0);
  if (bytes < LARGE) return count < MANY[timing] ? 'caller' : 'all';
  return count < MANY_OF_LARGE[timing] ? 'thread' : 'all';
}

/**
 * Simulates at least one image over threads, and hands `consume` the result of each sample in their order. Images are asked
 * for when a thread takes them, and nothing of a sample is kept, so that memory does not grow with their number. All of
 * it does not depend on the number of threads, nor on whether some of them die (an image whose thread dies three times is
 * a failure). Progress is told with the synaptic operations and messages simulated per second. Resolves to what a
 * fault has struck for good, null without a fault. Throws SW5001, SW5009 and what loading program and target throws.
 */
export async function simulateImages(
  program: Program,
  source: ImageSource,
  options: ChipOptions & { readonly workers: number },
  consume: (result: SampleResult) => void,
  { progress, signal }: Hooks = {},
): Promise<InjectedFault | null> {
  const { workers, ...chip } = options;
  const { count } = source;
  const perChunk = samplesPerChunk(program, count);
  const rate = new EventRate();
  const tell = (done: number, { results }: SimulateOutput): void => {
    progress?.(Math.min(done * perChunk, count), count, rate.add(results));
  };
  let injected: InjectedFault | null = null;
  await eachTask(
    simulateTask,
    { program, options: chip, memory: openMachineMemory() },
    {
      length: Math.ceil(count / perChunk),
      at: (chunk: number): SimulateInput => {
        const first = chunk * perChunk;
        return { first, images: source.images(first, Math.min(count, first + perChunk)) };
      },
      moved: ({ images }) => [images],
    },
    {
      workers,
      first: beginner(program, chip.timing, count),
      signal,
      progress: (done, _total, run) => tell(done, run),
      consume: (run) => {
        injected = run.injected;
        for (const result of run.results) consume(result);
      },
    },
  );
  return injected;
}
