import type { AxisPattern, AxisPlan } from './axis-plan.js';
import { compartmentAt, positionAt, type TileLayout } from './layout.js';
import { isGapless } from './list-form.js';

/** Places of equal patterns, [row pattern × column pattern]. */
export interface PatternPair {
  readonly row: AxisPattern;
  readonly column: AxisPattern;
  /** By first target ascending, groups of places that share one list per source channel. */
  readonly groups: readonly ListGroup[];
}

/** Places whose first targets lie at most `residue` plus the largest base from the first compartment. */
interface ListGroup {
  readonly residue: number;
  readonly places: number;
}

/** The last position at which a list begins. */
export function lastPosition(layout: TileLayout, rows: AxisPlan, columns: AxisPlan): number {
  const [row, column] = [rows.reaches.at(-1), columns.reaches.at(-1)];
  return row === undefined || column === undefined ? 0 : positionAt(layout, row.first, column.first);
}

/** The kinds of places that two axes have. */
export function patternPairs(
  rows: AxisPlan,
  columns: AxisPlan,
  layout: TileLayout,
  baseMax: number,
): readonly PatternPair[] {
  if (rows.reaches.length === 0 || columns.reaches.length === 0) return [];
  const isNear = lastPosition(layout, rows, columns) * layout.block <= baseMax;
  const firstsOf = ({ reaches, patternOf }: AxisPlan, pattern: number): readonly number[] =>
    reaches.filter((_, k) => patternOf[k] === pattern).map(({ first }) => first);
  const columnFirsts = isNear ? [] : columns.patterns.map((_, pattern) => firstsOf(columns, pattern));
  return rows.patterns.flatMap((row, r) => {
    const rowFirsts = isNear ? [] : firstsOf(rows, r);
    return columns.patterns.map((column, c): PatternPair => {
      if (isNear) return { row, column, groups: [{ residue: 0, places: rows.counts[r]! * columns.counts[c]! }] };
      const firsts = rowFirsts.flatMap((y) => columnFirsts[c]!.map((x) => compartmentAt(layout, y, x)));
      const pair = { row, column };
      return { ...pair, groups: listGroups(firsts, baseMax, isGapless(pair, layout)) };
    });
  });
}

/**
 * Groups of places, their first targets ascending, of which each can share a list: those of a group lie at most the
 * largest base apart. The fewest such groups; where `fromStart`, with all that need no residue in the first.
 */
function listGroups(firsts: readonly number[], baseMax: number, fromStart: boolean): readonly ListGroup[] {
  const groups: ListGroup[] = [];
  for (let k = 0; k < firsts.length; ) {
    const start = k;
    const end = fromStart && firsts[start]! <= baseMax ? baseMax : firsts[start]! + baseMax;
    while (k < firsts.length && firsts[k]! <= end) k += 1;
    groups.push({ residue: Math.max(0, firsts[k - 1]! - baseMax), places: k - start });
  }
  return groups;
}
