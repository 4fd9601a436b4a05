import type { Diagnostic } from '../../schemas/diagnostic.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';

/**
 * Work that threads can share: each thread starts it once with `setup` (its engine, its model) and then runs inputs.
 * An output must follow from setup and input alone, so that it is the same on every thread and in any order.
 * Setup, inputs and outputs are plain data: they cross by structured clone.
 */
export interface Task<Setup, Input, Output> {
  /** `import.meta.url` of the module that exports this object as `name`. */
  readonly module: string;
  readonly name: string;
  start(setup: Setup): Promise<Runner<Input, Output>>;
}

/** A started task. `stop` frees what `start` took. */
export interface Runner<Input, Output> {
  run(input: Input): Promise<Output>;
  stop(): void;
}

/** What a thread is started with. */
export interface ThreadStart {
  readonly module: string;
  readonly name: string;
  readonly setup: unknown;
}

/** To a thread: one input. */
export interface Request {
  readonly index: number;
  readonly input: unknown;
}

/** From a thread: that its task has started, well or not; the output of an input, or why there is none. A start that failed fails the first input. */
export type Reply =
  | { readonly isStarted: true }
  | { readonly index: number; readonly output: unknown; readonly milliseconds: number }
  | { readonly index: number; readonly error: PortableError };

/** An error as plain data; diagnostics survive the crossing. */
export type PortableError =
  | { readonly diagnostics: readonly Diagnostic[] }
  | { readonly message: string; readonly stack: string };

export function packError(error: unknown): PortableError {
  if (error instanceof SpikewrightError) return { diagnostics: error.diagnostics };
  return error instanceof Error
    ? { message: error.message, stack: error.stack ?? '' }
    : { message: String(error), stack: '' };
}

export function unpackError(error: PortableError): Error {
  if ('diagnostics' in error) return new SpikewrightError(error.diagnostics);
  const unpacked = new Error(error.message);
  unpacked.stack = error.stack;
  return unpacked;
}
