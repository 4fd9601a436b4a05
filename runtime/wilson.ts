/** How many of how many, with the bounds of a 95 % confidence interval for the share, in [0, 1]. */
export interface Proportion {
  readonly correct: number;
  readonly total: number;
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % quantile of the standard normal distribution. */
const z = 1.959963984540054;

/**
 * The Wilson score interval at 95 % (Wilson 1927): centre (p + z²/2n)/(1 + z²/n), half-width
 * z·√(p(1 − p)/n + z²/4n²)/(1 + z²/n). `correct` ≤ `total` are counts ≥ 0; of nothing nothing is known: [0, 1].
 */
export function wilson(correct: number, total: number): Proportion {
  if (total === 0) return { correct, total, low: 0, high: 1 };
  const share = correct / total;
  const spread = (z * z) / total;
  const centre = (share + spread / 2) / (1 + spread);
  const half = (z * Math.sqrt((share * (1 - share)) / total + spread / (4 * total))) / (1 + spread);
  return { correct, total, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
