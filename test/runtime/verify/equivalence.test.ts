import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { judgePairs, scoreInterval } from '../../../runtime/verify/equivalence.js';
import { mcnemarExact, pairedCounts } from '../../../runtime/verify/mcnemar.js';

const z95 = 1.959963984540054;

/** The two-sided binomial tail by whole numbers: 2·Σ_{k ≤ min} C(n, k)/2ⁿ, at most 1. */
function exactTail(firstOnly: number, secondOnly: number): number {
  const n = firstOnly + secondOnly;
  let ways = 0n;
  let binomial = 1n;
  for (let k = 0; k <= Math.min(firstOnly, secondOnly); k += 1) {
    ways += binomial;
    binomial = (binomial * BigInt(n - k)) / BigInt(k + 1);
  }
  const scaled = (ways * 2n * 10n ** 15n) / 2n ** BigInt(n);
  return Math.min(1, Number(scaled) / 1e15);
}

describe('McNemar’s exact test', () => {
  // Binomial tables: 2·P(X ≤ least) for n discordant pairs at one half.
  test.each([
    [0, 0, 1],
    [3, 3, 1],
    [4, 3, 1],
    [5, 0, 0.0625],
    [6, 0, 0.03125],
    [1, 7, 0.0703125],
    [10, 2, 0.03857421875],
    [1, 9, 0.021484375],
    [15, 5, 0.04138946533203125],
  ])('of %i against %i discordant pairs gives the tabled p = %d', (first, second, p) => {
    expect(mcnemarExact(first, second)).toBeCloseTo(p, 12);
  });

  it('equals the sum over whole numbers, for any counts', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(400), (first, second) => {
        expect(Math.abs(mcnemarExact(first, second) - exactTail(first, second))).toBeLessThan(1e-11);
        expect(mcnemarExact(second, first)).toBe(mcnemarExact(first, second));
      }),
    );
  });

  it('stays a number where the pairs are very many', () => {
    expect(mcnemarExact(3_000_000, 3_000_100)).toBeGreaterThan(0.9);
    expect(mcnemarExact(1_000_000, 2_000_000)).toBe(0);
  });
});

/** The score statistic with the nuisance share found by trying all: −2 log-likelihood is flat in nothing else. */
function bruteScore(n: number, b: number, c: number, delta: number): number {
  const logLikelihood = (q: number): number => {
    const p = q + delta;
    const rest = 1 - p - q;
    const part = (count: number, share: number): number => (count === 0 ? 0 : count * Math.log(Math.max(share, 0)));
    return part(b, p) + part(c, q) + part(n - b - c, rest);
  };
  // The likelihood is concave in q: thirds of the interval that keeps all shares within [0, 1].
  let low = Math.max(0, -delta);
  let high = (1 - delta) / 2;
  for (let round = 0; round < 200; round += 1) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
    if (logLikelihood(left) < logLikelihood(right)) low = left;
    else high = right;
  }
  return (b - c - n * delta) / Math.sqrt(n * (low + high + delta * (1 - delta)));
}

describe('the score interval of a paired difference', () => {
  it('is the published one', () => {
    // Fagerland, Lydersen and Laake 2014, airway hyper-responsiveness (Bentur 2009): 1 against 7 of 21 pairs.
    const { low, high } = scoreInterval(21, 1, 7, z95);
    expect([low.toFixed(2), high.toFixed(2)]).toEqual(['-0.52', '-0.03']);
  });

  it('without discordant pairs is ±z²/(n + z²)', () => {
    const { low, high } = scoreInterval(100, 0, 0, z95);
    expect(high).toBeCloseTo(z95 ** 2 / (100 + z95 ** 2), 10);
    expect(low).toBeCloseTo(-high, 10);
  });

  it('ends where the score, its nuisance share found by search, is z; mirrored where the sides are', () => {
    const counts = fc.tuple(fc.nat(60), fc.nat(60), fc.nat(200)).filter(([b, c]) => b + c > 0);
    fc.assert(
      fc.property(counts, ([b, c, rest]) => {
        const n = b + c + rest;
        const { low, high } = scoreInterval(n, b, c, z95);
        if (low > -1) expect(bruteScore(n, b, c, low)).toBeCloseTo(z95, 3);
        if (high < 1) expect(bruteScore(n, b, c, high)).toBeCloseTo(-z95, 3);
        const mirrored = scoreInterval(n, c, b, z95);
        expect(mirrored.low).toBeCloseTo(-high, 9);
      }),
    );
  });

  it('covers the true difference in about 95 of 100 tables', () => {
    // Every table of 25 pairs by its probability: shares 0.2, 0.1 of the discordant, so Δ = 0.1.
    const [n, p, q] = [25, 0.2, 0.1];
    const factorial = Array.from({ length: n + 1 }, () => 1);
    for (let k = 1; k <= n; k += 1) factorial[k] = factorial[k - 1]! * k;
    let covered = 0;
    for (let b = 0; b <= n; b += 1) {
      for (let c = 0; b + c <= n; c += 1) {
        const rest = n - b - c;
        const ways = factorial[n]! / (factorial[b]! * factorial[c]! * factorial[rest]!);
        const { low, high } = scoreInterval(n, b, c, z95);
        if (low <= p - q && p - q <= high) covered += ways * p ** b * q ** c * (1 - p - q) ** rest;
      }
    }
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.97);
  });
});

describe('the verdict', () => {
  it('is equivalence where the 90 % interval lies within the margin', () => {
    expect(judgePairs({ total: 1000, firstOnly: 5, secondOnly: 4 }, 0.02)).toMatchObject({
      verdict: 'equivalent',
      samplesNeeded: 0,
    });
  });

  it('is a difference where McNemar’s test finds one and it may exceed the margin', () => {
    expect(judgePairs({ total: 1000, firstOnly: 60, secondOnly: 20 }, 0.02)).toMatchObject({
      verdict: 'different',
      difference: 0.04,
    });
  });

  it('asks for as many samples as settle it, and for no more', () => {
    const counts = fc.tuple(fc.nat(10), fc.nat(10), fc.integer({ min: 1, max: 100 }));
    fc.assert(
      fc.property(counts, fc.constantFrom(0.01, 0.02, 0.05), ([firstOnly, secondOnly, rest], margin) => {
        const total = firstOnly + secondOnly + rest;
        const found = judgePairs({ total, firstOnly, secondOnly }, margin);
        if (found.verdict !== 'not enough samples') return;
        const scaled = (samples: number) =>
          judgePairs(
            {
              total: samples,
              firstOnly: Math.round((firstOnly * samples) / total),
              secondOnly: Math.round((secondOnly * samples) / total),
            },
            margin,
          ).verdict;
        expect(found.samplesNeeded).toBeGreaterThan(0);
        expect(scaled(total + found.samplesNeeded)).not.toBe('not enough samples');
        if (found.samplesNeeded > 1) expect(scaled(total + found.samplesNeeded - 1)).toBe('not enough samples');
      }),
      { numRuns: 60 },
    );
  });

  it('wrongly says equivalent in at most about 5 of 100 cases where the margin is just reached', () => {
    // Every table of 60 pairs: 12 % and 2 %, a difference of exactly the margin 0.1.
    const [n, p, q] = [60, 0.12, 0.02];
    const logFactorial = [0];
    for (let k = 1; k <= n; k += 1) logFactorial.push(logFactorial[k - 1]! + Math.log(k));
    let wrong = 0;
    for (let b = 0; b <= n; b += 1) {
      for (let c = 0; b + c <= n; c += 1) {
        const rest = n - b - c;
        const chance =
          logFactorial[n]! -
          logFactorial[b]! -
          logFactorial[c]! -
          logFactorial[rest]! +
          b * Math.log(p) +
          c * Math.log(q) +
          rest * Math.log(1 - p - q);
        if (judgePairs({ total: n, firstOnly: b, secondOnly: c }, 0.1).verdict === 'equivalent')
          wrong += Math.exp(chance);
      }
    }
    expect(wrong).toBeLessThan(0.065);
    expect(wrong).toBeGreaterThan(0.005);
  });
});

it('pairs are counted by who alone was right', () => {
  expect(pairedCounts([1, 1, 0, 0, 1], [1, 0, 1, 0, 0])).toEqual({ total: 5, firstOnly: 2, secondOnly: 1 });
  expect(() => pairedCounts([1], [])).toThrow(RangeError);
});
