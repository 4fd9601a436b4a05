import { failure } from '../schemas/diagnostic.js';
import type { IntegerSpikeGraph, Population } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { elementCount } from '../schemas/tensor.js';
import { type CoreLimit, type CoreNeed, coreLimits, inputNeed, passedLimit } from './core-need.js';
import {
  type CorePlan,
  CorePlanner,
  type IncomingProjection,
  incomingProjection,
  type PackingPolicy,
} from './core-plan.js';
import { biasAxonExponents, commonWeightExponent } from './grid.js';
import { axisReach, partCounts, type Span, splitEvenly, type Tile } from './tiling.js';

/** A population with everything that the mapping derives from it. */
export interface MappedPopulation {
  readonly population: Population<Int32Array>;
  readonly incoming: readonly IncomingProjection[];
  /** By incoming projection. */
  readonly weightExponents: readonly number[];
  /** Exponents of the host axons that bring its bias; none where the chip gates the bias. */
  readonly biasAxons: readonly number[];
}

/** How a population is cut: the product of these spans, one core per tile. */
export interface Split {
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
  readonly channels: readonly Span[];
  readonly policy: PackingPolicy;
}

/** A population on its cores, tiles in the order rows, columns, channels. */
export interface PlacedPopulation extends MappedPopulation {
  readonly split: Split;
  readonly cores: readonly CorePlan[];
}

interface Candidate {
  readonly split: Split;
  readonly cores: number;
}

/** What a core more weighs against a 'compact' packing, whose zero weights cost synaptic operations. */
const COMPACT_PENALTY = 1.1;
/** Splits that take more cores than this many times the fewest are only looked at if no others can be joined. */
const SURPLUS = 2;

/**
 * Cuts every population of a chain into tiles, one core each, so that all limits of the target hold and the sum of cores
 * is least among all even splits by rows, columns and channels; of equal sums the one with the fewest output axons.
 *
 * Exact, since what a core receives depends on its own tile, and what it sends on the split of the next population alone:
 * a shortest path through the candidates of each layer. Throws SW2001 (no chain), SW2011 (a bias by timestep that only
 * axons could bring), SW2013 (weights off the grid), SW2101 (a layer fits in no split), SW2102 (too many cores).
 */
export function partition(graph: IntegerSpikeGraph, target: Target): readonly PlacedPopulation[] {
  const planner = new CorePlanner(target);
  const limits = coreLimits(target);
  const mapped = graph.populations.map((population, index) => mapPopulation(graph, population, index, target));
  let splits: readonly Split[] | null = null;
  for (const surplus of [SURPLUS, Number.POSITIVE_INFINITY]) {
    const choices = mapped.map((layer) => feasibleSplits(layer, planner, limits, surplus));
    mapped.forEach((layer, index) => {
      if (choices[index]!.length === 0) throw fitsNowhere(layer, planner, limits, target);
    });
    splits = cheapestChain(mapped, choices, limits);
    if (splits !== null) break;
  }
  if (splits === null) throw outputsFitNowhere(mapped, target);
  const placed = mapped.map((layer, index): PlacedPopulation => {
    const split = splits[index]!;
    return { ...layer, split, cores: tilesOf(split).map((tile) => planner.plan(tile, split.policy, layer.incoming)) };
  });
  requireCores(placed, target);
  return placed;
}

function mapPopulation(
  graph: IntegerSpikeGraph,
  population: Population<Int32Array>,
  index: number,
  target: Target,
): MappedPopulation {
  const { arithmetic } = target;
  const where = `layer ${population.name}`;
  const before = graph.populations[index - 1];
  const projections = graph.projections.filter(({ to }) => to === population.name);
  for (const { from, delay, name } of projections) {
    if (from !== before?.name || delay !== 1 || projections.length > 1) {
      const what = `projection ${name} has a delay of ${delay} and comes from "${from}"; mapped is one projection of delay 1 from "${before?.name}".`;
      throw failure('SW2001', { where, what });
    }
  }
  const weightExponents = projections.map(({ name, kernel }) => {
    const exponent = commonWeightExponent(kernel.data, arithmetic.weight);
    if (exponent !== null) return exponent;
    throw failure('SW2013', {
      where: `projection ${name}`,
      what: `its weights are not on the grid of ${target.name}.`,
    });
  });
  const incoming = projections.map((projection) => incomingProjection(projection, before!.shape));
  return { population, incoming, weightExponents, biasAxons: biasAxonsOf(population, target) };
}

function biasAxonsOf({ name, bias }: Population<Int32Array>, { name: chip, arithmetic }: Target): readonly number[] {
  if (arithmetic.biasGate) return [];
  const where = `layer ${name}`;
  if (bias.rows > 1) {
    throw failure('SW2011', {
      where,
      what: `its bias changes by timestep; ${chip} receives a bias by axons that cannot.`,
    });
  }
  const { step } = arithmetic.weight;
  const largest = bias.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const exponents = biasAxonExponents(largest / step, arithmetic.weight);
  if (exponents === null || bias.data.some((value) => value % step !== 0)) {
    throw failure('SW2013', { where, what: `its bias is no sum of weights of ${chip}.` });
  }
  return exponents;
}

/** Splits in which every core keeps its limits but for output axons: by number of cores, up to `surplus` times the fewest. */
function feasibleSplits(
  layer: MappedPopulation,
  planner: CorePlanner,
  limits: readonly CoreLimit[],
  surplus: number,
): readonly Candidate[] {
  const [height, width, channels] = layer.population.shape;
  const compartments = limits.find(({ resource }) => resource === 'compartments')!.limit;
  const counts = partCounts(height)
    .flatMap((y) => partCounts(width).flatMap((x) => partCounts(channels).map((c) => [y, x, c] as const)))
    .filter(([y, x, c]) => Math.ceil(height / y) * Math.ceil(width / x) * Math.ceil(channels / c) <= compartments)
    .sort((a, b) => a[0] * a[1] * a[2] - b[0] * b[1] * b[2] || a[0] - b[0] || a[1] - b[1]);
  const found: Candidate[] = [];
  for (const [y, x, c] of counts) {
    if (y * x * c > surplus * (found[0]?.cores ?? Number.POSITIVE_INFINITY)) break;
    const parts = { rows: splitEvenly(height, y), columns: splitEvenly(width, x), channels: splitEvenly(channels, c) };
    const policies = (layer.incoming.length === 0 ? ['sparse'] : ['sparse', 'compact']) as readonly PackingPolicy[];
    const policy = policies.find((policy) => fits(layer, { ...parts, policy }, planner, limits));
    if (policy !== undefined) found.push({ split: { ...parts, policy }, cores: y * x * c });
  }
  return found;
}

/** Whether every tile fits; tiles that their axes and channels describe alike are looked at once. */
function fits(layer: MappedPopulation, split: Split, planner: CorePlanner, limits: readonly CoreLimit[]): boolean {
  const perNeuron = layer.population.threshold.columns > 1 || layer.population.decay.columns > 1;
  const rows = perNeuron ? split.rows : distinctSpans(split.rows, layer, 'rows');
  const columns = perNeuron ? split.columns : distinctSpans(split.columns, layer, 'columns');
  return rows.every((y) =>
    columns.every((x) =>
      split.channels.every((c) => {
        const need = needOf(layer, { y, x, c }, split.policy, planner, limits);
        return passedLimit(need, limits) === null;
      }),
    ),
  );
}

function needOf(
  layer: MappedPopulation,
  tile: Tile,
  policy: PackingPolicy,
  planner: CorePlanner,
  limits: readonly CoreLimit[],
): CoreNeed {
  const words = limits.find(({ resource }) => resource === 'synapseWords')!.limit;
  const plan = planner.plan(tile, policy, layer.incoming);
  return inputNeed(plan, layer.population, layer.biasAxons, planner, { words });
}

/** One span of each kind: equal extents, and equal ways of being reached. */
function distinctSpans(
  spans: readonly Span[],
  { incoming }: MappedPopulation,
  axis: 'rows' | 'columns',
): readonly Span[] {
  const seen = new Map<string, Span>();
  for (const span of spans) {
    const reaches = incoming.flatMap((entry) => axisReach(entry[axis], span));
    const key = `${span[1] - span[0]}|${reaches.map(({ tap, taps }) => `${tap}:${taps}`).join()}`;
    if (!seen.has(key)) seen.set(key, span);
  }
  return [...seen.values()];
}

/** From the last layer back: for each split the best continuation whose fan-out its output axons can hold. */
function cheapestChain(
  mapped: readonly MappedPopulation[],
  choices: readonly (readonly Candidate[])[],
  limits: readonly CoreLimit[],
): readonly Split[] | null {
  const outputAxons = limits.find(({ resource }) => resource === 'outputAxons')!.limit;
  let costs: number[] = [];
  const next: number[][] = [];
  for (let index = mapped.length - 1; index >= 0; index -= 1) {
    const after = mapped[index + 1];
    const continuation: number[] = [];
    costs = choices[index]!.map(({ split, cores }, n) => {
      const own = split.policy === 'compact' ? cores * COMPACT_PENALTY : cores;
      if (after === undefined) return own;
      let best = Number.POSITIVE_INFINITY;
      choices[index + 1]!.forEach((candidate, k) => {
        if (costs[k]! >= best) return;
        const fan = fanOut(split, candidate.split, after.incoming);
        // Axons only decide between equal numbers of cores.
        const cost = costs[k]! + fan.total * 1e-9;
        if (fan.most > outputAxons || cost >= best) return;
        best = cost;
        continuation[n] = k;
      });
      return own + best;
    });
    next[index] = continuation;
  }
  let choice = costs.reduce((best, cost, n) => (cost < costs[best]! ? n : best), 0);
  if (!Number.isFinite(costs[choice] ?? Number.POSITIVE_INFINITY)) return null;
  return choices.map((candidates, index) => {
    const { split } = candidates[choice]!;
    choice = next[index]![choice] ?? 0;
    return split;
  });
}

/** Output axons of the cores of `split` towards cores of `after`: the most of one core, and the sum. */
function fanOut(
  split: Split,
  after: Split,
  incoming: readonly IncomingProjection[],
): { readonly most: number; readonly total: number } {
  let most = 0;
  let total = 0;
  for (const entry of incoming) {
    const rows = spanSums(split.rows, after.rows, entry.rows);
    const columns = spanSums(split.columns, after.columns, entry.columns);
    const channels = Math.max(...split.channels.map(([first, end]) => end - first));
    const groups = after.channels.length;
    most += Math.max(...rows) * Math.max(...columns) * channels * groups;
    const inputs = entry.projection.kernel.shape[2];
    total += rows.reduce((sum, n) => sum + n, 0) * columns.reduce((sum, n) => sum + n, 0) * inputs * groups;
  }
  return { most, total };
}

/** For each source span, Σ over its coordinates of the target spans that hear it. */
function spanSums(
  sources: readonly Span[],
  targets: readonly Span[],
  axis: IncomingProjection['rows'],
): readonly number[] {
  const heard = new Int32Array(axis.sources);
  for (const span of targets) for (const { source } of axisReach(axis, span)) heard[source]! += 1;
  return sources.map(([first, end]) => {
    let sum = 0;
    for (let position = first; position < end; position += 1) sum += heard[Math.floor(position / axis.pool)] ?? 0;
    return sum;
  });
}

/** The tiles of a split in the order rows, columns, channels. */
function tilesOf({ rows, columns, channels }: Split): readonly Tile[] {
  return rows.flatMap((y) => columns.flatMap((x) => channels.map((c): Tile => ({ y, x, c }))));
}

function fitsNowhere(
  layer: MappedPopulation,
  planner: CorePlanner,
  limits: readonly CoreLimit[],
  { name }: Target,
): Error {
  const { population } = layer;
  const unit: Tile = { y: [0, 1], x: [0, 1], c: [0, 1] };
  const need = needOf(layer, unit, 'compact', planner, limits);
  const passed = passedLimit(need, limits) ?? limits[0]!;
  const unitText = passed.unit === '' ? '' : ` ${passed.unit} of`;
  const split = passed.resource === 'inputAxons';
  return failure('SW2101', {
    where: `layer ${population.name}`,
    what: `even a core with one of its ${elementCount(population.shape).toLocaleString('en')} neurons needs ${need[passed.resource].toLocaleString('en')}${unitText} ${passed.title}, ${name} has ${passed.limit.toLocaleString('en')}.`,
    ...(split
      ? { fix: 'Give the layer fewer inputs (pool before it), or choose a target with more input axons per core.' }
      : {}),
  });
}

function outputsFitNowhere(mapped: readonly MappedPopulation[], { name, limits }: Target): Error {
  return failure('SW2101', {
    where: `layers ${mapped.map(({ population }) => population.name).join(', ')}`,
    what: `no split keeps the output axons of every core within the ${limits.outputAxonsPerCore.value?.toLocaleString('en')} of ${name}.`,
    fix: 'Give the layers fewer channels, or choose a target with more output axons per core.',
  });
}

function requireCores(placed: readonly PlacedPopulation[], { name, limits }: Target): void {
  const chips = limits.chips.value ?? Number.POSITIVE_INFINITY;
  const perChip = limits.coresPerChip.value ?? Number.POSITIVE_INFINITY;
  const cores = placed.reduce((sum, layer) => sum + layer.cores.length, 0);
  if (cores <= chips * perChip) return;
  const largest = placed.reduce((most, layer) => (layer.cores.length > most.cores.length ? layer : most));
  throw failure('SW2102', {
    where: `layer ${largest.population.name}`,
    what: `the network needs ${cores.toLocaleString('en')} cores, ${largest.cores.length.toLocaleString('en')} of them for this layer; ${name} has ${chips.toLocaleString('en')} chips of ${perChip.toLocaleString('en')}.`,
  });
}
