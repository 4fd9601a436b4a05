import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countCorrect,
  crossEntropy,
  klDivergence,
  martLoss,
  predictions,
  robustLoss,
} from '../../../runtime/train/loss.js';

/** Batches of 1 to 4 samples with 2 to 5 classes: two sets of logits and labels. */
const batches = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 5 })).chain(([count, classes]) => {
  const logits = fc
    .array(fc.double({ min: -6, max: 6, noNaN: true }), { minLength: count * classes, maxLength: count * classes })
    .map((values) => Float32Array.from(values));
  const labels = fc.array(fc.nat(classes - 1), { minLength: count, maxLength: count });
  return fc.record({ count: fc.constant(count), clean: logits, adversarial: logits, labels });
});

/** Central differences of `loss` at `point`; float32 storage of the point is undone by dividing by the real distance. */
function slope(loss: (point: Float32Array) => number, point: Float32Array): number[] {
  return Array.from(point, (value, k) => {
    const up = point.slice();
    const down = point.slice();
    up[k] = value + 1e-3;
    down[k] = value - 1e-3;
    return (loss(up) - loss(down)) / (up[k]! - down[k]!);
  });
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  for (const [k, value] of expected.entries()) expect(Math.abs(actual[k]! - value)).toBeLessThan(1e-5);
}

describe('losses', () => {
  it('have the values worked out by hand', () => {
    // Logits 0 and ln 3: probabilities 1/4 and 3/4; −ln(3/4) = 0.287682, −ln(1/4) = 1.386294; mean 0.836988.
    const logits = Float32Array.of(0, Math.log(3), 0, Math.log(3));
    const { value, gradient } = crossEntropy(logits, [1, 0]);
    expect(value).toBeCloseTo(0.836988, 5);
    // (p − onehot)/2: (1/4, −1/4)/2, then (−3/4, 3/4)/2.
    expectClose(gradient, [0.125, -0.125, -0.375, 0.375]);
    // p = (1/2, 1/2), q = (1/4, 3/4): ½·ln 2 + ½·ln(2/3) = 0.143841.
    expect(klDivergence(Float32Array.of(0, Math.log(3)), Float32Array.of(0, 0), 1).value).toBeCloseTo(0.143841, 5);
  });

  it('have the gradients that differences give', () => {
    fc.assert(
      fc.property(batches, ({ count, clean, adversarial, labels }) => {
        expectClose(
          crossEntropy(clean, labels).gradient,
          slope((point) => crossEntropy(point, labels).value, clean),
        );
        const pull = klDivergence(adversarial, clean, count);
        expectClose(
          pull.adversarialGradient,
          slope((point) => klDivergence(point, clean, count).value, adversarial),
        );
        expectClose(
          pull.cleanGradient,
          slope((point) => klDivergence(adversarial, point, count).value, clean),
        );
      }),
    );
  });

  it('add up: the robust loss is cross-entropy plus beta times divergence, gradients too', () => {
    fc.assert(
      fc.property(
        batches,
        fc.double({ min: 0, max: 6, noNaN: true }),
        ({ count, clean, adversarial, labels }, beta) => {
          const whole = robustLoss(clean, adversarial, labels, beta);
          const fit = crossEntropy(clean, labels);
          const pull = klDivergence(adversarial, clean, count);
          expect(whole.value).toBeCloseTo(fit.value + beta * pull.value, 6);
          expectClose(
            whole.adversarialGradient,
            Array.from(pull.adversarialGradient, (part) => beta * part),
          );
          expectClose(
            whole.cleanGradient,
            Array.from(pull.cleanGradient, (part, k) => fit.gradient[k]! + beta * part),
          );
        },
      ),
    );
  });

  it('of MART has the value worked out by hand', () => {
    // p = (1/2, 1/2), q = (1/4, 3/4), label 1: −ln(3/4) − ln(1.0001 − 1/4) = 0.287682 + 0.287549; KL(p ‖ q) = 0.143841,
    // weighed by 1 − 1/2 and λ = 4: 0.287682. Sum 0.862913.
    const loss = martLoss(Float32Array.of(0, 0), Float32Array.of(0, Math.log(3)), [1], 4);
    expect(loss.value).toBeCloseTo(0.862913, 5);
  });

  it('of MART has the gradients that differences give', () => {
    fc.assert(
      fc.property(batches, fc.double({ min: 0, max: 6, noNaN: true }), (batch, lambda) => {
        const { clean, adversarial, labels } = batch;
        const classes = clean.length / labels.length;
        // At a tie between rivals the loss has a kink.
        const rivals = labels.map((label, n) =>
          [...adversarial.subarray(n * classes, (n + 1) * classes)].filter((_, k) => k !== label).sort((a, b) => b - a),
        );
        fc.pre(rivals.every(([first, second]) => second === undefined || first! - second > 0.01));
        const loss = martLoss(clean, adversarial, labels, lambda);
        const near = (actual: ArrayLike<number>, expected: readonly number[]): void => {
          for (const [k, value] of expected.entries()) {
            expect(Math.abs(actual[k]! - value)).toBeLessThan(1e-3 * Math.max(1, Math.abs(value)));
          }
        };
        near(
          loss.adversarialGradient,
          slope((point) => martLoss(clean, point, labels, lambda).value, adversarial),
        );
        near(
          loss.cleanGradient,
          slope((point) => martLoss(point, adversarial, labels, lambda).value, clean),
        );
      }),
    );
  });

  it('do not see a shift of all logits, however far', () => {
    const logits = Float32Array.of(1, 2, 3);
    const far = Float32Array.of(1e6 + 1, 1e6 + 2, 1e6 + 3);
    expect(crossEntropy(far, [0]).value).toBeCloseTo(crossEntropy(logits, [0]).value, 6);
  });

  it('divergence is zero between equals and positive else', () => {
    fc.assert(
      fc.property(batches, ({ count, clean, adversarial }) => {
        expect(klDivergence(clean, clean, count).value).toBe(0);
        expect(klDivergence(adversarial, clean, count).value).toBeGreaterThanOrEqual(-1e-12);
      }),
    );
  });
});

describe('predictions', () => {
  it('are the largest logit, the first of equals', () => {
    const logits = Float32Array.of(1, 3, 2, 5, 5, 0);
    expect([...predictions(logits, 2)]).toEqual([1, 0]);
    expect(countCorrect(logits, [1, 1])).toBe(1);
  });
});
