import { failure } from '../schemas/diagnostic.js';
import type { IntegerSpikeGraph, Population } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { elementCount } from '../schemas/tensor.js';
import { type Candidate, cheapestChain, type Split } from './chain-search.js';
import {
  type CoreLimit,
  type CoreNeed,
  coreLimits,
  exactLists,
  fullLists,
  inputNeed,
  type ListCount,
  passedLimit,
} from './core-need.js';
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

/** A population on its cores, tiles in the order rows, columns, channels. */
export interface PlacedPopulation extends MappedPopulation {
  readonly split: Split;
  readonly cores: readonly CorePlan[];
}

/** Splits that take more cores than this many times the fewest are looked at if no others can be joined; and so on. */
const SURPLUS = 2;
const COUNT_ALL = { words: Number.POSITIVE_INFINITY, axons: Number.POSITIVE_INFINITY };

/**
 * Cuts every population of a chain into tiles, one core each, so that all limits of the target hold and the sum of cores
 * is least among all even splits by rows, columns and channels (a core with compact lists counts a tenth more); of equal
 * sums the one with the fewest output axons.
 *
 * Exact, since what a core receives depends on its own tile, and what it sends on the split of the next population alone:
 * a shortest path through the candidates of each layer. Throws SW2003 (no chain), SW2011 (a bias by timestep that only
 * axons could bring), SW2013 (weights off the grid), SW2101 (a layer fits in no split), SW2102 (too many cores).
 */
export function partition(graph: IntegerSpikeGraph, target: Target): readonly PlacedPopulation[] {
  const planner = new CorePlanner(target);
  const limits = coreLimits(target);
  const mapped = graph.populations.map((population, index) => mapPopulation(graph, population, index, target));
  for (const layer of mapped) requireOneNeuronFits(layer, planner, limits, target);
  let splits: readonly Split[] | null = null;
  const neurons = graph.populations.reduce((most, { shape }) => Math.max(most, elementCount(shape)), 0);
  for (let surplus = SURPLUS; splits === null && surplus <= SURPLUS * neurons; surplus *= SURPLUS) {
    const choices = mapped.map((layer) => feasibleSplits(layer, planner, limits, surplus));
    splits = cheapestChain(
      mapped.map(({ incoming }) => incoming),
      choices,
      limits,
    );
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
      throw failure('SW2003', { where, what });
    }
  }
  if (projections.length > 0 && graph.drives.some(({ population: driven }) => driven === population.name)) {
    throw failure('SW2003', { where, what: 'it hears spikes and the image; mapped is one of the two.' });
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
        const plan = planner.plan({ y, x, c }, split.policy, layer.incoming);
        // Zero weights only save: they need counting only where the tile would not fit without them.
        return [fullLists, exactLists].some((count) => {
          return passedLimit(needOf(layer, plan, planner, limits, count), limits) === null;
        });
      }),
    ),
  );
}

function needOf(
  layer: MappedPopulation,
  plan: CorePlan,
  planner: CorePlanner,
  limits: readonly CoreLimit[],
  countLists: ListCount,
): CoreNeed {
  const limitOf = (wanted: keyof CoreNeed): number => limits.find(({ resource }) => resource === wanted)!.limit;
  const stop = { words: limitOf('synapseWords'), axons: limitOf('inputAxons') };
  return inputNeed(plan, layer.population, layer.biasAxons, planner, countLists, stop);
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

/** The tiles of a split in the order rows, columns, channels. */
function tilesOf({ rows, columns, channels }: Split): readonly Tile[] {
  return rows.flatMap((y) => columns.flatMap((x) => channels.map((c): Tile => ({ y, x, c }))));
}

/** Throws SW2101 where a core cannot even hold one neuron; otherwise some split keeps all limits but output axons'. */
function requireOneNeuronFits(
  layer: MappedPopulation,
  planner: CorePlanner,
  limits: readonly CoreLimit[],
  { name }: Target,
): void {
  const { population } = layer;
  const [height, width, channels] = population.shape;
  // The middle of the grid: neurons at the border hear fewer sources.
  const [y, x] = [Math.floor(height / 2), Math.floor(width / 2)];
  for (let c = 0; c < channels; c += 1) {
    const neuron: Tile = { y: [y, y + 1], x: [x, x + 1], c: [c, c + 1] };
    const plan = planner.plan(neuron, 'compact', layer.incoming);
    const need = inputNeed(plan, population, layer.biasAxons, planner, exactLists, COUNT_ALL);
    const passed = passedLimit(need, limits);
    if (passed === null) continue;
    const unit = passed.unit === '' ? '' : ` ${passed.unit} of`;
    throw failure('SW2101', {
      where: `layer ${population.name}`,
      what: `even a core with one of its ${elementCount(population.shape).toLocaleString('en')} neurons needs ${need[passed.resource].toLocaleString('en')}${unit} ${passed.title}, ${name} has ${passed.limit.toLocaleString('en')}.`,
      ...(passed.resource === 'inputAxons'
        ? { fix: 'Give the layer fewer inputs (pool before it), or choose a target with more input axons per core.' }
        : {}),
    });
  }
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
