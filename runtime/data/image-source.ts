import type { Dataset } from './dataset.js';

/** Images numbered from 0, read or made when they are asked for: no more need be held than are at work. */
export interface ImageSource {
  readonly count: number;
  /** Those numbered `first` to `end` − 1, [end − first, H, W, C], pixels in [0, 1], in memory that is the caller's own. */
  images(first: number, end: number): Float32Array;
}

/** The images of a data set at `indices`, in their order. Reading them throws what `Dataset.images` throws. */
export function imagesAt(dataset: Dataset, indices: Uint32Array): ImageSource {
  return {
    count: indices.length,
    images: (first, end) => dataset.images(indices.subarray(first, end)),
  };
}
