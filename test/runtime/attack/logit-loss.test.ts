import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogitLoss } from '../../../runtime/attack/logit-loss.js';
import { crossEntropyLoss, logitRatioLoss, marginOf, targetedRatioLoss } from '../../../runtime/attack/logit-loss.js';

/** Rows whose logits lie at least 0.1 apart, so that their order holds in a neighbourhood. */
const rows = fc
  .uniqueArray(fc.integer({ min: -40, max: 40 }), { minLength: 5, maxLength: 5 })
  .map((values) => Float32Array.from(values, (value) => value / 10));
const losses: [string, LogitLoss][] = [
  ['cross-entropy', crossEntropyLoss],
  ['the logit ratio', logitRatioLoss],
  ['the targeted ratio', targetedRatioLoss(4)],
];

describe.each(losses)('%s', (_, loss) => {
  it('has the gradient that finite differences give', () => {
    fc.assert(
      fc.property(rows, fc.nat(3), (logits, label) => {
        const gradient = new Float32Array(5);
        loss(logits, label, gradient);
        const scratch = new Float32Array(5);
        for (let k = 0; k < 5; k += 1) {
          const moved = (by: number) => logits.map((value, at) => (at === k ? value + by : value));
          // Steps of 2⁻⁷ are exact in float32 up to rounding of about 2⁻²² each.
          const slope = (loss(moved(2 ** -7), label, scratch) - loss(moved(-(2 ** -7)), label, scratch)) / 2 ** -6;
          expect(Math.abs(gradient[k]! - slope)).toBeLessThan(0.02 * Math.max(1, Math.abs(slope)));
        }
      }),
    );
  });
});

describe('the ratios', () => {
  it('are the same for logits that are all scaled and shifted', () => {
    fc.assert(
      fc.property(rows, fc.nat(3), (logits, label) => {
        const scratch = new Float32Array(5);
        const other = logits.map((value) => 8 * value + 16);
        for (const loss of [logitRatioLoss, targetedRatioLoss(4)]) {
          expect(loss(other, label, scratch)).toBeCloseTo(loss(logits, label, scratch), 4);
        }
      }),
    );
  });

  it('of a row worked out by hand', () => {
    // Logits 4, 3, 1, 0, label 0: −(4 − 3)/(4 − 1) = −1/3; towards class 2: −(4 − 1)/(4 − (1 + 0)/2) = −3/3.5.
    const logits = Float32Array.of(4, 3, 1, 0);
    const scratch = new Float32Array(4);
    expect(logitRatioLoss(logits, 0, scratch)).toBeCloseTo(-1 / 3, 6);
    expect(targetedRatioLoss(2)(logits, 0, scratch)).toBeCloseTo(-3 / 3.5, 6);
    expect([marginOf(logits, 0), marginOf(logits, 1)]).toEqual([1, -1]);
  });
});
