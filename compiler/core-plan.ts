import type { Population } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { type AxisPlan, planAxis, reachesKey, widest } from './axis-plan.js';
import { type AxonSupply, axonSupply } from './axon-quota.js';
import { type CoreNeed, coreLimits, profileNeed } from './core-need.js';
import { countNonZero, type IncomingProjection } from './incoming.js';
import { compartmentAt, type Margin, type TileLayout, tileLayout } from './layout.js';
import { type ListClass, type ListForm, listForm, listSpan, type WeightCounts } from './list-form.js';
import { INDEX_BITS, type ListSize, ListSizer } from './packing.js';
import { lastPosition, type PatternPair, patternPairs } from './pattern-pairs.js';
import { type Axis, axisReach, openReach, type Span, shortReaches, type Tile } from './tiling.js';

/**
 * How the synapses of a core are arranged.
 * `packing` says how lists with gaps between their targets are stored: 'sparse' gives each synapse beyond the first gap
 * its index; 'compact' fills gaps with zero weights where that takes fewer words, at the price of synaptic operations that
 * add nothing.
 * `order` says whether all channels of a position lie together, or, cut into 'blocks', so few of them that every axon's
 * base keeps its limit: then no source needs lists of its own, but more synapses need an index.
 * `lists` says what a source's axon reaches: all of its targets, or those of one row or of two, so that it needs an axon for
 * each.
 * `padded` says along which axes padding lets the sources at the border of the tile share the lists of those inside.
 */
export interface CoreStyle {
  readonly packing: 'sparse' | 'compact';
  readonly order: 'positions' | 'blocks';
  readonly lists: 'whole' | 'pairs' | 'rows';
  readonly padded: 'not' | 'rows' | 'columns' | 'both';
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
  /** Bits of an index of lists that begin at their base, and of those that begin beyond it. */
  readonly indexBits: { readonly near: number; readonly far: number };
}

type ProfileNeed = Pick<CoreNeed, 'compartmentProfiles' | 'thresholdProfiles'>;

/** Plans cores and sizes lists on one target; shared by the search for a split and by the emission of what it found. */
export class CorePlanner {
  readonly target: Target;
  readonly #inputAxons: number;
  readonly #formats: number;
  readonly #compartments: number;
  /** Largest base of an input axon, and whether some compartments lie beyond it. */
  readonly baseMax: number;
  readonly basesAreLimited: boolean;
  readonly outputsAreLimited: boolean;
  readonly #profiles = new WeakMap<Population<Int32Array>, Map<string, ProfileNeed>>();
  readonly #weightCounts = new WeakMap<IncomingProjection, Map<string, ReadonlyMap<number, number>>>();
  readonly #axisPlans = new WeakMap<Axis, Map<string, AxisPlan>>();
  /** By bits of a synapse. */
  readonly #sizers = new Map<number, ListSizer>();

  constructor(target: Target) {
    this.target = target;
    this.baseMax = Math.min(target.limits.axonBaseMax.value ?? BASE_MAX, BASE_MAX);
    const limitOf = (wanted: keyof CoreNeed): number =>
      coreLimits(target).find(({ resource }) => resource === wanted)!.limit;
    this.#inputAxons = limitOf('inputAxons');
    this.#compartments = limitOf('compartments');
    this.basesAreLimited = this.baseMax < this.#compartments - 1;
    this.outputsAreLimited = Number.isFinite(limitOf('outputAxons'));
    this.#formats = limitOf('synapseFormats') - BIAS_FORMATS_MAX;
  }

  plan(tile: Tile, style: CoreStyle, incoming: readonly IncomingProjection[]): CorePlan {
    const rowsPadded = style.padded === 'rows' || style.padded === 'both';
    const columnsPadded = style.padded === 'columns' || style.padded === 'both';
    const reached = incoming.map((entry) => {
      const rows = this.#axisPlan(entry.rows, tile.y, rowsPadded, LIST_ROWS[style.lists]);
      return { entry, rows, columns: this.#axisPlan(entry.columns, tile.x, columnsPadded, LIST_ROWS.whole) };
    });
    const margins = [
      reached.reduce((most, { rows }) => widest(most, rows.margin), [0, 0] as Margin),
      reached.reduce((most, { columns }) => widest(most, columns.margin), [0, 0] as Margin),
    ] as const;
    let layout = tileLayout(tile, ...margins, 1);
    if (style.order === 'blocks') {
      const last = reached.reduce((most, { rows, columns }) => Math.max(most, lastPosition(layout, rows, columns)), 0);
      const widest = Math.min(layout.channels, last === 0 ? layout.channels : Math.floor(this.baseMax / last));
      layout = this.#blockLayout(tile, margins, Math.max(1, widest));
    }
    let [near, far] = [1, 1];
    const formats = new Set<number>();
    const projections = reached.map(({ entry, rows, columns }): ProjectionPlan => {
      const pairs = patternPairs(rows, columns, layout, this.baseMax);
      for (const pair of pairs) {
        const last = pair.groups.at(-1)!.residue;
        if (pair.groups[0]!.residue === 0) near = Math.max(near, listSpan(pair, layout));
        if (last > 0) far = Math.max(far, last + listSpan(pair, layout));
      }
      formats.add(entry.exponent * DELAY_BITS_MAX + entry.delayBits);
      return { incoming: entry, rows, columns, pairs };
    });
    const bits = { near: indexBits(near), far: indexBits(far) };
    const oneWidth = far > 1 && formats.size * FORMATS_OF_TWO_WIDTHS > this.#formats;
    if (oneWidth) bits.near = bits.far = Math.max(bits.near, bits.far);
    return { layout, style, projections, indexBits: bits };
  }

  /** Where the lists of a projection lie. */
  places({ layout }: CorePlan, { rows, columns, pairs }: ProjectionPlan): PlaceTable {
    const classOf = new Int32Array(rows.reaches.length * columns.reaches.length);
    const base = new Int32Array(classOf.length);
    const classes: (ListClass & { places: number })[] = [];
    // Groups of a pair are met in order of their first targets; the number of the pair's latest class, and its group.
    const latest = pairs.map(() => ({ group: -1, number: -1 }));
    let place = 0;
    for (const [r, rowReach] of rows.reaches.entries()) {
      for (const [c, columnReach] of columns.reaches.entries()) {
        const first = compartmentAt(layout, rowReach.first, columnReach.first);
        const pair = rows.patternOf[r]! * columns.patterns.length + columns.patternOf[c]!;
        const { row, column, groups } = pairs[pair]!;
        const own = latest[pair]!;
        while (own.group === -1 || first - groups[own.group]!.residue > this.baseMax) {
          own.group += 1;
          own.number = -1;
        }
        const { residue } = groups[own.group]!;
        if (own.number === -1) own.number = classes.push({ row, column, residue, places: 0 }) - 1;
        classes[own.number]!.places += 1;
        classOf[place] = own.number;
        base[place] = first - residue;
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

  /** How a list with these weights, at least one of them not zero, is stored. */
  form(plan: CorePlan, list: ListClass, counts: WeightCounts, delayBits: number): ListForm {
    const bits = this.target.arithmetic.weight.bits + delayBits;
    const width = indexBitsOf(plan, list);
    const fillsGaps = plan.style.packing === 'compact';
    return listForm(list, plan.layout, counts, fillsGaps, width, this.#sizer(bits), this.#sizer(bits + width));
  }

  /**
   * Source channels by the number of non-zero weights that they have in a list; all of them as if they had no zeros where
   * few are.
   */
  weightCounts(
    { layout }: CorePlan,
    { incoming }: ProjectionPlan,
    { row, column }: Pick<PatternPair, 'row' | 'column'>,
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
    return this.#sizer(this.target.arithmetic.weight.bits).size(compartments);
  }

  get weightBits(): number {
    return this.target.arithmetic.weight.bits;
  }

  /** The input axons that a core has beside those of its bias. */
  supply(biasAxons: number): AxonSupply {
    return axonSupply(this.target, this.#inputAxons - biasAxons);
  }

  /** In blocks of up to `widest` channels: the widest whose padding, where they do not divide the channels, has room. */
  #blockLayout(tile: Tile, margins: readonly [Margin, Margin], widest: number): TileLayout {
    const channels = tile.c[1] - tile.c[0];
    const parts = Math.ceil(channels / widest);
    let layout = tileLayout(tile, ...margins, parts);
    for (let blocks = parts + 1; layout.compartments > this.#compartments && blocks <= channels; blocks += 1) {
      const narrower = tileLayout(tile, ...margins, blocks);
      if (narrower.compartments < layout.compartments) layout = narrower;
    }
    return layout;
  }

  #axisPlan(axis: Axis, span: Span, isOpen: boolean, most: number): AxisPlan {
    const known = this.#axisPlans.get(axis) ?? new Map<string, AxisPlan>();
    this.#axisPlans.set(axis, known);
    const key = `${span[0]}:${span[1]}:${isOpen}:${most}`;
    let plan = known.get(key);
    if (plan === undefined) {
      const reaches = (isOpen ? openReach : axisReach)(axis, span);
      plan = planAxis(Number.isFinite(most) ? shortReaches(reaches, axis.stride, most) : reaches, span);
      known.set(key, plan);
    }
    return plan;
  }

  #sizer(bits: number): ListSizer {
    let sizer = this.#sizers.get(bits);
    if (sizer === undefined) {
      sizer = new ListSizer(this.target.limits, bits);
      this.#sizers.set(bits, sizer);
    }
    return sizer;
  }
}

/** Rows of targets that one list reaches at most. */
const LIST_ROWS = { whole: Number.POSITIVE_INFINITY, pairs: 2, rows: 1 } as const;

/** Largest base that a Program can hold. */
const BASE_MAX = 32_767;

/** More bits than any delay takes. */
const DELAY_BITS_MAX = 32;
/** Formats that lists of one exponent and delay may need, and those that a bias brought by axons hardly exceeds. */
const FORMATS_OF_TWO_WIDTHS = 3;
const BIAS_FORMATS_MAX = 2;

function indexBits(span: number): number {
  return Math.max(INDEX_BITS.least, Math.min(INDEX_BITS.most, Math.ceil(Math.log2(span))));
}

/** The index width of lists of this class. */
function indexBitsOf({ indexBits: { near, far } }: CorePlan, { residue }: ListClass): number {
  return residue > 0 ? far : near;
}

/** How far sources reach along an axis decides what their lists hold: equal texts, equal plans. */
export function reachKey(axis: Axis, span: Span): string {
  return reachesKey(axisReach(axis, span), span);
}
