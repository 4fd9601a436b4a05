import fc from 'fast-check';
import { expect, it } from 'vitest';
import { drawOrthogonal } from '../../../runtime/train/orthogonal.js';

const column = (kernel: Float32Array, outputs: number, output: number): number[] =>
  [...kernel].filter((_, k) => k % outputs === output);
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, k) => sum + x * b[k]!, 0);

it('orthonormal outputs stay; of a single output the length s becomes s·(1 + β·(1 − s²))', () => {
  const identity = Float32Array.of(1, 0, 0, 1, 0, 0);
  drawOrthogonal(identity, 2, Uint32Array.of(0, 1), 0.25);
  expect([...identity]).toEqual([1, 0, 0, 1, 0, 0]);
  // Length 5 along (3, 4): 5·(1 + 0.01·(1 − 25)) = 3.8, along the same line.
  const single = Float32Array.of(3, 4);
  drawOrthogonal(single, 1, Uint32Array.of(0), 0.01);
  expect(single[0]).toBeCloseTo(3.8 * 0.6, 5);
  expect(single[1]).toBeCloseTo(3.8 * 0.8, 5);
});

it('repeated, it makes any outputs orthonormal, and leaves those that are not in the part alone', () => {
  const values = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 24, maxLength: 24 });
  fc.assert(
    fc.property(values, (list) => {
      // Six inputs, four outputs, the third left out; a dominant diagonal keeps the rest of full rank.
      const kernel = Float32Array.from(list, (value, k) => value * 0.5 + (Math.floor(k / 4) === k % 4 ? 1 : 0));
      const before = kernel.slice();
      for (let round = 0; round < 2000; round += 1) drawOrthogonal(kernel, 4, Uint32Array.of(0, 1, 3), 0.05);
      const [a, b, c, d] = [0, 1, 2, 3].map((output) => column(kernel, 4, output));
      expect(c).toEqual(column(before, 4, 2));
      for (const own of [a!, b!, d!]) expect(dot(own, own)).toBeCloseTo(1, 4);
      for (const [x, y] of [[a!, b!] as const, [a!, d!] as const, [b!, d!] as const])
        expect(dot(x, y)).toBeCloseTo(0, 4);
    }),
    { numRuns: 50 },
  );
});
