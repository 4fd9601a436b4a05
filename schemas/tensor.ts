/** A dense float32 array with its shape, row-major (the last axis varies fastest). */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Height and width, in that order: kernel sizes, strides, pool windows. */
export type Pair = readonly [number, number];

/** Height, width and channels of a feature map. */
export type MapShape = readonly [number, number, number];

/** Zero padding in pixels, each ≥ 0. */
export interface Padding {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** The number of elements a shape spans; 1 for the empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
