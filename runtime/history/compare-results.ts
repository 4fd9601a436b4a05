import { mcnemarExact, pairedCounts } from '../verify/mcnemar.js';
import { metricsOf } from './metrics.js';

/** A figure of two results. */
export interface MetricChange {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** In which direction it is better; null where neither is. */
  readonly better: 'higher' | 'lower' | null;
  /** `unclear`: a share that moved no further than chance may move it. */
  readonly verdict: 'better' | 'worse' | 'same' | 'unclear' | 'changed';
  /** Of McNemar's exact test where both results name the samples they have right, else null. */
  readonly pValue: number | null;
}

/** Figures of which less is better, by the last part of their names. */
const costs = new Set([
  'energyJoules',
  'latencySeconds',
  'spikesPerSample',
  'activeNeuronsPercent',
  'synopsPerSample',
  'timestepsPerSample',
  'cores',
  'chips',
  'spikeMismatches',
  'readoutMismatches',
  'saturations',
]);

/**
 * The figures that both results have. Costs are worse where they grew by more than `tolerance`, as a share of what they
 * were; shares where McNemar's exact test at 5 % says so on the same samples, or, without them, where the Wilson
 * intervals do not overlap.
 */
export function compareResults(before: unknown, after: unknown, tolerance: number): MetricChange[] {
  const later = new Map(metricsOf(after).map((metric) => [metric.name, metric]));
  return metricsOf(before).flatMap((old): MetricChange[] => {
    const found = later.get(old.name);
    if (found === undefined || old.name === 'seconds') return [];
    const common = { name: old.name, before: old.value, after: found.value };
    if (old.total !== null && found.total !== null) {
      const paired = pairedOutcomes(before, after, old.name);
      const pValue = paired === null ? null : mcnemarExact(paired.firstOnly, paired.secondOnly);
      const isClear = pValue === null ? old.low! > found.high! || old.high! < found.low! : pValue < 0.05;
      const moved = found.value > old.value ? 'better' : 'worse';
      const verdict = found.value === old.value ? 'same' : isClear ? moved : 'unclear';
      return [{ ...common, better: 'higher', verdict, pValue }];
    }
    const isCost = costs.has(old.name.slice(old.name.lastIndexOf('.') + 1));
    const change = found.value - old.value;
    const room = tolerance * Math.abs(old.value);
    if (change === 0) return [{ ...common, better: isCost ? 'lower' : null, verdict: 'same', pValue: null }];
    if (!isCost) return [{ ...common, better: null, verdict: 'changed', pValue: null }];
    const verdict = change > room ? 'worse' : change < -room ? 'better' : 'same';
    return [{ ...common, better: 'lower', verdict, pValue: null }];
  });
}

/** Who alone was right, of a share "levels.LEVEL.clean|robust" whose results say so sample by sample under `outcomes`. */
function pairedOutcomes(before: unknown, after: unknown, name: string) {
  const [head, level, images] = name.split('.');
  if (head !== 'levels' || level === undefined || images === undefined) return null;
  const first = outcomesOf(before, level, images);
  const second = outcomesOf(after, level, images);
  return first === null || second === null || first.length !== second.length ? null : pairedCounts(first, second);
}

function outcomesOf(result: unknown, level: string, images: string): Uint8Array | null {
  const text = at(at(at(result, 'outcomes'), level), images);
  return typeof text === 'string' ? Uint8Array.from(text, (digit) => (digit === '1' ? 1 : 0)) : null;
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
