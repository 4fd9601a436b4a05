import type { BatchNormLayer } from '../../schemas/ann.js';

/** y = scale[c]·x + shift[c] for channel c. */
export interface ChannelAffine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** Calls its argument with consecutive values, channels fastest. */
type Chunks = (use: (values: Float32Array) => void) => Promise<void>;

export function identityAffine(channels: number): ChannelAffine {
  return { scale: new Float64Array(channels).fill(1), shift: new Float64Array(channels) };
}

/**
 * A norm on the statistics of all the values that `forEachChunk` gives (biased variance, as norms use in training), as
 * one affine map per channel. Sums are taken in float64 around each channel's first value, so that a mean far from zero
 * does not drown the variance.
 */
export async function batchAffine(norm: BatchNormLayer, forEachChunk: Chunks): Promise<ChannelAffine> {
  const channels = norm.gamma.length;
  const scale = new Float64Array(channels);
  const shift = new Float64Array(channels);
  const origin = new Float64Array(channels);
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let rows = 0;
  await forEachChunk((values) => {
    if (rows === 0) origin.set(values.subarray(0, channels));
    rows += values.length / channels;
    for (let k = 0; k < values.length; ) {
      for (let c = 0; c < channels; c += 1, k += 1) {
        const distance = values[k]! - origin[c]!;
        sums[c] = sums[c]! + distance;
        squares[c] = squares[c]! + distance * distance;
      }
    }
  });
  for (let c = 0; c < channels; c += 1) {
    const offset = sums[c]! / rows;
    const variance = Math.max(0, squares[c]! / rows - offset * offset);
    scale[c] = norm.gamma[c]! / Math.sqrt(variance + norm.epsilon);
    shift[c] = norm.beta[c]! - scale[c]! * (origin[c]! + offset);
  }
  return { scale, shift };
}
