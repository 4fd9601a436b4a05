import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { failure } from '../../schemas/diagnostic.js';
import { compiledUrl } from './compiled.js';
import { Handout } from './handout.js';
import type { Reply, Runner, Task } from './task.js';
import { unpackError } from './task.js';

export interface MapOptions {
  /** Threads, ≥ 1; with 1 the task runs in the calling thread. */
  readonly workers: number;
  /** Aborting ends all threads; `map` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Inputs by number, such as an array; each is asked for when a thread takes it, more than once where threads die. One that
 * cannot be had, which `at` throws, has failed.
 */
export interface Inputs<Input> {
  readonly length: number;
  at(index: number): Input | undefined;
  /** Arrays of an input that nobody else needs: they move to the thread, where all else is copied. */
  moved?(input: Input): readonly ArrayBufferView[];
}

/** Told after each finished input, and what it gave. */
export type Progress<Output> = (done: number, total: number, output: Output) => void;

/** A started task on several threads; threads and what they hold stay alive between maps until `close`. */
export interface Pool<Input, Output> {
  /**
   * Hands `consume` the outputs in the order of the inputs, the same for any number of workers, and keeps none: of
   * outputs that wait for an earlier one there are few. Where inputs fail, rejects with the error of the first of them in
   * order (diagnostics intact). An input whose thread dies is given to a fresh one, three times in all; then it has failed
   * (SW5009). One call at a time.
   */
  each(inputs: Inputs<Input>, consume: (output: Output) => void, progress?: Progress<Output>): Promise<void>;
  /** The outputs in the order of the inputs. */
  map(inputs: readonly Input[], progress?: Progress<Output>): Promise<Output[]>;
  close(): Promise<void>;
}

/** A pool for `task`; threads start when the first map needs them, all at once. */
export function openPool<Setup, Input, Output>(
  task: Task<Setup, Input, Output>,
  setup: Setup,
  options: MapOptions,
): Pool<Input, Output> {
  return options.workers === 1 ? new LocalPool(task, setup, options.signal) : new ThreadPool(task, setup, options);
}

/** Opens a pool, maps once, closes it. */
export async function mapTask<Setup, Input, Output>(
  task: Task<Setup, Input, Output>,
  setup: Setup,
  inputs: readonly Input[],
  options: MapOptions & { readonly progress?: Progress<Output> | undefined },
): Promise<Output[]> {
  const outputs: Output[] = [];
  await eachTask(task, setup, inputs, { ...options, consume: (output) => outputs.push(output) });
  return outputs;
}

/** Opens a pool, hands the outputs to `consume` in order, closes it. */
export async function eachTask<Setup, Input, Output>(
  task: Task<Setup, Input, Output>,
  setup: Setup,
  inputs: Inputs<Input>,
  options: MapOptions & {
    readonly consume: (output: Output) => void;
    readonly progress?: Progress<Output> | undefined;
  },
): Promise<void> {
  const pool = openPool(task, setup, { ...options, workers: Math.max(1, Math.min(options.workers, inputs.length)) });
  try {
    await pool.each(inputs, options.consume, options.progress);
  } finally {
    await pool.close();
  }
}

/** The calling thread as a pool of one; data is cloned as if it crossed, so that aliasing cannot tell the two apart. */
class LocalPool<Setup, Input, Output> implements Pool<Input, Output> {
  private runner: Runner<Input, Output> | null = null;

  constructor(
    private readonly task: Task<Setup, Input, Output>,
    private readonly setup: Setup,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async map(inputs: readonly Input[], progress?: Progress<Output>): Promise<Output[]> {
    return collect(this, inputs, progress);
  }

  async each(inputs: Inputs<Input>, consume: (output: Output) => void, progress?: Progress<Output>): Promise<void> {
    for (let index = 0; index < inputs.length; index++) {
      // Lets the event loop turn, so that an interrupt is heard between inputs.
      await setImmediate();
      this.signal?.throwIfAborted();
      this.runner ??= await this.task.start(structuredClone(this.setup));
      const given = inputs.at(index)!;
      const input = structuredClone(given, { transfer: moved(inputs, given) });
      const output = structuredClone(await untilAborted(this.runner.run(input), this.signal));
      consume(output);
      progress?.(index + 1, inputs.length, output);
    }
  }

  async close(): Promise<void> {
    this.runner?.stop();
    this.runner = null;
  }
}

/** Inputs in work or waiting to be consumed, per thread. */
const aheadPerThread = 4;

/** A thread and the inputs it has been handed, the one at work first. */
interface Hand {
  readonly thread: Worker;
  readonly held: number[];
}

class ThreadPool<Setup, Input, Output> implements Pool<Input, Output> {
  private threads: Worker[] = [];

  constructor(
    private readonly task: Task<Setup, Input, Output>,
    private readonly setup: Setup,
    private readonly options: MapOptions,
  ) {}

  async map(inputs: readonly Input[], progress?: Progress<Output>): Promise<Output[]> {
    return collect(this, inputs, progress);
  }

  async each(inputs: Inputs<Input>, consume: (output: Output) => void, progress?: Progress<Output>): Promise<void> {
    const { signal, workers } = this.options;
    signal?.throwIfAborted();
    while (this.threads.length < Math.min(workers, inputs.length)) this.threads.push(this.startThread());
    try {
      await this.share(inputs, consume, progress);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const threads = this.threads;
    this.threads = [];
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  private startThread(): Worker {
    const module = compiledUrl(this.task.module).href;
    return new Worker(compiledUrl(new URL('./thread.js', import.meta.url)), {
      workerData: { module, name: this.task.name, setup: this.setup },
      // A test runner's loader options must not reach threads, which run compiled code.
      execArgv: [],
    });
  }

  /**
   * Hands inputs out in order to whichever thread is free, and while there are enough for all, a next one to those at work:
   * a thread that had to wait for it would do nothing meanwhile. After a failure nothing more is handed out but what a dead
   * thread had; everything before it already was, so waiting for that finds the first failure whatever the threads' speeds.
   */
  private share(
    inputs: Inputs<Input>,
    consume: (output: Output) => void,
    progress: Progress<Output> | undefined,
  ): Promise<void> {
    const { signal } = this.options;
    return new Promise((resolve, reject) => {
      const handout = new Handout(inputs.length, this.threads.length * aheadPerThread);
      const waiting = new Map<number, Output>();
      const hands = new Set<Hand>();
      const quiet: (() => void)[] = [];
      const settle = (finish: () => void): void => {
        for (const unlisten of quiet.splice(0)) unlisten();
        finish();
      };
      const abort = (): void => settle(() => reject(signal?.reason));
      signal?.addEventListener('abort', abort);
      quiet.push(() => signal?.removeEventListener('abort', abort));
      const give = ({ thread, held }: Hand): void => {
        for (let index = handout.next(); index !== null; index = handout.next()) {
          try {
            const input = inputs.at(index)!;
            thread.postMessage({ index, input }, moved(inputs, input));
            held.push(index);
            return;
          } catch (error) {
            handout.fail(index, error as Error);
          }
        }
      };
      const advance = (): void => {
        for (const hand of hands) if (hand.held.length === 0) give(hand);
        for (const hand of hands) if (hand.held.length === 1 && handout.left > hands.size) give(hand);
        const { failure } = handout;
        if (handout.isOver) settle(() => (failure === null ? resolve() : reject(failure.error)));
      };
      const employ = (thread: Worker): void => {
        const hand: Hand = { thread, held: [] };
        const answer = (reply: Reply): void => {
          hand.held.shift();
          if ('error' in reply) handout.fail(reply.index, unpackError(reply.error));
          else {
            const output = reply.output as Output;
            waiting.set(reply.index, output);
            while (waiting.has(handout.consumed)) {
              consume(waiting.get(handout.consumed)!);
              waiting.delete(handout.consumed);
              handout.consumed++;
            }
            handout.finish();
            progress?.(handout.done, inputs.length, output);
          }
          advance();
        };
        const die = (error: Error): void => {
          unlisten();
          hands.delete(hand);
          this.threads = this.threads.filter((other) => other !== thread);
          // An idle thread is not missed; what another one holds back for is still to come from a thread at work.
          if (hand.held.length === 0) return;
          handout.lose(hand.held, error);
          const fresh = this.startThread();
          this.threads.push(fresh);
          employ(fresh);
          advance();
        };
        const fail = (error: Error): void => die(threadEnded(error.message, error));
        const exit = (code: number): void => die(threadEnded(`exit code ${code}`));
        const unlisten = (): void => {
          thread.off('message', answer).off('error', fail).off('exit', exit);
        };
        thread.on('message', answer).on('error', fail).on('exit', exit);
        quiet.push(unlisten);
        hands.add(hand);
      };
      for (const thread of this.threads) employ(thread);
      advance();
    });
  }
}

function moved<Input>(inputs: Inputs<Input>, input: Input): ArrayBuffer[] {
  return (inputs.moved?.(input) ?? []).map(({ buffer }) => buffer as ArrayBuffer);
}

async function collect<Input, Output>(
  pool: Pool<Input, Output>,
  inputs: readonly Input[],
  progress: Progress<Output> | undefined,
): Promise<Output[]> {
  const outputs: Output[] = [];
  await pool.each(inputs, (output) => outputs.push(output), progress);
  return outputs;
}

/** What `work` gives, or the signal's reason as soon as it is aborted; the work then ends unheard. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function threadEnded(reason: string, cause?: Error): Error {
  return failure('SW5009', { where: 'worker thread', what: `it ended early: ${reason}` }, { cause });
}
