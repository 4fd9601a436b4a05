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
  return rows.patterns.flatMap((row, r) =>
    columns.patterns.map((column, c): PatternPair => {
      const [ys, xs] = [rows.firsts[r]!, columns.firsts[c]!];
      if (isNear) return { row, column, groups: [{ residue: 0, places: ys.length * xs.length }] };
      const pair = { row, column };
      return { ...pair, groups: listGroups(layout, ys, xs, baseMax, isGapless(pair, layout)) };
    }),
  );
}

/**
 * Groups of the places at rows `ys` and columns `xs` of which each can share a list, by first target ascending: those of a
 * group lie at most the largest base apart. The fewest such groups; where `fromStart`, with all that need no residue in
 * the first.
 */
function listGroups(
  layout: TileLayout,
  ys: readonly number[],
  xs: readonly number[],
  baseMax: number,
  fromStart: boolean,
): readonly ListGroup[] {
  const { block, pitch } = layout;
  const origin = compartmentAt(layout, 0, 0);
  const groups: ListGroup[] = [];
  let places = 0;
  let last = 0;
  let end = -1;
  for (const y of ys) {
    const start = origin + y * pitch * block;
    for (const x of xs) {
      const first = start + x * block;
      if (first > end) {
        if (places > 0) groups.push({ residue: Math.max(0, last - baseMax), places });
        places = 0;
        end = fromStart && first <= baseMax ? baseMax : first + baseMax;
      }
      places += 1;
      last = first;
    }
  }
  groups.push({ residue: Math.max(0, last - baseMax), places });
  return groups;
}
