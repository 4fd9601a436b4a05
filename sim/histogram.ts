import type { Histogram } from '../schemas/stats.js';

const binCount = 10;

/** Ten bins from `from`, below which no value is, to the largest value. */
export function histogram(values: readonly number[], from = 0): Histogram {
  const to = values.reduce((most, value) => Math.max(most, value), from);
  const counts = new Array<number>(binCount).fill(0);
  for (const value of values) counts[binOf(value - from, to - from, binCount)]!++;
  return { from, to, counts };
}

/** Which of `bins` equally wide bins from 0 to `most` a value is in; `most` itself is in the last. */
export function binOf(value: number, most: number, bins: number): number {
  return most === 0 ? 0 : Math.min(bins - 1, Math.floor((bins * value) / most));
}
