import type { Target, TargetMesh } from '../schemas/target.js';
import { type Flow, hops, type Slot, spikeHops } from './route.js';

/** Every core's slot, and what the placement was chosen for. */
export interface Placement {
  readonly slots: readonly Slot[];
  readonly chips: number;
  /** Links crossed if every neuron fired once; and with cores in row-major order, for comparison. */
  readonly spikeHops: number;
  readonly spikeHopsRowMajor: number;
}

/** Rounds of exchanging cores, and the most slots at which a round is worth its time. */
const ROUNDS_MAX = 6;
const EXCHANGE_SLOTS_MAX = 1024;

/**
 * Gives each of `cores` cores a slot: the best of several curves over the tiles of chip after chip, then exchanges of two
 * slots as long as one saves hops. Deterministic; no worse than row-major order, which is one of the curves.
 */
export function place(cores: number, traffic: readonly Flow[], { mesh, limits }: Target): Placement {
  const perChip = limits.coresPerChip.value ?? mesh.columns * mesh.rows * mesh.coresPerTile;
  const chips = Math.ceil(cores / perChip);
  const rowMajor = curve(rowMajorTiles(mesh), chips, perChip, mesh).slice(0, cores);
  const baseline = spikeHops(traffic, rowMajor, mesh);
  let slots: readonly Slot[] = rowMajor;
  let best = baseline;
  for (const tiles of [serpentineRows(mesh), serpentineColumns(mesh), blocks(mesh)]) {
    const candidate = curve(tiles, chips, perChip, mesh).slice(0, cores);
    const cost = spikeHops(traffic, candidate, mesh);
    if (cost < best) [slots, best] = [candidate, cost];
  }
  const all = curve(rowMajorTiles(mesh), chips, perChip, mesh);
  if (all.length <= EXCHANGE_SLOTS_MAX) slots = exchange(slots, all, traffic, mesh);
  return { slots, chips, spikeHops: spikeHops(traffic, slots, mesh), spikeHopsRowMajor: baseline };
}

/** All slots of `chips` chips, those of a tile together, tiles in the given order. */
function curve(
  tiles: readonly number[],
  chips: number,
  perChip: number,
  { coresPerTile }: TargetMesh,
): readonly Slot[] {
  const slots: Slot[] = [];
  for (let chip = 0; chip < chips; chip += 1) {
    for (const tile of tiles) {
      for (let core = tile * coresPerTile; core < (tile + 1) * coresPerTile; core += 1) {
        if (core < perChip) slots.push({ chip, core });
      }
    }
  }
  return slots;
}

function rowMajorTiles({ columns, rows }: TargetMesh): readonly number[] {
  return Array.from({ length: columns * rows }, (_, tile) => tile);
}

function serpentineRows({ columns, rows }: TargetMesh): readonly number[] {
  return rowMajorTiles({ columns, rows } as TargetMesh).map((tile) => {
    const row = Math.floor(tile / columns);
    return row % 2 === 0 ? tile : row * columns + (columns - 1 - (tile % columns));
  });
}

function serpentineColumns({ columns, rows }: TargetMesh): readonly number[] {
  return Array.from({ length: columns * rows }, (_, n) => {
    const column = Math.floor(n / rows);
    const row = column % 2 === 0 ? n % rows : rows - 1 - (n % rows);
    return row * columns + column;
  });
}

/** Two rows at a time, column by column: neighbours on the curve stay neighbours on the mesh, and strips stay short. */
function blocks({ columns, rows }: TargetMesh): readonly number[] {
  const tiles: number[] = [];
  for (let row = 0, strip = 0; row < rows; row += 2, strip += 1) {
    for (let n = 0; n < columns; n += 1) {
      const column = strip % 2 === 0 ? n : columns - 1 - n;
      const pair = [row, row + 1].filter((candidate) => candidate < rows);
      for (const own of n % 2 === 0 ? pair : pair.toReversed()) tiles.push(own * columns + column);
    }
  }
  return tiles;
}

/** Exchanges slots of two cores, or of a core and an empty slot, where that saves hops, until a round saves none. */
function exchange(
  start: readonly Slot[],
  all: readonly Slot[],
  traffic: readonly Flow[],
  mesh: TargetMesh,
): readonly Slot[] {
  const neighbours = start.map((): { other: number; messages: number }[] => []);
  for (const { from, to, messages } of traffic) {
    if (from === to) continue;
    neighbours[from]!.push({ other: to, messages });
    neighbours[to]!.push({ other: from, messages });
  }
  const used = new Set(start.map(({ chip, core }) => `${chip}/${core}`));
  const slots = [...start, ...all.filter(({ chip, core }) => !used.has(`${chip}/${core}`))];
  // Hops of one core's traffic if it stood at `slot`; its partner in the exchange stands at `partnerSlot` then.
  const costAt = (core: number, slot: Slot, partner: number, partnerSlot: Slot): number => {
    let cost = 0;
    for (const { other, messages } of neighbours[core] ?? []) {
      cost += messages * hops(slot, other === partner ? partnerSlot : slots[other]!, mesh);
    }
    return cost;
  };
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    let saved = 0;
    for (let a = 0; a < start.length; a += 1) {
      for (let b = a + 1; b < slots.length; b += 1) {
        const [slotA, slotB] = [slots[a]!, slots[b]!];
        const before = costAt(a, slotA, b, slotB) + costAt(b, slotB, a, slotA);
        const after = costAt(a, slotB, b, slotA) + costAt(b, slotA, a, slotB);
        if (after >= before) continue;
        saved += before - after;
        slots[a] = slotB;
        slots[b] = slotA;
      }
    }
    if (saved === 0) break;
  }
  return slots.slice(0, start.length);
}
