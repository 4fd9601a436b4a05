import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  biasAxonExponents,
  biasAxonMax,
  biasMantissas,
  integerThreshold,
  nearestMantissa,
} from '../../compiler/grid.js';
import { loadTarget } from '../../targets/load.js';

const { arithmetic } = loadTarget('loihi1');

describe('the grids of the chip', () => {
  it('rounds a value and its negative alike, halves away from zero', () => {
    expect([2.5, -2.5, 2.4, -2.6, 200, -200].map((value) => nearestMantissa(value, 127))).toEqual([
      3, -3, 2, -3, 127, -127,
    ]);
  });

  it('makes every bias that its axons were chosen for from their weights', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 16_000 }), fc.integer({ min: -1000, max: 1000 }), (largest, share) => {
        const exponents = biasAxonExponents(largest, arithmetic.weight)!;
        const units = Math.trunc((largest * share) / 1000) + 0;
        const mantissas = biasMantissas(units, exponents, arithmetic.weight.mantissaMax);
        expect(mantissas.every((mantissa) => Math.abs(mantissa) <= 127)).toBe(true);
        expect(mantissas.reduce((sum, mantissa, n) => sum + mantissa * 2 ** exponents[n]!, 0)).toBe(units);
        // 127·2⁷ + 127 = 16,383: two axons always suffice here.
        expect(exponents.length).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('takes one axon where one mantissa does, none where there is no bias', () => {
    expect(biasAxonExponents(0, arithmetic.weight)).toEqual([]);
    expect(biasAxonExponents(127, arithmetic.weight)).toEqual([0]);
    // 128 = 1·2 + 126 at the smallest second exponent.
    expect(biasAxonExponents(128, arithmetic.weight)).toEqual([1, 0]);
  });

  it('knows the largest bias for which there are axons', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 12 }), (mantissaMax, exponentMax) => {
        const weight = { ...arithmetic.weight, mantissaMax, exponentMax };
        expect(biasAxonExponents(biasAxonMax(weight), weight)).not.toBeNull();
        expect(biasAxonExponents(biasAxonMax(weight) + 1, weight)).toBeNull();
      }),
    );
  });

  it('chooses the threshold that decides as v ≥ θ does for every membrane value on the grid', () => {
    const grid = fc.constantFrom(64, 128, 256);
    fc.assert(
      fc.property(
        grid,
        fc.integer({ min: 200, max: 500_000 }),
        fc.integer({ min: -3, max: 3 }),
        (grid, wanted, away) => {
          const threshold = integerThreshold(wanted, grid, arithmetic)!;
          const v = (Math.round(wanted / grid) + away) * grid;
          expect(v >= threshold).toBe(v >= wanted);
          // What the chip stores and compares with v > stored.
          expect((threshold - 1) % 64).toBe(0);
        },
      ),
    );
  });

  it('has no threshold beyond the largest mantissa', () => {
    expect(integerThreshold(131_073 * 64, 1, arithmetic)).toBeNull();
    expect(integerThreshold(131_071 * 64, 1, arithmetic)).toBe(131_071 * 64 + 1);
  });
});
