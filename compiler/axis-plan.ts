import type { Margin } from './layout.js';
import type { Reach, Span } from './tiling.js';

/** A stretch of one axis as its lists see it: taps tap, tap − stride … lead to consecutive targets. */
export interface AxisPattern {
  readonly taps: number;
  readonly tap: number;
}

/** Sources, and the distinct ways in which they reach a tile, along one axis; a source may have several reaches. */
export interface AxisPlan {
  readonly reaches: readonly Reach[];
  /** Pattern number of each reach. */
  readonly patternOf: readonly number[];
  readonly patterns: readonly AxisPattern[];
  /** By pattern, the first targets of the reaches that have it, ascending. */
  readonly firsts: readonly (readonly number[])[];
  /** Positions beyond the span that the reaches need. */
  readonly margin: Margin;
}

/** Positions beyond the span that the reaches need. */
function margin(reaches: readonly Reach[], [first, end]: Span): Margin {
  let before = 0;
  let after = 0;
  for (const reach of reaches) {
    before = Math.max(before, first - reach.first);
    after = Math.max(after, reach.first + reach.taps - end);
  }
  return [before, after];
}

/** The larger of two margins, before and after. */
export function widest(a: Margin, b: Margin): Margin {
  return [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
}

/** The reaches of an axis with the patterns that they have. */
export function planAxis(reaches: readonly Reach[], span: Span): AxisPlan {
  const numbers = new Map<string, number>();
  const patterns: AxisPattern[] = [];
  const firsts: number[][] = [];
  const patternOf = reaches.map(({ first, taps, tap }) => {
    const key = `${tap}:${taps}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = patterns.push({ taps, tap }) - 1;
      firsts.push([]);
      numbers.set(key, number);
    }
    firsts[number]!.push(first);
    return number;
  });
  return { reaches, patternOf, patterns, firsts, margin: margin(reaches, span) };
}

/** Equal texts for reaches that are the same but for where their span begins. */
export function reachesKey(reaches: readonly Reach[], [start]: Span): string {
  return reaches.map(({ first, tap, taps }) => `${first - start}:${tap}:${taps}`).join();
}
