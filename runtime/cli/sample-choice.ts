import { failure } from '../../schemas/diagnostic.js';
import { shuffledIndices } from '../data/augment.js';

/**
 * The images that "n" (the first n of `count`, all where n is larger) or "a:b" (numbers a to b − 1) names, as indices of
 * the data set: in its own order, or in the random order of `shuffleSeed`. Throws SW6002 where the text is neither, or
 * names no image.
 */
export function chooseSamples(text: string, count: number, shuffleSeed: number | undefined): Uint32Array {
  const match = /^(?:(\d{1,9}):)?(\d{1,9})$/.exec(text);
  const first = Number(match?.[1] ?? 0);
  const end = Number(match?.[2] ?? 0);
  const isRange = match?.[1] !== undefined;
  if (end <= first || (isRange && end > count)) {
    const what = `a number of images, or a range a:b with 0 ≤ a < b ≤ ${count}, is needed; “${text}” was given.`;
    throw failure('SW6002', { where: '--samples', what });
  }
  const order =
    shuffleSeed === undefined
      ? Uint32Array.from({ length: count }, (_, index) => index)
      : shuffledIndices(count, shuffleSeed, 0);
  return order.slice(first, end);
}
