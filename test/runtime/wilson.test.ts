import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wilson } from '../../runtime/wilson.js';

describe('the Wilson interval', () => {
  it('matches Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29', () => {
    const cases = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const;
    for (const [correct, total, low, high] of cases) {
      const interval = wilson(correct, total);
      expect(interval.low).toBeCloseTo(low, 4);
      expect(interval.high).toBeCloseTo(high, 4);
    }
  });

  it('holds the share, stays in [0, 1] and is mirrored by counting the wrong ones', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 1000 }), (a, total) => {
        const correct = a % (total + 1);
        const { low, high } = wilson(correct, total);
        const mirror = wilson(total - correct, total);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low - 1e-12).toBeLessThanOrEqual(correct / total);
        expect(high + 1e-12).toBeGreaterThanOrEqual(correct / total);
        expect(low).toBeCloseTo(1 - mirror.high, 12);
      }),
    );
  });

  it('knows nothing of nothing', () => {
    expect(wilson(0, 0)).toEqual({ correct: 0, total: 0, low: 0, high: 1 });
  });
});
