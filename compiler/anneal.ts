import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { FlowGraph } from './flow-graph.js';

/** Where slots are, by slot number: tile column and row on the mesh of all chips, and chip. */
export interface SlotMap {
  readonly x: Int32Array;
  readonly y: Int32Array;
  readonly chip: Int32Array;
  /** What leaving a chip costs beside the link itself, in hops. */
  readonly crossing: number;
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
  const extent = slots.x.reduce((most, x) => Math.max(most, x), 0) + 1;
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
  /** Column, row and chip of each core's slot: small enough to stay in the cache, as all slots together may not. */
  readonly #x: Int32Array;
  readonly #y: Int32Array;
  readonly #chip: Int32Array;

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
    this.#x = this.slotOf.map((slot) => slots.x[slot]!);
    this.#y = this.slotOf.map((slot) => slots.y[slot]!);
    this.#chip = this.slotOf.map((slot) => slots.chip[slot]!);
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
    this.#chip[core] = this.slots.chip[slot]!;
  }

  /** Change by one core alone; its messages with `except`, with which it changes places, go as far as before. */
  #move(core: number, from: number, to: number, except: number): number {
    const { offsets, partner, messages } = this.graph;
    const { x, y, chip, crossing } = this.slots;
    const [coreX, coreY, coreChip] = [this.#x, this.#y, this.#chip];
    const [fromX, fromY, fromChip] = [x[from]!, y[from]!, chip[from]!];
    const [toX, toY, toChip] = [x[to]!, y[to]!, chip[to]!];
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
      if (crossing === 0) {
        change += messages[k]! * (after - before);
      } else {
        const atChip = coreChip[other]!;
        const crossed = crossing * Math.abs(fromChip - atChip);
        change += messages[k]! * (after + crossing * Math.abs(toChip - atChip) - (before + crossed));
      }
    }
    return change;
  }
}

/** Finds slots by place: by column, and in a column by row. */
function slotsByPlace({ x, y }: SlotMap) {
  const order = Int32Array.from({ length: x.length }, (_, slot) => slot).sort(
    (a, b) => x[a]! - x[b]! || y[a]! - y[b]! || a - b,
  );
  const columns = x.reduce((most, value) => Math.max(most, value), 0) + 1;
  /** Position in `order` of each column's first slot. */
  const first = new Int32Array(columns + 1);
  for (const column of x) first[column + 1]! += 1;
  for (let column = 0; column < columns; column += 1) first[column + 1]! += first[column]!;
  return {
    /** A slot at most `window` columns away, by a number in [0, 1). */
    near(slot: number, window: number, choice: number): number {
      const reach = Math.floor(window);
      const from = first[Math.max(0, x[slot]! - reach)]!;
      const to = first[Math.min(columns, x[slot]! + reach + 1)]!;
      return order[from + Math.floor(choice * (to - from))]!;
    },
  };
}
