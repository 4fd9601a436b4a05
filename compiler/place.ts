import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { failure } from '../schemas/diagnostic.js';
import type { Target } from '../schemas/target.js';
import { chipPlace, tilePlace } from '../targets/board-grid.js';
import { anneal, type SlotMap } from './anneal.js';
import { type FlowGraph, flowGraph, relaxedOrders } from './flow-graph.js';
import { type Flow, type Slot, spikeHops } from './route.js';
import { chipsAlong, rowMajorTiles, slotsAlong, tileCurves } from './tile-curves.js';

/** Every core's slot, and what the placement was chosen for. */
export interface Placement {
  readonly slots: readonly Slot[];
  /** Of the board: its last chip in use is chips − 1. */
  readonly chips: number;
  /** Links crossed per sample at the rates of the traffic: as placed; and with cores in row-major order. */
  readonly spikeHops: number;
  readonly spikeHopsRowMajor: number;
}

/** How thoroughly cores are placed, and where they may be. */
export interface PlacementOptions {
  /** Seed of the annealing; any whole number. */
  readonly seed: number;
  /** Exchanges that the annealing tries; null for as many as suit the number of cores. */
  readonly moves: number | null;
  /** Slots that belong to another network. */
  readonly occupied: readonly Slot[];
}

/** Rounds of bringing partners closer on the curve, before annealing. */
const ROUNDS = 12;
/** Exchanges tried per core, and the most partners looked at in all. */
const MOVES_PER_CORE = 500;
const WORK_MAX = 3e8;

/**
 * Gives each of `cores` cores a slot: the best of several curves over the tiles of chip after chip and several orders of
 * the cores along them, then simulated annealing of the hops that all messages of a sample take, where a link between
 * chips weighs as many hops more as it takes longer on the target. Deterministic; by that measure never worse than
 * row-major order. Throws SW2102 where the board has too few free slots.
 */
export function place(
  cores: number,
  traffic: readonly Flow[],
  target: Target,
  { seed, moves, occupied }: PlacementOptions,
): Placement {
  const { mesh } = target;
  const perChip = coresPerChip(target);
  const taken = new Set(occupied.map(({ chip, core }) => chip * perChip + core));
  const chips = chipsFor(cores, taken, perChip, target);
  const free = ({ chip, core }: Slot): boolean => !taken.has(chip * perChip + core);
  const rowMajor = slotsAlong([...Array(chips).keys()], rowMajorTiles(mesh), perChip, mesh).filter(free);
  const number = new Map(rowMajor.map(({ chip, core }, slot) => [chip * perChip + core, slot]));
  const graph = flowGraph(cores, traffic);
  const map = slotMap(rowMajor, target);
  let best: Int32Array = Int32Array.from({ length: cores }, (_, core) => core);
  let cost = weightedHops(graph, best, map);
  for (const tiles of tileCurves(mesh)) {
    const along = slotsAlong(chipsAlong(chips, mesh), tiles, perChip, mesh).filter(free);
    const curve = Int32Array.from(along, ({ chip, core }) => number.get(chip * perChip + core)!);
    for (const order of relaxedOrders(graph, ROUNDS)) {
      const candidate = new Int32Array(cores);
      order.forEach((core, position) => {
        candidate[core] = curve[position]!;
      });
      const own = weightedHops(graph, candidate, map);
      if (own < cost) [best, cost] = [candidate, own];
    }
  }
  if (cost > 0) best = anneal(graph, best, map, moves ?? movesFor(graph), xoroshiro128plus(seed));
  const slots = Array.from(best, (slot) => rowMajor[slot]!);
  const baseline = spikeHops(traffic, rowMajor, mesh);
  return {
    slots,
    chips: slots.reduce((last, { chip }) => Math.max(last, chip), 0) + 1,
    spikeHops: spikeHops(traffic, slots, mesh),
    spikeHopsRowMajor: baseline,
  };
}

/** Cores of one chip that can be used. */
function coresPerChip({ mesh, limits }: Target): number {
  return limits.coresPerChip.value ?? mesh.columns * mesh.rows * mesh.coresPerTile;
}

/** The fewest chips, from the first on, with `cores` free slots; `taken` are chip·perChip + core of the others. */
function chipsFor(cores: number, taken: ReadonlySet<number>, perChip: number, { name, limits }: Target): number {
  const most = limits.chips.value ?? Number.POSITIVE_INFINITY;
  const takenOf = new Map<number, number>();
  for (const slot of taken) {
    const chip = Math.floor(slot / perChip);
    takenOf.set(chip, (takenOf.get(chip) ?? 0) + 1);
  }
  let free = 0;
  for (let chip = 0; chip < most; chip += 1) {
    free += perChip - (takenOf.get(chip) ?? 0);
    if (free >= cores) return chip + 1;
  }
  throw failure('SW2102', {
    where: name,
    what: `${cores.toLocaleString('en')} cores are needed; its ${most.toLocaleString('en')} chips of ${perChip.toLocaleString('en')} have ${free.toLocaleString('en')} left.`,
    fix: 'Place fewer networks on the board, or choose a larger target.',
  });
}

function slotMap(slots: readonly Slot[], target: Target): SlotMap {
  const { mesh } = target;
  const crossing = crossingHops(target);
  const tiles = slots.map(({ chip, core }) => tilePlace(chip, core, mesh));
  const chips = slots.map(({ chip }) => chipPlace(chip, mesh));
  return {
    column: Int32Array.from(tiles, ({ column }) => column),
    row: Int32Array.from(tiles, ({ row }) => row),
    x: Float64Array.from(tiles, ({ column }, slot) => column + crossing * chips[slot]!.column),
    y: Float64Array.from(tiles, ({ row }, slot) => row + crossing * chips[slot]!.row),
    chipRows: mesh.rows,
  };
}

/** Hops that a link between chips is worth beside its own, by the target's times; 0 where either is unpublished. */
function crossingHops({ timing: { chipToChip, hopEastWest } }: Target): number {
  if (chipToChip.value === null || !hopEastWest.value || chipToChip.unit !== hopEastWest.unit) return 0;
  return chipToChip.value / hopEastWest.value;
}

function weightedHops({ cores, offsets, partner, messages }: FlowGraph, slotOf: Int32Array, { x, y }: SlotMap): number {
  let sum = 0;
  for (let core = 0; core < cores; core += 1) {
    const own = slotOf[core]!;
    for (let k = offsets[core]!; k < offsets[core + 1]!; k += 1) {
      const other = slotOf[partner[k]!]!;
      sum += messages[k]! * (Math.abs(x[own]! - x[other]!) + Math.abs(y[own]! - y[other]!));
    }
  }
  return sum / 2;
}

function movesFor({ cores, partner }: FlowGraph): number {
  const partnersPerMove = (2 * partner.length) / Math.max(1, cores);
  return Math.ceil(Math.min(MOVES_PER_CORE * cores, WORK_MAX / Math.max(1, partnersPerMove)));
}
