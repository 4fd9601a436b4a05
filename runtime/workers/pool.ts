import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { failure } from '../../schemas/diagnostic.js';
import { compiledUrl } from './compiled.js';
import type { Reply, Runner, Task } from './task.js';
import { unpackError } from './task.js';

export interface MapOptions {
  /** Threads, ≥ 1; with 1 the task runs in the calling thread. */
  readonly workers: number;
  /** Aborting ends all threads; `map` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Told after each finished input, and what it gave. */
export type Progress<Output> = (done: number, total: number, output: Output) => void;

/** A started task on several threads; threads and what they hold stay alive between maps until `close`. */
export interface Pool<Input, Output> {
  /**
   * The outputs in the order of the inputs, the same for any number of workers. Where inputs fail, rejects with the
   * error of the first of them in order (diagnostics intact). One map at a time.
   */
  map(inputs: readonly Input[], progress?: Progress<Output>): Promise<Output[]>;
  close(): Promise<void>;
}

/** A pool for `task`; threads start when the first map needs them. */
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
  const pool = openPool(task, setup, { ...options, workers: Math.max(1, Math.min(options.workers, inputs.length)) });
  try {
    return await pool.map(inputs, options.progress);
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
    const outputs: Output[] = [];
    for (const input of inputs) {
      // Lets the event loop turn, so that an interrupt is heard between inputs.
      await setImmediate();
      this.signal?.throwIfAborted();
      this.runner ??= await this.task.start(structuredClone(this.setup));
      const output = await untilAborted(this.runner.run(structuredClone(input)), this.signal);
      outputs.push(structuredClone(output));
      progress?.(outputs.length, inputs.length, outputs.at(-1)!);
    }
    return outputs;
  }

  async close(): Promise<void> {
    this.runner?.stop();
    this.runner = null;
  }
}

class ThreadPool<Setup, Input, Output> implements Pool<Input, Output> {
  private threads: Worker[] = [];

  constructor(
    private readonly task: Task<Setup, Input, Output>,
    private readonly setup: Setup,
    private readonly options: MapOptions,
  ) {}

  async map(inputs: readonly Input[], progress?: Progress<Output>): Promise<Output[]> {
    const { signal, workers } = this.options;
    signal?.throwIfAborted();
    while (this.threads.length < Math.min(workers, inputs.length)) this.threads.push(this.startThread());
    try {
      return await this.share(inputs, progress);
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
   * Hands inputs out in order to whichever thread is free. After a failure nothing more is handed out; everything
   * before it already was, so waiting for that finds the first failure whatever the threads' speeds.
   */
  private share(inputs: readonly Input[], progress: Progress<Output> | undefined): Promise<Output[]> {
    const { signal } = this.options;
    return new Promise((resolve, reject) => {
      const outputs = new Array<Output>(inputs.length);
      let next = 0;
      let running = 0;
      let done = 0;
      let firstFailure: { index: number; error: Error } | null = null;
      const quiet: (() => void)[] = [];
      const settle = (finish: () => void): void => {
        for (const unlisten of quiet) unlisten();
        finish();
      };
      const abort = (): void => settle(() => reject(signal?.reason));
      const advance = (thread: Worker): void => {
        if (firstFailure === null && next < inputs.length) {
          thread.postMessage({ index: next, input: inputs[next] });
          next += 1;
          running += 1;
        } else if (running === 0) {
          const failed = firstFailure;
          settle(() => (failed === null ? resolve(outputs) : reject(failed.error)));
        }
      };
      signal?.addEventListener('abort', abort);
      quiet.push(() => signal?.removeEventListener('abort', abort));
      if (this.threads.length === 0) settle(() => resolve(outputs));
      for (const thread of this.threads) {
        const answer = (reply: Reply): void => {
          running -= 1;
          if ('error' in reply) {
            if (firstFailure === null || reply.index < firstFailure.index) {
              firstFailure = { index: reply.index, error: unpackError(reply.error) };
            }
          } else {
            outputs[reply.index] = reply.output as Output;
            done += 1;
            progress?.(done, inputs.length, outputs[reply.index]!);
          }
          advance(thread);
        };
        const fail = (error: Error): void => settle(() => reject(threadEnded(error.message, error)));
        const exit = (code: number): void => settle(() => reject(threadEnded(`exit code ${code}`)));
        thread.on('message', answer).on('error', fail).on('exit', exit);
        quiet.push(() => thread.off('message', answer).off('error', fail).off('exit', exit));
        advance(thread);
      }
    });
  }
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
