import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { FlowGraph } from './flow-graph.js';

/** Where slots are, by slot number. */
export interface SlotMap {
  /** Tile column and row on the mesh of all chips. */
  readonly column: Int32Array;
  readonly row: Int32Array;
  /** The same in hops: each border between chips on the way counts as many more as crossing it is worth. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Tile rows of one chip. */
  readonly chipRows: number;
}

/** Steps of cooling, and the share of warmth that each leaves. */
const TEMPERATURES = 120;
const COOLING = 0.94;
/** Moves looked at to learn what a move changes. */
const PROBES = 400;
/** The first temperature, in mean changes of a probe: warm enough to dissolve the curve that it starts from. */
const WARMTH = 0.12;

/**
 * Exchanges the slots of two cores, or of a core and an empty slot, `moves` times: where that saves hops always, else
 * with a probability that falls with the hops it costs and with the temperature. Slots are drawn from a window around
 * the core's own that narrows as it cools. Returns the best slots found, slot numbers by core.
 *
 * Deterministic for equal arguments and an equal state of `random`; never worse than `start`.
 */
export function anneal(
  graph: FlowGraph,
  start: Int32Array,
  slots: SlotMap,
  moves: number,
  random: RandomGenerator,
): Int32Array {
  const state = new Exchanges(graph, start, slots);
  const uniform = (): number => (random.next() >>> 0) / 2 ** 32;
  const extent = largest(slots.column) + 1;
  const byPlace = slotsByPlace(slots);
  let total = 0;
  for (let probe = 0; probe < PROBES; probe += 1) {
    const a = Math.floor(uniform() * graph.cores);
    total += Math.abs(state.change(a, Math.floor(uniform() * slots.x.length)));
  }
  let temperature = (WARMTH * total) / PROBES;
  let cost = 0;
  let best = 0;
  let bestSlots: Int32Array = start.slice();
  const perTemperature = Math.max(1, Math.ceil(moves / TEMPERATURES));
  let window = extent;
  for (let done = 0; done < moves; ) {
    let taken = 0;
    const end = Math.min(moves, done + perTemperature);
    const count = end - done;
    for (; done < end; done += 1) {
      const core = Math.floor(uniform() * graph.cores);
      const slot = byPlace.near(state.slotOf[core]!, window, uniform());
      if (slot === state.slotOf[core]) continue;
      const change = state.change(core, slot);
      if (change > 0 && uniform() >= Math.exp(-change / temperature)) continue;
      state.exchange(core, slot);
      cost += change;
      taken += 1;
    }
    if (cost < best) {
      best = cost;
      bestSlots = state.slotOf.slice();
    }
    // As VPR does (Betz and Rose 1997): a window in which about 44 % of the moves are taken.
    window = Math.min(extent, Math.max(1, window * (1 - 0.44 + taken / count)));
    temperature *= COOLING;
  }
  return bestSlots;
}

/** Who is where, and what an exchange would change. */
class Exchanges {
  readonly slotOf: Int32Array;
  /** Core at each slot, −1 where none is. */
  readonly #coreAt: Int32Array;
  /** Where each core's slot is: small enough to stay in the cache, as all slots together may not. */
  readonly #x: Float64Array;
  readonly #y: Float64Array;

  constructor(
    private readonly graph: FlowGraph,
    start: Int32Array,
    private readonly slots: SlotMap,
  ) {
    this.slotOf = start.slice();
    this.#coreAt = new Int32Array(slots.x.length).fill(-1);
    start.forEach((slot, core) => {
      this.#coreAt[slot] = core;
    });
    this.#x = Float64Array.from(this.slotOf, (slot) => slots.x[slot]!);
    this.#y = Float64Array.from(this.slotOf, (slot) => slots.y[slot]!);
  }

  /** Hops more (or, below 0, fewer) if `core` went to `slot` and whoever is there took its place. */
  change(core: number, slot: number): number {
    const own = this.slotOf[core]!;
    const other = this.#coreAt[slot]!;
    const change = this.#move(core, own, slot, other);
    return other === -1 ? change : change + this.#move(other, slot, own, core);
  }

  exchange(core: number, slot: number): void {
    const own = this.slotOf[core]!;
    const other = this.#coreAt[slot]!;
    this.#coreAt[own] = -1;
    this.#put(core, slot);
    if (other !== -1) this.#put(other, own);
  }

  #put(core: number, slot: number): void {
    this.slotOf[core] = slot;
    this.#coreAt[slot] = core;
    this.#x[core] = this.slots.x[slot]!;
    this.#y[core] = this.slots.y[slot]!;
  }

  /** Change by one core alone; its messages with `except`, with which it changes places, go as far as before. */
  #move(core: number, from: number, to: number, except: number): number {
    const { offsets, partner, messages } = this.graph;
    const { x, y } = this.slots;
    const [coreX, coreY] = [this.#x, this.#y];
    const [fromX, fromY] = [x[from]!, y[from]!];
    const [toX, toY] = [x[to]!, y[to]!];
    if (fromX === toX && fromY === toY) return 0;
    let change = 0;
    const end = offsets[core + 1]!;
    for (let k = offsets[core]!; k < end; k += 1) {
      const other = partner[k]!;
      if (other === except) continue;
      const atX = coreX[other]!;
      const atY = coreY[other]!;
      const before = Math.abs(fromX - atX) + Math.abs(fromY - atY);
      const after = Math.abs(toX - atX) + Math.abs(toY - atY);
      change += messages[k]! * (after - before);
    }
    return change;
  }
}

function largest(values: Int32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** Finds slots by place: by column, in a column by row. */
function slotsByPlace({ column, row, chipRows }: SlotMap) {
  const order = Int32Array.from({ length: column.length }, (_, slot) => slot).sort(
    (a, b) => column[a]! - column[b]! || row[a]! - row[b]! || a - b,
  );
  const [columns, rows] = [largest(column) + 1, largest(row) + 1];
  /** Position in `order` of each tile's first slot. */
  const first = new Int32Array(columns * rows + 1);
  for (const slot of order) first[column[slot]! * rows + row[slot]! + 1]! += 1;
  const perTile = largest(first);
  for (let tile = 0; tile < columns * rows; tile += 1) first[tile + 1]! += first[tile]!;
  return {
    /**
     * A slot at most `window` columns and as many rows away, or as those of a chip if these are more, by a number in
     * [0, 1); the given one where the number falls on a place that has none.
     */
    near(slot: number, window: number, choice: number): number {
      const reach = Math.floor(window);
      const reachRows = Math.max(reach, chipRows - 1);
      const west = Math.max(0, column[slot]! - reach);
      const north = Math.max(0, row[slot]! - reachRows);
      const wide = Math.min(columns, column[slot]! + reach + 1) - west;
      const high = Math.min(rows, row[slot]! + reachRows + 1) - north;
      const drawn = Math.floor(choice * (wide * high * perTile));
      const tile = (west + Math.floor(drawn / (high * perTile))) * rows + north + (Math.floor(drawn / perTile) % high);
      const position = first[tile]! + (drawn % perTile);
      return position < first[tile + 1]! ? order[position]! : slot;
    },
  };
}
