import fc from 'fast-check';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { expect, it } from 'vitest';
import { square } from '../../../runtime/attack/square.js';
import { seededGenerator } from '../../../runtime/seed.js';
import { ToyModel } from '../train/toy-model.js';

const [height, width, channels, classes] = [5, 4, 3, 3];
const size = height * width * channels;

/** Sides of the square at a query of the paper's 10,000, from its appendix: p starts at 0.8 and is halved after these. */
function sideAt(query: number, budget: number): number {
  const at = Math.floor((10_000 * query) / budget);
  let p = 0.8;
  if (at > 10) p = 0.4;
  if (at > 50) p = 0.2;
  if (at > 200) p = 0.1;
  if (at > 500) p = 0.05;
  if (at > 1000) p = 0.025;
  if (at > 2000) p = 0.0125;
  if (at > 4000) p = 0.00625;
  if (at > 6000) p = 0.003125;
  if (at > 8000) p = 0.0015625;
  return Math.min(height, width, Math.max(1, Math.round(Math.sqrt(p * height * width))));
}

/** The margin z_y − max_{k≠y} z_k of a linear network with single-precision logits. */
function marginAt(kernel: Float32Array, image: readonly number[], label: number): number {
  const logits = Array.from({ length: classes }, (_, k) => {
    let sum = 0;
    for (const [i, value] of image.entries()) sum += value * kernel[i * classes + k]!;
    return Math.fround(sum);
  });
  return logits[label]! - Math.max(...logits.filter((_, k) => k !== label));
}

/**
 * Square as the paper's algorithms 1 and 2 have it, on maps [row][column][channel], with the draws in their order: signs of
 * the columns, then for each query the square's row, column and signs. Gives the best point and the queries used.
 */
function reference(
  kernel: Float32Array,
  image: Float32Array,
  label: number,
  epsilon: number,
  budget: number,
  random: ReturnType<typeof seededGenerator>,
): { readonly best: readonly number[]; readonly queries: number } {
  const sign = (): number => (random.next() < 0 ? -1 : 1);
  const within = (value: number, k: number): number => {
    const single = Math.fround(value);
    return Math.fround(Math.min(Math.min(1, image[k]! + epsilon), Math.max(Math.max(0, image[k]! - epsilon), single)));
  };
  let best = [...image];
  if (marginAt(kernel, best, label) < 0) return { best, queries: 0 };
  let margin = Number.POSITIVE_INFINITY;
  for (let query = 0; query < budget; query += 1) {
    let next: number[];
    if (query === 0) {
      const columns = Array.from({ length: width }, () => Array.from({ length: channels }, sign));
      next = best.map((value, k) =>
        within(value + epsilon * columns[Math.floor(k / channels) % width]![k % channels]!, k),
      );
    } else {
      const side = sideAt(query, budget);
      const row = uniformInt(random, 0, height - side);
      const column = uniformInt(random, 0, width - side);
      const signs = Array.from({ length: channels }, sign);
      next = best.map((value, k) => {
        const [y, x, c] = [Math.floor(k / (width * channels)), Math.floor(k / channels) % width, k % channels];
        const isInside = y >= row && y < row + side && x >= column && x < column + side;
        return within(isInside ? value + 2 * epsilon * signs[c]! : value, k);
      });
    }
    const found = marginAt(kernel, next, label);
    if (found < margin) [best, margin] = [next, found];
    if (margin < 0) return { best, queries: query + 1 };
  }
  return { best, queries: budget };
}

const fractions = (length: number, min: number, max: number, denominator: number) =>
  fc
    .array(fc.integer({ min, max }), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values, (value) => value / denominator));

const scenes = fc.record({
  kernel: fractions(size * classes, -64, 64, 64),
  image: fractions(size, 0, 255, 255),
  label: fc.nat({ max: classes - 1 }),
  epsilon: fc.constantFrom(2 / 255, 8 / 255, 0.3),
  budget: fc.integer({ min: 1, max: 300 }),
  seed: fc.nat(),
  index: fc.nat({ max: 9999 }),
});

it('the Square attack ends at the point, after the queries, of an independent implementation', async () => {
  let [held, fooled, untouched] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(scenes, async ({ kernel, image, label, epsilon, budget, seed, index }) => {
      const model = new ToyModel([height, width, channels], kernel);
      const batch = { images: image, labels: [label], indices: [index] };
      const found = await square(model, batch, { epsilon, queries: budget, seed });
      const wanted = reference(kernel, image, label, epsilon, budget, seededGenerator(seed, 'square', index));
      expect(found.queries[0]).toBe(wanted.queries);
      expect([...found.adversarial]).toEqual(wanted.best);
      if (wanted.queries === 0) untouched += 1;
      else if (marginAt(kernel, wanted.best, label) < 0) fooled += 1;
      else held += 1;
    }),
    { numRuns: 300 },
  );
  expect(Math.min(held, fooled, untouched)).toBeGreaterThan(0);
});
