/** An array of real numbers, row-major, in the layout of its source. */
export interface StateTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Real-valued parameters and buffers by their path in a PyTorch model, e.g. "features.0.weight". */
export type StateDict = ReadonlyMap<string, StateTensor>;
