import type { Population } from '../schemas/spike.js';
import { elementCount } from '../schemas/tensor.js';
import { type CoreLimit, inputNeed, passedLimit } from './core-need.js';
import { type CorePlanner, type CoreStyle, reachKey } from './core-plan.js';
import type { IncomingProjection } from './incoming.js';
import { paddingCost } from './padding-cost.js';
import type { SplitParts } from './split-parts.js';
import { type Axis, axisReach, partCounts, type Span, splitEvenly } from './tiling.js';

/** How a population is cut: the product of these spans, one core per tile. */
export interface Split {
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
  readonly channels: readonly Span[];
  readonly style: CoreStyle;
}

/** A population to be cut. */
export interface SplitTask {
  readonly population: Population<Int32Array>;
  readonly incoming: readonly IncomingProjection[];
  /** Exponents of the host axons that bring its bias. */
  readonly biasAxons: readonly number[];
  /** T. */
  readonly timesteps: number;
  /** What its split is to be. */
  readonly parts: SplitParts;
  /** Output axons that each neuron needs, [neurons]; null where a core may have any number of them. */
  readonly outputs: Int32Array | null;
  /** By incoming projection, output axons that its source's cores have to spare in any case. */
  readonly spareAxons: readonly number[];
}

/** A split in which every core keeps its limits. */
export interface Candidate {
  readonly split: Split;
  readonly cores: number;
  /** What is least for the best one: its cores times its `paddingCost`, and those that its sources' output axons take. */
  readonly cost: number;
}

/** Of equal numbers of cores the split with fewer messages. */
const MESSAGE_WEIGHT = 1e-9;
/** An output axon that its core has to spare, in those for which cores must be added. */
const SPARE_WEIGHT = 0.05;
/** A tile of fewer channels takes less memory in proportion, but for narrower indices and lists that fill their words better. */
const SHRINK_SLACK = 0.5;

/**
 * The split of least cost among all even splits by rows, columns and channels (those that were asked for) and all styles, or null where none keeps the
 * limits. Channels are cut no finer than a grid's cut needs: that only adds cores and messages.
 */
export function cheapestSplit(task: SplitTask, planner: CorePlanner, limits: readonly CoreLimit[]): Candidate | null {
  const [height, width, channels] = task.population.shape;
  const limitOf = (wanted: CoreLimit['resource']): number => limits.find(({ resource }) => resource === wanted)!.limit;
  const compartments = limitOf('compartments');
  const outputAxons = limitOf('outputAxons');
  const wanted = task.parts;
  const countsOf = (extent: number, asked: number | null): readonly number[] => {
    return asked === null ? partCounts(extent) : [asked];
  };
  const rowSpans = countsOf(height, wanted.rows).map((parts) => splitEvenly(height, parts));
  const columnSpans = countsOf(width, wanted.columns).map((parts) => splitEvenly(width, parts));
  const grids = rowSpans
    .flatMap((rows) => columnSpans.map((columns) => ({ rows, columns, tiles: rows.length * columns.length })))
    .sort((a, b) => a.tiles - b.tiles || a.rows.length - b.rows.length);
  const channelCounts = countsOf(channels, wanted.channels);
  const needOf = tileNeeds(task, planner);
  const fits = outputTest(task, outputAxons);
  const padding = paddingCost(task, planner.target);
  let best: Candidate | null = null;
  for (const { rows, columns, tiles } of grids) {
    const bits = weightBits(task, planner, rows, columns);
    const leastParts = Math.max(
      (Math.ceil(height / rows.length) * Math.ceil(width / columns.length) * channels) / compartments,
      (bits * channels) / 64 / limitOf('synapseWords'),
    );
    for (const style of stylesFor(task.incoming, rows, columns, planner)) {
      let least = leastParts;
      for (const parts of channelCounts) {
        const cores = tiles * parts;
        if (cores >= (best?.cost ?? Number.POSITIVE_INFINITY)) break;
        if (parts < least) continue;
        const split: Split = { rows, columns, channels: splitEvenly(channels, parts), style };
        if (!fits(split)) continue;
        const found = needOf(split, limits);
        if ('passed' in found) {
          if (!Number.isFinite(found.passed)) break;
          least = parts * found.passed;
          continue;
        }
        const cost = cores * padding(found.operations) + sourceCost(task, found.sourceAxons, outputAxons);
        if (cost < (best?.cost ?? Number.POSITIVE_INFINITY)) best = { split, cores, cost };
        break;
      }
    }
  }
  return best;
}

/** The cores that the output axons of a split's sources take, by incoming projection; spare ones only weigh a little. */
function sourceCost({ spareAxons }: SplitTask, sourceAxons: readonly number[], limit: number): number {
  const all = sourceAxons.reduce((sum, axons) => sum + axons, 0);
  if (!Number.isFinite(limit)) return all * MESSAGE_WEIGHT;
  const beyond = sourceAxons.reduce((sum, axons, k) => sum + Math.max(0, axons - spareAxons[k]!), 0);
  return (beyond + SPARE_WEIGHT * (all - beyond)) / limit;
}

/** Weight bits that a core must hold for each channel at least: those of the taps that lead to the middle tile. */
function weightBits(
  { incoming }: SplitTask,
  planner: CorePlanner,
  rows: readonly Span[],
  columns: readonly Span[],
): number {
  const taps = (axis: Axis, spans: readonly Span[]): number => {
    const used = new Set<number>();
    for (const { taps: count, tap } of axisReach(axis, spans[Math.floor(spans.length / 2)]!)) {
      for (let n = 0; n < count; n += 1) used.add(tap - n * axis.stride);
    }
    return used.size;
  };
  return incoming.reduce((sum, entry) => {
    if (entry.nonZero !== null) return sum;
    const inputs = entry.projection.kernel.shape[2];
    return sum + taps(entry.rows, rows) * taps(entry.columns, columns) * inputs * planner.weightBits;
  }, 0);
}

/**
 * Styles that differ for these projections: padding is for tiles of several rows or columns, blocks of channels for bases
 * that do not reach all compartments. Lists of two rows take more input axons than whole ones and need fewer indices: for
 * chips whose sources have output axons to spare.
 */
export function stylesFor(
  incoming: readonly IncomingProjection[],
  rowSpans: readonly Span[],
  columnSpans: readonly Span[],
  { basesAreLimited, outputsAreLimited }: CorePlanner,
): readonly CoreStyle[] {
  const several = (spans: readonly Span[]): boolean => spans.some(([first, end]) => end - first > 1);
  const tall = several(rowSpans) && incoming.some(({ rows }) => rows.kernel > 1);
  const wide = several(columnSpans) && incoming.some(({ columns }) => columns.kernel > 1);
  const packings = incoming.length === 0 ? (['sparse'] as const) : (['sparse', 'compact'] as const);
  const pairs = !outputsAreLimited && incoming.some(({ rows }) => rows.kernel > 2 * rows.stride);
  const lists = tall ? (['whole', ...(pairs ? (['pairs'] as const) : []), 'rows'] as const) : (['whole'] as const);
  const plain = lists.flatMap((list) =>
    packings.flatMap((packing): CoreStyle[] => {
      const style = { packing, lists: list, order: 'positions' } as const;
      const styles: CoreStyle[] = [{ ...style, padded: 'not' }];
      if (tall && list !== 'rows') styles.push({ ...style, padded: 'rows' });
      if (wide) styles.push({ ...style, padded: 'columns' });
      if (tall && wide && list !== 'rows') styles.push({ ...style, padded: 'both' });
      return styles;
    }),
  );
  return basesAreLimited ? plain.flatMap((style): CoreStyle[] => [style, { ...style, order: 'blocks' }]) : plain;
}

/** Words are counted up to so many times a core's, to know how much too large a tile is. */
const COUNT_TO = 8;

function wordLimit(limits: readonly CoreLimit[]): number {
  return limits.find(({ resource }) => resource === 'synapseWords')!.limit;
}

/** What all tiles of a split take of their sources, or by what factor one is too large; infinite where fewer channels are no help. */
type SplitNeed = { readonly sourceAxons: readonly number[]; readonly operations: number } | { readonly passed: number };

/** Looks at tiles that their axes and channels describe alike once. */
function tileNeeds(
  { population, incoming, biasAxons }: SplitTask,
  planner: CorePlanner,
): (split: Split, limits: readonly CoreLimit[]) => SplitNeed {
  const { threshold, decay, shape } = population;
  const neurons = elementCount(shape);
  const perNeuron = [threshold, decay].some(({ columns }) => columns === neurons && columns !== shape[2]);
  const counted = incoming.some(({ nonZero }) => nonZero !== null);
  const perChannel = perNeuron || counted || threshold.columns > 1 || decay.columns > 1;
  const known = {
    rows: new Map<readonly Span[], readonly Counted[]>(),
    columns: new Map<readonly Span[], readonly Counted[]>(),
  };
  const alongAxis = (spans: readonly Span[], axis: 'rows' | 'columns'): readonly Counted[] => {
    const found =
      known[axis].get(spans) ??
      countedSpans(spans, (span) =>
        perNeuron ? span.join() : incoming.map((entry) => reachKey(entry[axis], span)).join('|'),
      );
    known[axis].set(spans, found);
    return found;
  };
  return ({ rows, columns, channels, style }, limits) => {
    const channelSpans = countedSpans(channels, (span) => (perChannel ? span.join() : ''));
    const sourceAxons = incoming.map(() => 0);
    let operations = 0;
    for (const y of alongAxis(rows, 'rows')) {
      for (const x of alongAxis(columns, 'columns')) {
        for (const c of channelSpans) {
          const plan = planner.plan({ y: y.span, x: x.span, c: c.span }, style, incoming);
          const found = inputNeed(plan, population, biasAxons, planner, COUNT_TO * wordLimit(limits));
          const passed = passedLimit(found.need, limits);
          if (passed !== null) {
            const excess = found.need[passed.resource] / passed.limit;
            if (passed.resource === 'inputAxons') return { passed: counted ? 1 : Number.POSITIVE_INFINITY };
            const isProportional = passed.resource === 'synapseWords' && !counted;
            if (passed.resource === 'compartments') return { passed: style.order === 'blocks' ? 1 : excess };
            return { passed: isProportional ? excess * SHRINK_SLACK : 1 };
          }
          const tiles = y.count * x.count * c.count;
          found.sourceAxons.forEach((axons, k) => {
            sourceAxons[k]! += axons * tiles;
          });
          operations += found.operations * tiles;
        }
      }
    }
    return { sourceAxons, operations };
  };
}

/** A span that stands for `count` spans of equal length and key. */
interface Counted {
  readonly span: Span;
  readonly count: number;
}

function countedSpans(spans: readonly Span[], keyOf: (span: Span) => string): readonly Counted[] {
  const seen = new Map<string, { span: Span; count: number }>();
  for (const span of spans) {
    const key = `${span[1] - span[0]}|${keyOf(span)}`;
    const known = seen.get(key);
    if (known === undefined) seen.set(key, { span, count: 1 });
    else known.count += 1;
  }
  // The largest first: where one does not fit, it is likely that one.
  return [...seen.values()].sort((a, b) => b.span[1] - b.span[0] - (a.span[1] - a.span[0]));
}

/**
 * Tells whether the output axons of every tile's neurons keep the limit, taking for each neuron what the neediest channel
 * of its position takes: channels hardly differ.
 */
export function outputTest({ population: { shape }, outputs }: SplitTask, limit: number): (split: Split) => boolean {
  if (outputs === null || !Number.isFinite(limit)) return () => true;
  const [height, width, channels] = shape;
  // Sums over the rectangle from the origin, [height + 1, width + 1].
  const sums = new Float64Array((height + 1) * (width + 1));
  for (let y = 0, k = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let most = 0;
      for (let c = 0; c < channels; c += 1, k += 1) most = Math.max(most, outputs[k]!);
      const at = (y + 1) * (width + 1) + x + 1;
      sums[at] = most + sums[at - 1]! + sums[at - width - 1]! - sums[at - width - 2]!;
    }
  }
  const sum = (y: number, x: number): number => sums[y * (width + 1) + x]!;
  return (split) => {
    const most = split.channels.reduce((longest, [first, end]) => Math.max(longest, end - first), 0);
    return split.rows.every(([top, bottom]) =>
      split.columns.every(
        ([left, right]) => (sum(bottom, right) - sum(top, right) - sum(bottom, left) + sum(top, left)) * most <= limit,
      ),
    );
  };
}
