import { Worker } from 'node:worker_threads';
import { failure } from '../../schemas/diagnostic.js';
import { compiledUrl } from './compiled.js';
import type { Hand, HandListener } from './hand.js';
import { type Reply, type Request, type Task, unpackError } from './task.js';

/** A thread of its own as a hand. */
export class ThreadHand<Setup, Input, Output> implements Hand {
  readonly room = 2;
  isAlive = true;
  listener: HandListener | null = null;
  readonly #thread: Worker;

  /** Starts the thread, which starts the task. Throws SW5009 where the task's module has not been built. */
  constructor(task: Task<Setup, Input, Output>, setup: Setup) {
    const module = compiledUrl(task.module).href;
    this.#thread = new Worker(compiledUrl(new URL('./thread.js', import.meta.url)), {
      workerData: { module, name: task.name, setup },
      // A test runner's loader options must not reach threads, which run compiled code.
      execArgv: [],
    });
    this.#thread.on('message', (reply: Reply) => {
      if ('isStarted' in reply) this.listener?.started();
      else if ('error' in reply) this.listener?.failed(reply.index, unpackError(reply.error));
      else this.listener?.answered(reply.index, reply.output, reply.milliseconds);
    });
    this.#thread.on('error', (error) => this.#die(threadEnded(error.message, error)));
    this.#thread.on('exit', (code) => this.#die(threadEnded(`exit code ${code}`)));
  }

  give(request: Request, moved: readonly ArrayBuffer[]): void {
    this.#thread.postMessage(request, moved);
  }

  async stop(): Promise<void> {
    this.listener = null;
    await this.#thread.terminate();
  }

  #die(error: Error): void {
    this.isAlive = false;
    this.listener?.died(error);
  }
}

function threadEnded(reason: string, cause?: Error): Error {
  return failure('SW5009', { where: 'worker thread', what: `it ended early: ${reason}` }, { cause });
}
