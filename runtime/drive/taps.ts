import type { Drive } from '../../schemas/spike.js';

/** Output channels that the loop advances at once. */
export const LANES = 8;

/** The taps of a kernel for each eight output channels in turn: kernel rows, then columns, then input channels. */
export interface Taps {
  /** Taps of each eight. */
  readonly counts: Uint32Array;
  /** Of each tap, how many bytes its input is behind the first under the kernel. */
  readonly offsets: Uint32Array;
  /** Weights [taps, LANES], zero for channels that there are not. */
  readonly weights: Float32Array;
}

/** All taps of a drive's kernel over rows of so many bytes. */
export function allTaps({ kernel }: Drive, rowBytes: number): Taps {
  const [rows, columns, channelsIn, channels] = kernel.shape;
  const groups = Math.ceil(channels / LANES);
  const span = columns * channelsIn;
  const taps = rows * span;
  const offsets = new Uint32Array(groups * taps);
  const weights = new Float32Array(groups * taps * LANES);
  for (let group = 0, at = 0; group < groups; group += 1) {
    const first = group * LANES;
    const end = Math.min(first + LANES, channels);
    for (let tap = 0; tap < taps; tap += 1, at += 1) {
      offsets[at] = Math.floor(tap / span) * rowBytes + 8 * (tap % span);
      for (let c = first; c < end; c += 1) weights[at * LANES + c - first] = kernel.data[tap * channels + c]!;
    }
  }
  return { counts: new Uint32Array(groups).fill(taps), offsets, weights };
}

/**
 * Without the taps that have no weight, if those are most, as where each input drives neurons of its own: of finite inputs
 * they change no sum, but for the sign of a zero.
 */
export function nonzeroTaps(taps: Taps): Taps {
  const { counts, offsets, weights } = taps;
  const kept: number[] = [];
  const keptCounts = new Uint32Array(counts.length);
  for (let group = 0, tap = 0; group < counts.length; group += 1) {
    for (const end = tap + counts[group]!; tap < end; tap += 1) {
      if (!hasWeight(weights, tap)) continue;
      kept.push(tap);
      keptCounts[group]! += 1;
    }
  }
  if (2 * kept.length > offsets.length) return taps;
  const keptWeights = new Float32Array(kept.length * LANES);
  for (const [k, tap] of kept.entries()) {
    keptWeights.set(weights.subarray(tap * LANES, (tap + 1) * LANES), k * LANES);
  }
  return { counts: keptCounts, offsets: Uint32Array.from(kept, (tap) => offsets[tap]!), weights: keptWeights };
}

function hasWeight(weights: Float32Array, tap: number): boolean {
  for (let k = tap * LANES; k < (tap + 1) * LANES; k += 1) if (weights[k] !== 0) return true;
  return false;
}
