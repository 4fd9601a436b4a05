/** n pairs of outcomes of which one or the other alone was right in some. All are whole numbers ≥ 0. */
export interface PairedCounts {
  readonly total: number;
  /** Pairs in which the first alone was right. */
  readonly firstOnly: number;
  readonly secondOnly: number;
}

/**
 * The two-sided p-value of McNemar's exact test (McNemar 1947, by the binomial distribution): how likely discordant pairs
 * would split as unevenly as they do, or more so, if either side were as likely. 1 where no pair is discordant.
 */
export function mcnemarExact(firstOnly: number, secondOnly: number): number {
  const discordant = firstOnly + secondOnly;
  const fewer = Math.min(firstOnly, secondOnly);
  if (2 * fewer >= discordant - 1) return 1;
  // Terms of the tail in falling order, from C(n, fewer)/2ⁿ by logarithms, which no n overflows.
  let term = Math.exp(logBinomial(discordant, fewer) - discordant * Math.LN2);
  let tail = 0;
  for (let k = fewer; k >= 0 && term > 0; k -= 1) {
    tail += term;
    term *= k / (discordant - k + 1);
  }
  return Math.min(1, 2 * tail);
}

function logBinomial(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= k; i += 1) sum += Math.log((n - k + i) / i);
  return sum;
}

/** How two sides did on the same samples; arrays of one length with a 1 where a side was right. */
export function pairedCounts(first: ArrayLike<number>, second: ArrayLike<number>): PairedCounts {
  if (first.length !== second.length) throw new RangeError(`${first.length} outcomes against ${second.length}`);
  let firstOnly = 0;
  let secondOnly = 0;
  for (let n = 0; n < first.length; n += 1) {
    if (first[n]! > second[n]!) firstOnly += 1;
    else if (first[n]! < second[n]!) secondOnly += 1;
  }
  return { total: first.length, firstOnly, secondOnly };
}
