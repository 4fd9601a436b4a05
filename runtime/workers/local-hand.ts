import { setImmediate } from 'node:timers/promises';
import type { Hand, HandListener } from './hand.js';
import type { Request, Runner, Task } from './task.js';

/** The calling thread as a hand; data is cloned as if it crossed, so that aliasing cannot tell the two apart. */
export class LocalHand<Setup, Input, Output> implements Hand {
  readonly room = 1;
  readonly isAlive = true;
  listener: HandListener | null = null;
  readonly #task: Task<Setup, Input, Output>;
  readonly #setup: Setup;
  #runner: Runner<Input, Output> | null = null;
  #isStopped = false;

  constructor(task: Task<Setup, Input, Output>, setup: Setup) {
    this.#task = task;
    this.#setup = setup;
  }

  give(request: Request, moved: readonly ArrayBuffer[]): void {
    void this.#answer(request, moved);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#runner?.stop();
    this.#runner = null;
  }

  async #answer({ index, input }: Request, moved: readonly ArrayBuffer[]): Promise<void> {
    // Lets the event loop turn, so that an interrupt is heard between inputs, and so are other hands.
    await setImmediate();
    if (this.#isStopped) return;
    let output: Output;
    let milliseconds: number;
    try {
      const given = structuredClone(input as Input, { transfer: [...moved] });
      this.#runner ??= await this.#start();
      const begin = performance.now();
      output = structuredClone(await this.#runner.run(given));
      milliseconds = performance.now() - begin;
    } catch (error) {
      this.listener?.failed(index, error as Error);
      return;
    }
    this.listener?.answered(index, output, milliseconds);
  }

  async #start(): Promise<Runner<Input, Output>> {
    try {
      return await this.#task.start(structuredClone(this.#setup));
    } finally {
      this.listener?.started();
    }
  }
}
