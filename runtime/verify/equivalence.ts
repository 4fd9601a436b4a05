import type { PairedCounts } from './mcnemar.js';
import { mcnemarExact } from './mcnemar.js';

/** The 95 % and 97.5 % quantiles of the standard normal distribution: of intervals at 90 % and 95 %. */
const Z90 = 1.6448536269514722;
const Z95 = 1.959963984540054;

/** Below this p-value a difference is taken for one; also the error of each of the two one-sided tests. */
const SIGNIFICANCE = 0.05;
/** More samples than this are not asked for. */
const SAMPLES_MAX = 2 ** 40;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What was found of two sides on the same samples, `difference` being the first's share less the second's. */
export interface PairedResult extends PairedCounts {
  readonly difference: number;
  /** At 95 %. */
  readonly interval: Interval;
  /** McNemar's exact, two-sided. */
  readonly pValue: number;
  /** The difference that does not matter, in (0, 1). */
  readonly margin: number;
  readonly verdict: 'equivalent' | 'different' | 'not enough samples';
  /** How many more samples would settle it if pairs went on falling as they have; 0 where it is settled. */
  readonly samplesNeeded: number;
}

/**
 * Judges two sides on n ≥ 1 shared samples. `equivalent`: two one-sided score tests (Schuirmann 1987, Tango 1998) at 5 %
 * each say that the shares differ by less than `margin`, that is, the 90 % interval lies within ±margin. `different`:
 * not so, and McNemar's exact test at 5 % says that they differ. Else there are too few samples to say.
 */
export function judgePairs(counts: PairedCounts, margin: number): PairedResult {
  const { total, firstOnly, secondOnly } = counts;
  const verdict = verdictOf(total, firstOnly, secondOnly, margin);
  return {
    ...counts,
    difference: (firstOnly - secondOnly) / total,
    interval: scoreInterval(total, firstOnly, secondOnly, Z95),
    pValue: mcnemarExact(firstOnly, secondOnly),
    margin,
    verdict,
    samplesNeeded: verdict === 'not enough samples' ? samplesToVerdict(counts, margin) - total : 0,
  };
}

function verdictOf(total: number, firstOnly: number, secondOnly: number, margin: number): PairedResult['verdict'] {
  const { low, high } = scoreInterval(total, firstOnly, secondOnly, Z90);
  if (low > -margin && high < margin) return 'equivalent';
  return mcnemarExact(firstOnly, secondOnly) < SIGNIFICANCE ? 'different' : 'not enough samples';
}

/** The least number of samples, found by doubling and halving, with the same shares of discordant pairs, that settles. */
function samplesToVerdict({ total, firstOnly, secondOnly }: PairedCounts, margin: number): number {
  const settles = (samples: number): boolean => {
    const scaled = (count: number): number => Math.round((count * samples) / total);
    return verdictOf(samples, scaled(firstOnly), scaled(secondOnly), margin) !== 'not enough samples';
  };
  let high = 2 * total;
  while (!settles(high) && high < SAMPLES_MAX) high *= 2;
  let low = high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (settles(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * Tango's score interval for the difference of two paired proportions (Tango 1998): all Δ that
 * |b − c − nΔ| ≤ z·√(n(2q + Δ(1 − Δ))) holds for, q being the likeliest share of pairs in which the second alone is right
 * given Δ. Unlike Wald's it has a width even where no pair is discordant.
 */
export function scoreInterval(total: number, firstOnly: number, secondOnly: number, z: number): Interval {
  const estimate = (firstOnly - secondOnly) / total;
  const accepts = (delta: number): boolean => {
    const distance = Math.abs(firstOnly - secondOnly - total * delta);
    return distance <= z * Math.sqrt(total * scoreVariance(total, firstOnly, secondOnly, delta));
  };
  return { low: boundary(estimate, -1, accepts), high: boundary(estimate, 1, accepts) };
}

/** 2q + Δ(1 − Δ), the variance of one pair's difference where the shares differ by Δ. */
function scoreVariance(total: number, firstOnly: number, secondOnly: number, delta: number): number {
  const a = 2 * total;
  const b = -firstOnly - secondOnly + (2 * total - firstOnly + secondOnly) * delta;
  const c = -secondOnly * delta * (1 - delta);
  const share = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
  return Math.max(0, 2 * share + delta * (1 - delta));
}

/** Where on the way from `inside` to `end` acceptance ends, by halving; `end` itself where it does not. */
function boundary(inside: number, end: number, accepts: (value: number) => boolean): number {
  if (accepts(end)) return end;
  let good = inside;
  let bad = end;
  for (let round = 0; round < 60; round += 1) {
    const middle = (good + bad) / 2;
    if (accepts(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
