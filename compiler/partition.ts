import { failure } from '../schemas/diagnostic.js';
import { sha256 } from '../schemas/hash.js';
import type { IntegerSpikeGraph, Population, Projection } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { elementCount, type MapShape } from '../schemas/tensor.js';
import { type AxonBlock, AxonNumbering, addOutputs } from './axon-block.js';
import { type CoreLimit, type CoreNeed, coreLimits } from './core-need.js';
import { type CorePlan, CorePlanner } from './core-plan.js';
import { type RelayPopulation, relayPopulation, retimed } from './fan-out.js';
import { biasAxonExponents } from './grid.js';
import { delayBits, type IncomingProjection, incomingProjection } from './incoming.js';
import { fitsNowhere, outputsFitNowhere, requireCores, requireDelays, requireOneNeuronFits } from './refusal.js';
import { type AskedSplits, anyParts, requireSplits } from './split-parts.js';
import { type Candidate, cheapestSplit, outputTest, type Split, type SplitTask } from './split-search.js';
import { type Served, spread } from './spread.js';
import type { Tile } from './tiling.js';

/** A tile on its core, with the core's input axons. */
export interface PlacedCore {
  readonly plan: CorePlan;
  readonly blocks: readonly AxonBlock[];
}

/** A population on its cores, tiles in the order rows, columns, channels. */
export interface PlacedPopulation {
  readonly population: Population<Int32Array>;
  readonly incoming: readonly IncomingProjection[];
  /** Exponents of the host axons that bring its bias; none where the chip gates the bias. */
  readonly biasAxons: readonly number[];
  /** The population whose spikes it repeats, of a relay. */
  readonly relayOf: string | null;
  /** The cores that hear it, of a relay that is one of several; null where all that hear its source do. */
  readonly served: Served | null;
  readonly split: Split;
  readonly cores: readonly PlacedCore[];
  /** Timesteps from a spike to its input, by incoming projection. */
  readonly delays: readonly number[];
}

/** A network on cores. */
export interface Partition {
  /** The graph whose spikes those on the cores are: the given one, its windows moved where relays take time. */
  readonly graph: IntegerSpikeGraph;
  /** The graph's populations in order, each followed by its relays if it has any. */
  readonly placed: readonly PlacedPopulation[];
}

/** What is known of a population before those that hear it are placed. */
type LayerTask = Omit<SplitTask, 'outputs' | 'spareAxons'>;

/** A population may take so many times the cores that it and a relay would, before it gets one: relays cost latency. */
const RELAY_PENALTY = 1.1;

/**
 * Cuts every population into tiles, one core each, so that all limits of the target hold, from the last to the first:
 * what a core sends depends on how those that hear it are cut. Each split is the cheapest in its own cores and in those
 * that its sources' output axons will take. Where output axons bind, a population gets relays (`relayPopulation`) if that
 * takes fewer cores; a population that very many cores hear gets several, each for some of them, if these spare many
 * links (`spread`). Relays move windows, and longer delays take bits in each synapse: cut anew until no more are needed.
 *
 * Throws SW2003 (a delay beyond the chip's), SW2011 (a bias by timestep that only axons could bring), SW2013 (weights off
 * the grid), SW2101 (a layer fits in no split), SW2102 (too many cores), SW2103 and SW2104 (no such split as asked for).
 */
export function partition(graph: IntegerSpikeGraph, target: Target, splits: AskedSplits): Partition {
  requireSplits(splits, graph);
  let assumed = new Map(graph.projections.map(({ name, delay }) => [name, delay]));
  const partitioner = new Partitioner(graph, target, splits);
  for (;;) {
    const placed = partitioner.run(assumed);
    const timed = retimed(graph, new Set(placed.flatMap(({ relayOf }) => relayOf ?? [])));
    const final = withWindows(placed, timed);
    const found = new Map(
      final.flatMap(({ incoming, delays }) =>
        incoming.map(({ projection }, k) => [projection.name, delays[k]!] as const),
      ),
    );
    const grown = [...assumed].some(([name, delay]) => delayBits(found.get(name)!) > delayBits(delay));
    if (!grown) {
      requireDelays(final, target);
      requireCores(final, target);
      return { graph: timed, placed: final };
    }
    assumed = new Map([...assumed].map(([name, delay]) => [name, Math.max(delay, found.get(name)!)]));
  }
}

/** The same cores with the windows of `graph`, those of relays one timestep after their sources', and the delays between. */
function withWindows(placed: readonly PlacedPopulation[], graph: IntegerSpikeGraph): readonly PlacedPopulation[] {
  const phases = new Map(graph.populations.map(({ name, phase }) => [name, phase]));
  const relays = new Map<string, string>();
  for (const { population, relayOf } of placed) {
    if (relayOf === null) continue;
    relays.set(relayOf, population.name);
    phases.set(population.name, phases.get(relayOf)! + 1);
  }
  return placed.map((layer) => {
    const { population, incoming, relayOf } = layer;
    const phase = phases.get(population.name)!;
    const delays = incoming.map(({ projection: { from } }) => {
      return phase - phases.get(relayOf === null ? (relays.get(from) ?? from) : from)!;
    });
    return { ...layer, population: { ...population, phase }, delays };
  });
}

/** Cuts the populations of one graph, as often as delays change, and remembers what it found. */
class Partitioner {
  readonly #graph: IntegerSpikeGraph;
  readonly #target: Target;
  readonly #asked: AskedSplits;
  readonly #planner: CorePlanner;
  readonly #limits: readonly CoreLimit[];
  readonly #compartments: number;
  readonly #outputLimit: number;
  /** Projections by name and bits of their delay; splits by everything that they depend on. */
  readonly #incoming = new Map<string, IncomingProjection>();
  readonly #splits = new Map<string, Candidate | null>();

  constructor(graph: IntegerSpikeGraph, target: Target, splits: AskedSplits) {
    this.#graph = graph;
    this.#asked = splits;
    this.#target = target;
    this.#planner = new CorePlanner(target);
    this.#limits = coreLimits(target);
    const limitOf = (wanted: keyof CoreNeed): number => this.#limits.find(({ resource }) => resource === wanted)!.limit;
    this.#compartments = limitOf('compartments');
    this.#outputLimit = limitOf('outputAxons');
  }

  /** `assumed`: by projection, its longest possible delay. */
  run(assumed: ReadonlyMap<string, number>): readonly PlacedPopulation[] {
    const shapes = new Map(this.#graph.populations.map(({ name, shape }) => [name, shape]));
    const tasks = this.#graph.populations.map((population): LayerTask => {
      const incoming = this.#graph.projections
        .filter(({ to }) => to === population.name)
        .map((projection) => {
          const bits = delayBits(assumed.get(projection.name)!);
          return this.#incomingOf(projection, shapes.get(projection.from)!, bits);
        });
      const biasAxons = biasAxonsOf(population, this.#target);
      const parts = this.#asked.get(population.name) ?? anyParts;
      return { population, incoming, biasAxons, timesteps: this.#graph.timesteps, parts };
    });
    for (const task of tasks) requireOneNeuronFits(task, this.#planner, this.#limits);
    const placed: PlacedPopulation[] = [];
    for (const task of tasks.toReversed()) {
      const spareAxons = task.incoming.map(({ projection: { from } }) =>
        this.#spareAxons(shapes.get(from)!, hearers(placed, from)),
      );
      placed.unshift(...this.#place({ ...task, spareAxons }, hearers(placed, task.population.name)));
    }
    return spread(placed, this.#target, (source, parts) => this.#copies(source.population, parts, placed));
  }

  /** Relays of a population, each for some of the cores that hear it; null where the chip cannot hold them. */
  #copies(
    population: Population<Int32Array>,
    parts: readonly Served[],
    placed: readonly PlacedPopulation[],
  ): readonly PlacedPopulation[] | null {
    const relays: PlacedPopulation[] = [];
    for (const [n, served] of parts.entries()) {
      const relay = relayPopulation(population, `${population.name} copy ${n + 1}`, this.#target);
      const outputs = this.#outputsOf(population.shape, hearers(placed, population.name, served));
      const cut = relay === null ? null : this.#cutRelay(relay, outputs, 0);
      if (cut === null) return null;
      relays.push({ ...this.#placed(cut.task, cut.candidate.split, population.name), served });
    }
    return relays;
  }

  /** Output axons that the fewest cores that hold a population have left beside those of its present hearers. */
  #spareAxons(shape: MapShape, blocks: readonly AxonBlock[]): number {
    const cores = Math.ceil(elementCount(shape) / this.#compartments);
    const used = this.#outputsOf(shape, blocks)?.reduce((sum, axons) => sum + axons, 0) ?? 0;
    return Math.max(0, cores * this.#outputLimit - used);
  }

  #incomingOf(projection: Projection<Int32Array>, from: MapShape, bits: number): IncomingProjection {
    const key = `${projection.name}\n${bits}`;
    const known = this.#incoming.get(key) ?? incomingProjection(projection, from, bits, this.#target);
    this.#incoming.set(key, known);
    return known;
  }

  #cheapest(task: SplitTask): Candidate | null {
    const bits = task.incoming.map((entry) => entry.delayBits).join();
    const outputs = task.outputs === null ? '' : sha256(new Uint8Array(task.outputs.buffer));
    const key = `${task.population.name}\n${JSON.stringify(task.parts)}\n${bits}\n${outputs}\n${task.spareAxons.join()}`;
    let found = this.#splits.get(key);
    if (found === undefined) {
      found = cheapestSplit(task, this.#planner, this.#limits);
      this.#splits.set(key, found);
    }
    return found;
  }

  /** A population given the axons that hear it, and its relay if it is better off with one. */
  #place(task: Omit<SplitTask, 'outputs'>, hearers: readonly AxonBlock[]): readonly PlacedPopulation[] {
    const free = this.#cheapest({ ...task, outputs: null });
    if (free === null) throw fitsNowhere(task, this.#unasked({ ...task, outputs: null }), this.#planner, this.#limits);
    const outputs = this.#outputsOf(task.population.shape, hearers);
    if (outputs === null) return [this.#placed(task, free.split, null)];
    if (outputTest({ ...task, outputs }, this.#outputLimit)(free.split)) return [this.#placed(task, free.split, null)];
    const direct = this.#cheapest({ ...task, outputs });
    const relay = relayPopulation(task.population, `${task.population.name} fan-out`, this.#target);
    const relayed = relay === null ? null : this.#cutRelay(relay, outputs, this.#spareAxons(task.population.shape, []));
    if (relayed !== null && (direct === null || RELAY_PENALTY * (free.cost + relayed.candidate.cost) < direct.cost)) {
      const own = this.#placed(relayed.task, relayed.candidate.split, task.population.name);
      const blocks = own.cores.flatMap((core) => core.blocks);
      // One output axon for each neuron: more than enough for any core but on a chip with fewer of them than neurons.
      const rest = { ...task, outputs: this.#outputsOf(task.population.shape, blocks) };
      const split = outputTest(rest, this.#outputLimit)(free.split) ? free.split : this.#cheapest(rest)?.split;
      if (split !== undefined) return [this.#placed(task, split, null), own];
    }
    if (direct === null) {
      throw outputsFitNowhere(task, outputs, this.#unasked({ ...task, outputs }), this.#planner, this.#outputLimit);
    }
    return [this.#placed(task, direct.split, null)];
  }

  /** The split that the search would choose where one was asked for; null where none was. */
  #unasked(task: SplitTask): Split | null {
    return this.#asked.has(task.population.name) ? (this.#cheapest({ ...task, parts: anyParts })?.split ?? null) : null;
  }

  #cutRelay(
    { population, projection }: RelayPopulation,
    outputs: Int32Array | null,
    spare: number,
  ): { readonly task: SplitTask; readonly candidate: Candidate } | null {
    const incoming = [this.#incomingOf(projection, population.shape, 0)];
    const { timesteps } = this.#graph;
    const own = { population, incoming, biasAxons: [], timesteps, parts: anyParts };
    const task: SplitTask = { ...own, outputs, spareAxons: [spare] };
    const candidate = this.#cheapest(task);
    return candidate === null ? null : { task, candidate };
  }

  #placed(task: LayerTask, split: Split, relayOf: string | null): PlacedPopulation {
    const { population, incoming, biasAxons } = task;
    const numbering = new AxonNumbering(this.#planner, biasAxons.length);
    const cores = tilesOf(split).map((tile): PlacedCore => {
      const plan = this.#planner.plan(tile, split.style, incoming);
      return { plan, blocks: numbering.blocks(plan) };
    });
    return { population, incoming, biasAxons, relayOf, served: null, split, cores, delays: [] };
  }

  /** Output axons that each neuron needs; null where the chip has any number of them. */
  #outputsOf(shape: MapShape, hearers: readonly AxonBlock[]): Int32Array | null {
    if (!Number.isFinite(this.#outputLimit)) return null;
    const outputs = new Int32Array(elementCount(shape));
    const cost = this.#target.limits.populationAxon?.outputAxons.value ?? 1;
    for (const block of hearers) addOutputs(outputs, block, shape, cost);
    return outputs;
  }
}

/** The axons of placed cores that hear a population; of those in `served` alone, if it is given. */
function hearers(placed: readonly PlacedPopulation[], name: string, served?: Served): readonly AxonBlock[] {
  return placed.flatMap(({ population, cores }) => {
    const [first, end] = served === undefined ? [0, cores.length] : (served.get(population.name) ?? [0, 0]);
    return cores
      .slice(first, end)
      .flatMap(({ blocks }) => blocks.filter(({ plan }) => plan.incoming.projection.from === name));
  });
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

/** The tiles of a split in the order rows, columns, channels. */
function tilesOf({ rows, columns, channels }: Split): readonly Tile[] {
  return rows.flatMap((y) => columns.flatMap((x) => channels.map((c): Tile => ({ y, x, c }))));
}
