import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChannelRounder, type TapSample } from '../../compiler/round-weights.js';

const TIMESTEPS = 4;
const MANTISSA_MAX = 7;
const weight = fc.double({ min: -6.9, max: 6.9, noNaN: true });
const biasError = fc.double({ min: -0.5, max: 0.5, noNaN: true });

interface Case {
  readonly weights: readonly number[];
  readonly biasError: number;
}

/** Expected squared error over a window of T steps, over T, where all taps count 0.1 spikes with a variance of 0.09. */
function cost({ weights, biasError }: Case, mantissas: ArrayLike<number>): number {
  const errors = weights.map((value, k) => mantissas[k]! - value);
  const drift = biasError + errors.reduce((sum, error) => sum + 0.1 * error, 0);
  return errors.reduce((sum, error) => sum + 0.09 * error ** 2, 0) + TIMESTEPS * drift ** 2;
}

function rounded({ weights, biasError }: Case): Int32Array {
  const rates = { mean: weights.map(() => 0.1), variance: weights.map(() => 0.09) };
  const rounder = new ChannelRounder({
    mean: Float64Array.from(rates.mean),
    variance: Float64Array.from(rates.variance),
  });
  return rounder.byRates({
    weights: Float64Array.from(weights),
    biasError,
    mantissaMax: MANTISSA_MAX,
    timesteps: TIMESTEPS,
  });
}

/** What every choice of rounding each weight down or up costs, at least. */
function leastCost(given: Case): number {
  let least = Number.POSITIVE_INFINITY;
  for (let choice = 0; choice < 2 ** given.weights.length; choice += 1) {
    const mantissas = given.weights.map((value, k) => Math.floor(value) + ((choice >> k) & 1));
    least = Math.min(least, cost(given, mantissas));
  }
  return least;
}

/** A moment in each row, the taps that count a spike in it. */
function sampleOf(moments: readonly (readonly boolean[])[], taps: number): TapSample {
  const starts = [0];
  const row: number[] = [];
  for (let tap = 0; tap < taps; tap += 1) {
    moments.forEach((fired, n) => {
      if (fired[tap]) row.push(n);
    });
    starts.push(row.length);
  }
  const count = Uint16Array.from(row, () => 1);
  return { rows: moments.length, starts: Uint32Array.from(starts), row: Uint32Array.from(row), count };
}

describe('rounding by error feedback', () => {
  it('finds the best of all roundings where all taps fire alike', () => {
    const cases = fc.record({ weights: fc.array(weight, { minLength: 1, maxLength: 9 }), biasError });
    fc.assert(
      fc.property(cases, (given) => {
        expect(cost(given, rounded(given))).toBeLessThanOrEqual(leastCost(given) + 2e-8);
      }),
      { numRuns: 300 },
    );
  });

  it('cancels what rounding to the nearest adds up: a hundred weights of 0.4', () => {
    // Rounded to 0 each, they would lose 40·0.1 = 4 in every timestep; forty of them go to 1 instead.
    const mantissas = rounded({ weights: new Array<number>(100).fill(0.4), biasError: 0 });
    const up = mantissas.reduce((sum, mantissa) => sum + mantissa, 0);
    expect(Math.abs(up - 40)).toBeLessThanOrEqual(2);
  });

  it('moves no weight by more than one step, and none beyond the mantissa', () => {
    const cases = fc.record({
      weights: fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 1, maxLength: 40 }),
      biasError: fc.double({ min: -20, max: 20, noNaN: true }),
    });
    fc.assert(
      fc.property(cases, (given) => {
        rounded(given).forEach((mantissa, k) => {
          expect(Math.abs(mantissa)).toBeLessThanOrEqual(MANTISSA_MAX);
          const within = Math.max(-MANTISSA_MAX, Math.min(MANTISSA_MAX, given.weights[k]!));
          expect(Math.abs(mantissa - within)).toBeLessThanOrEqual(1);
        });
      }),
    );
  });
});

describe('rounding by a sample', () => {
  it('heeds which sources fire together: two that always do share one error', () => {
    // Taps 0 and 1 fire in every moment: 0.45 + 0.45 = 0.9 is nearer to 0 + 1 than to 0 + 0.
    const sample = sampleOf(new Array(200).fill([true, true]), 2);
    const rates = { mean: Float64Array.of(1, 1), variance: Float64Array.of(0.25, 0.25) };
    const weights = Float64Array.of(0.45, 0.45);
    const mantissas = new ChannelRounder(rates).bySample(
      { weights, biasError: 0, mantissaMax: 7, timesteps: 1 },
      sample,
    );
    expect(mantissas[0]! + mantissas[1]!).toBe(1);
  });

  it('errs less on the sample than rounding to the nearest, by a third or more', () => {
    const taps = 24;
    // Neighbouring sources fire together, as they do in images: moment n has a run of eight from a place of its own.
    const moments = Array.from({ length: 400 }, (_, n) =>
      Array.from({ length: taps }, (_, k) => (k + taps - ((n * 7) % taps)) % taps < 8),
    );
    const sample = sampleOf(moments, taps);
    const rates = { mean: new Float64Array(taps).fill(1 / 3), variance: new Float64Array(taps).fill(2 / 9) };
    const errorOf = (weights: Float64Array, mantissas: ArrayLike<number>): number =>
      moments.reduce((sum, fired) => {
        return sum + fired.reduce((error, on, k) => error + (on ? mantissas[k]! - weights[k]! : 0), 0) ** 2;
      }, 0);
    let [nearest, fitted] = [0, 0];
    for (let n = 0; n < 50; n += 1) {
      const weights = Float64Array.from(
        { length: taps },
        (_, k) => ((k * k * 37 + n * 101 + k * 13) % 1380) / 100 - 6.9,
      );
      const given = { weights, biasError: 0, mantissaMax: MANTISSA_MAX, timesteps: TIMESTEPS };
      nearest += errorOf(weights, weights.map(Math.round));
      fitted += errorOf(weights, new ChannelRounder(rates).bySample(given, sample));
    }
    expect(fitted).toBeLessThan(0.67 * nearest);
  });
});
