import type { Population } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { type AxonSupply, axonSupply } from './axon-quota.js';
import { type CoreNeed, coreLimits, profileNeed } from './core-need.js';
import { countNonZero, type IncomingProjection } from './incoming.js';
import { compartmentAt, type Margin, type TileLayout, tileLayout } from './layout.js';
import { INDEX_BITS, type ListSize, ListSizer } from './packing.js';
import { type Axis, axisReach, openReach, type Reach, type Span, singleReaches, type Tile } from './tiling.js';

/**
 * How the synapses of a core are arranged.
 * `packing` says how lists with gaps between their targets are stored: 'sparse' gives each synapse its index; 'compact'
 * fills gaps with zero weights where that takes fewer words, at the price of synaptic operations that add nothing.
 * `lists` says what a source's axon reaches: all of its targets, or those of one row, so that it needs an axon for each.
 * `padded` says along which axes padding lets the sources at the border of the tile share the lists of those inside.
 */
export interface CoreStyle {
  readonly packing: 'sparse' | 'compact';
  readonly lists: 'whole' | 'rows';
  readonly padded: 'not' | 'rows' | 'columns' | 'both';
}

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
  /** Places that have each pattern. */
  readonly counts: readonly number[];
  /** Positions beyond the span that the reaches need. */
  readonly margin: Margin;
  /** Equal for axes whose reaches are the same but for where their span begins. */
  readonly key: string;
}

/** Places of equal patterns. */
export interface PatternPair {
  readonly rowPattern: number;
  readonly columnPattern: number;
  readonly row: AxisPattern;
  readonly column: AxisPattern;
  /** Places that share one list per source channel, and those whose first target lies beyond the largest base: each has its own. */
  readonly within: number;
  readonly beyond: number;
}

/** Axons that share one list per source channel: equal patterns, and equally far behind the largest base. */
export interface ListClass {
  readonly row: AxisPattern;
  readonly column: AxisPattern;
  /** Compartments from the base to the first target: 0 but where the first target lies beyond the largest base. */
  readonly residue: number;
}

/** What the lists of one tile and projection have in common. A place is a reach of a row and one of a column. */
export interface ProjectionPlan {
  readonly incoming: IncomingProjection;
  readonly rows: AxisPlan;
  readonly columns: AxisPlan;
  readonly pairs: readonly PatternPair[];
}

/** The classes of a projection's lists; class and base compartment of each place, [row reaches × column reaches]. */
export interface PlaceTable {
  readonly classes: readonly (ListClass & { readonly places: number })[];
  readonly classOf: Int32Array;
  readonly base: Int32Array;
}

/** A core that holds one tile: how its synapses are stored. */
export interface CorePlan {
  readonly layout: TileLayout;
  readonly style: CoreStyle;
  readonly projections: readonly ProjectionPlan[];
  readonly indexBits: number;
  /** Compartments from a base to the last target of its list, at most. */
  readonly furthest: number;
}

/** How a list is stored: dense from its base on, or with an index per synapse. */
export interface ListForm extends ListSize {
  readonly dense: boolean;
  /** Synapses stored, zero weights that fill gaps included. */
  readonly synapses: number;
}

type ProfileNeed = Pick<CoreNeed, 'compartmentProfiles' | 'thresholdProfiles'>;

/** Plans cores and sizes lists on one target; shared by the search for a split and by the emission of what it found. */
export class CorePlanner {
  readonly #target: Target;
  readonly #inputAxons: number;
  /** Largest base of an input axon. */
  readonly baseMax: number;
  readonly #profiles = new WeakMap<Population<Int32Array>, Map<string, ProfileNeed>>();
  readonly #weightCounts = new WeakMap<IncomingProjection, Map<string, ReadonlyMap<number, number>>>();
  readonly #axisPlans = new WeakMap<Axis, Map<string, AxisPlan>>();
  /** By bits of a synapse. */
  readonly #sizers = new Map<number, ListSizer>();

  constructor(target: Target) {
    this.#target = target;
    this.baseMax = Math.min(target.limits.axonBaseMax.value ?? BASE_MAX, BASE_MAX);
    this.#inputAxons = coreLimits(target).find(({ resource }) => resource === 'inputAxons')!.limit;
  }

  plan(tile: Tile, style: CoreStyle, incoming: readonly IncomingProjection[]): CorePlan {
    const rowsPadded = style.padded === 'rows' || style.padded === 'both';
    const columnsPadded = style.padded === 'columns' || style.padded === 'both';
    const reached = incoming.map((entry) => {
      const rows = this.#axisPlan(entry.rows, tile.y, rowsPadded, style.lists === 'rows');
      return { entry, rows, columns: this.#axisPlan(entry.columns, tile.x, columnsPadded, false) };
    });
    const layout = tileLayout(
      tile,
      reached.reduce((most, { rows }) => widest(most, rows.margin), [0, 0] as Margin),
      reached.reduce((most, { columns }) => widest(most, columns.margin), [0, 0] as Margin),
    );
    let furthest = 1;
    const projections = reached.map(({ entry, rows, columns }): ProjectionPlan => {
      const { pairs, longest } = patternPairs(rows, columns, layout, this.baseMax);
      furthest = Math.max(furthest, longest);
      return { incoming: entry, rows, columns, pairs };
    });
    const needed = Math.ceil(Math.log2(furthest));
    const indexBits = Math.max(INDEX_BITS.least, Math.min(INDEX_BITS.most, needed));
    return { layout, style, projections, indexBits, furthest };
  }

  /** Where the lists of a projection lie. */
  places({ layout }: CorePlan, { rows, columns }: ProjectionPlan): PlaceTable {
    const classOf = new Int32Array(rows.reaches.length * columns.reaches.length);
    const base = new Int32Array(classOf.length);
    const numbers = new Map<number, number>();
    const classes: { row: AxisPattern; column: AxisPattern; residue: number; places: number }[] = [];
    let place = 0;
    for (const [r, rowReach] of rows.reaches.entries()) {
      for (const [c, columnReach] of columns.reaches.entries()) {
        const first = compartmentAt(layout, rowReach.first, columnReach.first);
        base[place] = Math.min(first, this.baseMax);
        const residue = first - base[place]!;
        const pair = rows.patternOf[r]! * columns.patterns.length + columns.patternOf[c]!;
        const key = pair * (layout.compartments + 1) + residue;
        let number = numbers.get(key);
        if (number === undefined) {
          const [row, column] = [rows.patterns[rows.patternOf[r]!]!, columns.patterns[columns.patternOf[c]!]!];
          number = classes.push({ row, column, residue, places: 0 }) - 1;
          numbers.set(key, number);
        }
        classes[number]!.places += 1;
        classOf[place] = number;
        place += 1;
      }
    }
    return { classes, classOf, base };
  }

  /** Different parameters of the neurons of a tile. */
  profiles(population: Population<Int32Array>, tile: Tile): ProfileNeed {
    const { threshold, decay, shape } = population;
    const columns = Math.max(threshold.columns, decay.columns);
    if (columns === 1) return { compartmentProfiles: 1, thresholdProfiles: 1 };
    const known = this.#profiles.get(population) ?? new Map<string, ProfileNeed>();
    this.#profiles.set(population, known);
    const key = columns <= shape[2] ? tile.c.join() : [tile.y, tile.x, tile.c].join();
    let need = known.get(key);
    if (need === undefined) {
      need = profileNeed(population, tile);
      known.set(key, need);
    }
    return need;
  }

  /** How a list of `nonZero` ≥ 1 weights of this class is stored. */
  form(plan: CorePlan, list: ListClass, nonZero: number, delayBits: number): ListForm {
    const dense = this.isDense(plan, list, nonZero, delayBits);
    const synapses = dense ? list.residue + listSpan(list, plan.layout) : nonZero;
    return { ...this.listSize(plan, list, nonZero, delayBits), dense, synapses };
  }

  /** Whether a list is stored without indices. */
  isDense({ layout, style, indexBits }: CorePlan, list: ListClass, nonZero: number, delayBits: number): boolean {
    const bits = this.#target.arithmetic.weight.bits + delayBits;
    const filled = list.residue + listSpan(list, layout);
    if (filled > 2 ** indexBits) return true;
    const gapless = filled === list.row.taps * list.column.taps * layout.channels;
    if (!gapless && style.packing === 'sparse') return false;
    const more = this.#sizer(bits).size(filled).words - this.#sizer(bits + indexBits).size(nonZero).words;
    return more < 0 || (gapless && more === 0);
  }

  /** What such a list takes. */
  listSize(plan: CorePlan, list: ListClass, nonZero: number, delayBits: number): ListSize {
    const bits = this.#target.arithmetic.weight.bits + delayBits;
    return this.isDense(plan, list, nonZero, delayBits)
      ? this.#sizer(bits).size(list.residue + listSpan(list, plan.layout))
      : this.#sizer(bits + plan.indexBits).size(nonZero);
  }

  /** What a list takes that lies beyond the largest base: at most this. */
  farSize(plan: CorePlan, pair: PatternPair, nonZero: number, delayBits: number): ListSize {
    return this.listSize(plan, { ...pair, residue: plan.furthest - listSpan(pair, plan.layout) }, nonZero, delayBits);
  }

  /**
   * Source channels by the number of non-zero weights that they have in a list; all of them as if they had no zeros where
   * few are.
   */
  weightCounts(
    { layout }: CorePlan,
    { incoming }: ProjectionPlan,
    { row, column }: PatternPair,
  ): ReadonlyMap<number, number> {
    const inputs = incoming.projection.kernel.shape[2];
    const { c } = layout.tile;
    if (incoming.nonZero === null) return new Map([[row.taps * column.taps * layout.channels, inputs]]);
    const known = this.#weightCounts.get(incoming) ?? new Map<string, ReadonlyMap<number, number>>();
    this.#weightCounts.set(incoming, known);
    const key = [c[0], c[1], row.tap, row.taps, column.tap, column.taps].join();
    let counts = known.get(key);
    if (counts === undefined) {
      const found = new Map<number, number>();
      for (let input = 0; input < inputs; input += 1) {
        const nonZero = countNonZero(incoming, row, column, input, c);
        if (nonZero > 0) found.set(nonZero, (found.get(nonZero) ?? 0) + 1);
      }
      counts = found;
      known.set(key, counts);
    }
    return counts;
  }

  /** A list of one synapse for each of `compartments`, as a bias takes it. */
  denseSize(compartments: number): ListSize {
    return this.#sizer(this.#target.arithmetic.weight.bits).size(compartments);
  }

  get weightBits(): number {
    return this.#target.arithmetic.weight.bits;
  }

  /** The input axons that a core has beside those of its bias. */
  supply(biasAxons: number): AxonSupply {
    return axonSupply(this.#target, this.#inputAxons - biasAxons);
  }

  #axisPlan(axis: Axis, span: Span, isOpen: boolean, isSingle: boolean): AxisPlan {
    const known = this.#axisPlans.get(axis) ?? new Map<string, AxisPlan>();
    this.#axisPlans.set(axis, known);
    const key = `${span[0]}:${span[1]}:${isOpen}:${isSingle}`;
    let plan = known.get(key);
    if (plan === undefined) {
      const reaches = (isOpen ? openReach : axisReach)(axis, span);
      plan = planAxis(isSingle ? singleReaches(reaches, axis.stride) : reaches, span);
      known.set(key, plan);
    }
    return plan;
  }

  #sizer(bits: number): ListSizer {
    let sizer = this.#sizers.get(bits);
    if (sizer === undefined) {
      sizer = new ListSizer(this.#target.limits, bits);
      this.#sizers.set(bits, sizer);
    }
    return sizer;
  }
}

/** Largest base that a Program can hold. */
const BASE_MAX = 32_767;

/** Compartments from a list's first target to its last. */
function listSpan({ row, column }: Pick<ListClass, 'row' | 'column'>, { pitch, channels }: TileLayout): number {
  return ((row.taps - 1) * pitch + column.taps) * channels;
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

function widest(a: Margin, b: Margin): Margin {
  return [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
}

function planAxis(reaches: readonly Reach[], span: Span): AxisPlan {
  const numbers = new Map<string, number>();
  const patterns: AxisPattern[] = [];
  const counts: number[] = [];
  const patternOf = reaches.map(({ taps, tap }) => {
    const key = `${tap}:${taps}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = patterns.push({ taps, tap }) - 1;
      counts.push(0);
      numbers.set(key, number);
    }
    counts[number]! += 1;
    return number;
  });
  return { reaches, patternOf, patterns, counts, margin: margin(reaches, span), key: keyOf(reaches, span) };
}

/** The kinds of places that two axes have, and compartments from a base to the last target of its list, at most. */
function patternPairs(
  rows: AxisPlan,
  columns: AxisPlan,
  layout: TileLayout,
  baseMax: number,
): { readonly pairs: readonly PatternPair[]; readonly longest: number } {
  const [lastRow, lastColumn] = [rows.reaches.at(-1), columns.reaches.at(-1)];
  if (lastRow === undefined || lastColumn === undefined) return { pairs: [], longest: 0 };
  const width = columns.patterns.length;
  const beyond = new Int32Array(rows.patterns.length * width);
  let residue = 0;
  // First targets ascend along both axes.
  if (compartmentAt(layout, lastRow.first, lastColumn.first) > baseMax) {
    for (const [r, row] of rows.reaches.entries()) {
      for (let c = columns.reaches.length - 1; c >= 0; c -= 1) {
        const over = compartmentAt(layout, row.first, columns.reaches[c]!.first) - baseMax;
        if (over <= 0) break;
        residue = Math.max(residue, over);
        beyond[rows.patternOf[r]! * width + columns.patternOf[c]!]! += 1;
      }
    }
  }
  let longest = 0;
  const pairs = rows.patterns.flatMap((row, rowPattern) =>
    columns.patterns.map((column, columnPattern): PatternPair => {
      const over = beyond[rowPattern * width + columnPattern]!;
      longest = Math.max(longest, residue + listSpan({ row, column }, layout));
      const within = rows.counts[rowPattern]! * columns.counts[columnPattern]! - over;
      return { rowPattern, columnPattern, row, column, within, beyond: over };
    }),
  );
  return { pairs, longest };
}

/** How far sources reach along an axis decides what their lists hold: equal texts, equal plans. */
export function reachKey(axis: Axis, span: Span): string {
  return keyOf(axisReach(axis, span), span);
}

function keyOf(reaches: readonly Reach[], [start]: Span): string {
  return reaches.map(({ first, tap, taps }) => `${first - start}:${tap}:${taps}`).join();
}
