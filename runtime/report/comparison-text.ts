import type { LevelName, ReportComparison } from '../../schemas/report.js';
import { levels } from './level-text.js';
import { countText } from './number-text.js';

/** "SNN". */
export function levelTitle(level: LevelName): string {
  return levels.find(({ name }) => name === level)!.title;
}

/** "equivalent", "different" or "not enough samples (1,234 more needed)". */
export function verdictText({ verdict, samplesNeeded }: ReportComparison): string {
  return verdict === 'not enough samples' ? `${verdict} (${countText(samplesNeeded)} more needed)` : verdict;
}

/** A difference of shares with its interval: "+1.2 [−0.4, +2.8]" points. */
export function differenceText({ difference, interval }: ReportComparison): string {
  return `${points(difference)} [${points(interval.low)}, ${points(interval.high)}]`;
}

/** Percentage points with a sign. */
function points(share: number): string {
  const value = (100 * share).toFixed(1);
  if (Number(value) === 0) return '0.0';
  return share < 0 ? `−${value.slice(1)}` : `+${value}`;
}

/** Three figures, and small ones by their bound. */
export function pValueText(p: number): string {
  return p < 0.0001 ? '< 0.0001' : p.toFixed(4);
}
