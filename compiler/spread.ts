import type { Target } from '../schemas/target.js';
import { elementCount } from '../schemas/tensor.js';
import type { PlacedPopulation } from './partition.js';
import type { Span } from './tiling.js';

/** The cores of each population, by its name, that hear a relay instead of its source. */
export type Served = ReadonlyMap<string, Span>;

/** A population that so many cores hear that copies of its spikes, each amid some of them, may spare links. */
interface SpreadTask {
  readonly source: PlacedPopulation;
  /** The most copies worth a look. */
  readonly mostCopies: number;
  /** Links that fewer messages of a sample cross, about, with so many copies. */
  readonly sparedBy: (copies: number) => number;
  /** The hearers' cores in as many parts, which differ by no more than a core. */
  readonly servedBy: (copies: number) => readonly Served[];
}

/** Relays of a population, one for each of the parts of its hearers; null where the chip cannot hold them. */
type MakeCopies = (source: PlacedPopulation, parts: readonly Served[]) => readonly PlacedPopulation[] | null;

/** A copy's kernel, the identity, grows with the square of its channels. */
const CHANNELS_MAX = 1024;
const COPIES_MAX = 16;
/** Of all pairs of a neuron and a core that hears any, those that hear one another: of tiles of a grid fewer do. */
const DENSITY_MIN = 0.5;
/** What one percent of cores is worth in percent of the links that messages cross. */
const HOPS_FOR_CORES = 10;

/**
 * The same network with copies of populations whose every neuron is heard by most of the cores that hear any: what stands
 * near one of these is far from others, and a copy amid a part of them spares more links than its own messages cross.
 * Of every population as many copies as are worth their cores: one percent of these ten percent of all links.
 */
export function spread(
  placed: readonly PlacedPopulation[],
  target: Target,
  makeCopies: MakeCopies,
): readonly PlacedPopulation[] {
  const { tasks, ...before } = spreadTasks(placed, target);
  let hops = before.hops;
  let cores = coresOf(placed);
  const chosen = new Map<PlacedPopulation, readonly PlacedPopulation[]>();
  for (const { source, mostCopies, sparedBy, servedBy } of tasks) {
    const costOf = (more: number, copies: number): number => {
      return HOPS_FOR_CORES * Math.log(cores + more) + Math.log(hops - sparedBy(copies));
    };
    let best = { cost: costOf(0, 0), copies: 0, relays: [] as readonly PlacedPopulation[] };
    for (let copies = 2; copies <= mostCopies; copies += 1) {
      // A core for each copy at least.
      if (costOf(copies, copies) >= best.cost) continue;
      const relays = makeCopies(source, servedBy(copies));
      if (relays === null) break;
      const cost = costOf(coresOf(relays), copies);
      if (cost < best.cost) best = { cost, copies, relays };
    }
    hops -= sparedBy(best.copies);
    cores += coresOf(best.relays);
    chosen.set(source, best.relays);
  }
  return placed.flatMap((layer) => [layer, ...(chosen.get(layer) ?? [])]);
}

function coresOf(layers: readonly PlacedPopulation[]): number {
  return layers.reduce((sum, { cores }) => sum + cores.length, 0);
}

/**
 * What copies may be made of, and the links that all messages of a sample cross, about, without any: reckoned from the room
 * that senders and hearers take together. In a diamond of tiles the mean tile is two thirds of the radius from the middle.
 */
function spreadTasks(
  placed: readonly PlacedPopulation[],
  { mesh }: Target,
): { readonly hops: number; readonly tasks: readonly SpreadTask[] } {
  const distance = (cores: number): number => (2 / 3) * Math.sqrt(cores / (2 * mesh.coresPerTile));
  const heard = hearersOf(placed);
  const relayed = new Set(placed.map(({ relayOf }) => relayOf));
  const tasks: SpreadTask[] = [];
  let hops = 0;
  for (const source of placed) {
    const { population, cores, relayOf } = source;
    const { messages, cores: hearers, spans } = heard.get(population.name)!;
    const neurons = elementCount(population.shape);
    const room = distance(cores.length + hearers);
    hops += messages * room;
    const hasRelay = relayOf !== null || relayed.has(population.name);
    const isDense = messages > 0 && messages >= DENSITY_MIN * neurons * hearers;
    if (hasRelay || !isDense || population.shape[2] > CHANNELS_MAX) continue;
    tasks.push({
      source,
      mostCopies: Math.min(COPIES_MAX, Math.floor(hearers / 2)),
      sparedBy: (copies) => {
        return copies === 0 ? 0 : messages * (room - distance(hearers / copies)) - copies * neurons * room;
      },
      servedBy: (copies) => partsOf(spans, hearers, copies),
    });
  }
  return { hops, tasks };
}

/** What hears a population. */
interface Hearers {
  /** Of a sample in which every neuron fires once. */
  messages: number;
  cores: number;
  /** By name, the cores of the populations that hear it. */
  readonly spans: (readonly [name: string, cores: number])[];
}

function hearersOf(placed: readonly PlacedPopulation[]): ReadonlyMap<string, Hearers> {
  const heard = new Map(
    placed.map(({ population }) => [population.name, { messages: 0, cores: 0, spans: [] } as Hearers]),
  );
  const relays = new Map(placed.map(({ population, relayOf }) => [relayOf, population.name]));
  for (const { population, incoming, cores, relayOf } of placed) {
    const sources = incoming.map(({ projection: { from } }) => (relayOf === null ? (relays.get(from) ?? from) : from));
    for (const source of new Set(sources)) {
      const own = heard.get(source)!;
      own.cores += cores.length;
      own.spans.push([population.name, cores.length]);
    }
    for (const { blocks } of cores) {
      blocks.forEach(({ axonOf, plan }, n) => {
        const { pool } = plan.incoming.projection;
        let axons = 0;
        for (let k = 0; k < axonOf.length; k += 1) if (axonOf[k] !== -1) axons += 1;
        heard.get(sources[n]!)!.messages += axons * pool[0] * pool[1];
      });
    }
  }
  return heard;
}

function partsOf(spans: Hearers['spans'], cores: number, parts: number): readonly Served[] {
  return Array.from({ length: parts }, (_, part) => {
    const [first, end] = [Math.floor((part * cores) / parts), Math.floor(((part + 1) * cores) / parts)];
    const served = new Map<string, Span>();
    let start = 0;
    for (const [name, count] of spans) {
      const own: Span = [Math.max(first - start, 0), Math.min(end - start, count)];
      if (own[0] < own[1]) served.set(name, own);
      start += count;
    }
    return served;
  });
}
