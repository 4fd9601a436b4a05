import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Objectives, onFront } from '../../../runtime/sweep/pareto.js';

const level = fc.integer({ min: 0, max: 3 });
const design: fc.Arbitrary<Objectives> = fc.record({
  energy: fc.option(level, { freq: 8 }),
  latency: level,
  robust: fc.option(
    level.map((value) => value / 4),
    { freq: 8 },
  ),
  leftOut: fc.constantFrom('', 'chip a', 'chip b'),
});
const isWhole = ({ energy, robust }: Objectives): boolean => energy !== null && robust !== null;

test('a design on the front has no rival that it can be held against and that beats it', () => {
  fc.assert(
    fc.property(fc.array(design, { maxLength: 12 }), (designs) => {
      const front = onFront(designs);
      for (const [k, one] of designs.entries()) {
        const rivals = designs.filter(
          (other) => isWhole(other) && (other.leftOut === '' || other.leftOut === one.leftOut),
        );
        const beats = (other: Objectives): boolean => {
          const notWorse =
            other.energy! <= one.energy! && other.latency! <= one.latency! && other.robust! >= one.robust!;
          const same = other.energy === one.energy && other.latency === one.latency && other.robust === one.robust;
          return notWorse && !same;
        };
        expect(front[k]).toBe(isWhole(one) && !rivals.some(beats));
      }
    }),
  );
});

test('every design off the front is beaten by one that is on it', () => {
  fc.assert(
    fc.property(
      fc.array(
        design.map((one) => ({ ...one, energy: one.energy ?? 0, leftOut: '' })),
        { maxLength: 12 },
      ),
      (designs) => {
        const front = onFront(designs);
        const best = designs.filter((_, k) => front[k]);
        for (const [k, one] of designs.entries()) {
          if (front[k] || one.robust === null) continue;
          expect(onFront([...best, one]).at(-1)).toBe(false);
        }
        expect(designs.filter(isWhole).length === 0 || best.length > 0).toBe(true);
      },
    ),
  );
});

test('a lower bound does not push a design of another chip off the front, a whole figure does', () => {
  const cheap = { energy: 1, latency: 1, robust: 0.5, leftOut: 'chip a' };
  const dear = { energy: 2, latency: 2, robust: 0.5, leftOut: 'chip b' };
  expect(onFront([cheap, dear])).toEqual([true, true]);
  expect(onFront([{ ...cheap, leftOut: '' }, dear])).toEqual([true, false]);
  expect(onFront([cheap, { ...dear, leftOut: '' }])).toEqual([true, true]);
});
