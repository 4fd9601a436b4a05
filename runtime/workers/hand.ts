import type { Request } from './task.js';

/** Who is told of a hand's work. */
export interface HandListener {
  /** Its task has started, or failed to: that fails its first input. Told once. */
  started(): void;
  /** What an input gave, and how long that took. */
  answered(index: number, output: unknown, milliseconds: number): void;
  failed(index: number, error: Error): void;
  /** It has ended early, and answers nothing any more. */
  died(error: Error): void;
}

/** One that runs inputs of a task, one at a time in the order in which they are given; starts it once. */
export interface Hand {
  /** Inputs that are given to it at once: one at work and, where giving takes time, the next. */
  readonly room: number;
  /** False once it has died. */
  readonly isAlive: boolean;
  /** Null where nobody listens. */
  listener: HandListener | null;
  /** `moved` are arrays of the input that nobody else needs. */
  give(request: Request, moved: readonly ArrayBuffer[]): void;
  /** Ends it, whatever it is at. */
  stop(): Promise<void>;
}
