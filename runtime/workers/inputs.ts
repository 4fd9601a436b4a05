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
