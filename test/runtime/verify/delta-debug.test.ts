import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastFailing, reduceFailing } from '../../../runtime/verify/delta-debug.js';

/** Fails where a part holds all of `culprits`, and counts how often it is asked. */
function holding(culprits: readonly number[]) {
  const trials = { count: 0 };
  const fails = async (part: readonly number[]): Promise<boolean> => {
    trials.count += 1;
    return culprits.every((culprit) => part.includes(culprit));
  };
  return { fails, trials };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('reducing what fails', () => {
  it('keeps exactly the culprits, in their order', async () => {
    const culprits = fc.uniqueArray(fc.nat(99), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(culprits, async (wanted) => {
        const { fails } = holding(wanted);
        const kept = wanted.toSorted((a, b) => a - b);
        expect(await reduceFailing(upTo(100), fails, 10_000)).toEqual({ kept, isMinimal: true });
      }),
    );
  });

  it('gives a part of which no element can go, whatever fails', async () => {
    // An arbitrary, not monotone test: the sum of the part modulo a number. The whole fails by construction.
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(50), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 2, max: 9 }),
        async (items, modulus) => {
          const sum = (part: readonly number[]): number => part.reduce((total, value) => total + value, 0);
          const goal = sum(items) % modulus;
          const fails = async (part: readonly number[]): Promise<boolean> => sum(part) % modulus === goal;
          const { kept, isMinimal } = await reduceFailing(items, fails, 10_000);
          expect(isMinimal).toBe(true);
          expect(await fails(kept)).toBe(true);
          for (const index of kept.keys()) expect(await fails(kept.toSpliced(index, 1))).toBe(false);
        },
      ),
    );
  });

  it('finds one of 16,384 in about twice as many trials as it has bits', async () => {
    const { fails, trials } = holding([11_111]);
    expect((await reduceFailing(upTo(16_384), fails, 10_000)).kept).toEqual([11_111]);
    // The empty part, and two halves for each of the 14 bits.
    expect(trials.count).toBeLessThanOrEqual(1 + 2 * 14);
  });

  it('stops after as many trials as it may take, with a part that fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (allowed) => {
        const { fails, trials } = holding([3, 50, 97]);
        const { kept, isMinimal } = await reduceFailing(upTo(100), fails, allowed);
        expect(trials.count).toBeLessThanOrEqual(allowed);
        if (isMinimal) expect(kept).toEqual([3, 50, 97]);
        else expect(trials.count).toBe(allowed);
        expect(await fails(kept)).toBe(true);
      }),
    );
    const { fails } = holding([]);
    expect(await reduceFailing(upTo(3), fails, 0)).toEqual({ kept: [0, 1, 2], isMinimal: false });
  });
});

describe('the least value that fails', () => {
  it('is found by bisection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4096 }), async (threshold) => {
        let trials = 0;
        const least = await leastFailing(1, 4096, async (value) => {
          trials += 1;
          return value >= threshold;
        });
        expect(least).toBe(threshold);
        expect(trials).toBeLessThanOrEqual(12);
      }),
    );
  });

  it('is the known one where no smaller fails', async () => {
    expect(await leastFailing(1, 9, async () => false)).toBe(9);
  });
});
