import type { CoreImage } from '../schemas/program.js';
import type { CoreState } from './core-state.js';
import type { MachineMemory } from './machine-memory.js';
import type { MergedMemory, SourceRows } from './merged-memory.js';
import type { Mesh } from './mesh.js';
import { PatternTable } from './pattern-table.js';

/** Words of a `Fan` and an `Outlet` in the kernel. */
const fanWords = 4;
const fan = { outlets: 0, eastWest: 1, northSouth: 2, crossings: 3 };
const outletWords = 2;
/** Messages, and their links east-west, north-south and between chips. */
const sentWays = 4;

/** What placing output axons takes: of this core, the rows that its spikes send; of all, states and the mesh. */
interface Surroundings {
  readonly from: number;
  readonly rows: readonly SourceRows[];
  readonly states: readonly CoreState[];
  readonly mesh: Mesh;
  readonly memory: MachineMemory;
  readonly merged: MergedMemory;
}

/**
 * The output axons of a core: each spike of compartment k makes one message for each of its entries
 * offsets[k] … offsets[k + 1] − 1. What a spike sends over the mesh is summed once, when the Program is loaded.
 */
export class AxonsOut {
  readonly offsets: Uint32Array;
  /** Core that each entry goes to (a place in `program.cores`), and how many synapses it finds there. */
  readonly core: Int32Array;
  readonly synapses: Int32Array;
  /** The inlet of each entry; −1 where that core has the synapses of its messages merged. Null where all have. */
  inlet: Int32Array | null = null;
  /** The cores that any entry goes to, and the messages sent to each since this was last cleared, once they are counted. */
  routes: readonly number[] = [];
  sentOn: Uint32Array = new Uint32Array(0);
  /** By population of the core: messages sent to merged synapses since this was last cleared, and the links on their way. */
  readonly sent = new Map<number, Float64Array>();
  readonly #population: Int32Array;
  readonly #state: CoreState;

  /** `core` [entries]. */
  constructor({ axonsOut: { offsets }, ranges }: CoreImage, core: Int32Array, state: CoreState) {
    this.#population = new Int32Array(offsets.length - 1).fill(-1);
    for (const { population, first, neurons } of ranges) {
      this.#population.fill(population, first, first + neurons.length);
    }
    this.offsets = offsets;
    this.core = core;
    this.synapses = new Int32Array(core.length);
    this.#state = state;
  }

  /** From now on messages are counted in `sentOn`. */
  countSent(): void {
    this.#state.set({ sentOn: this.sentOn.byteOffset });
  }

  /** Notes the inlet of an entry. */
  setInlet(entry: number, inlet: number): void {
    this.inlet ??= new Int32Array(this.core.length).fill(-1);
    this.inlet[entry] = inlet;
  }

  /** Puts all of it where the loops find it, once inlets and synapses of all entries are known. */
  place({ from, rows, states, mesh, memory, merged }: Surroundings): void {
    const { offsets, core, synapses, inlet } = this;
    const routes = new Map<number, number>();
    for (let entry = 0; entry < core.length; entry++) {
      if (!routes.has(core[entry]!)) routes.set(core[entry]!, routes.size);
    }
    this.routes = [...routes.keys()];
    const sentOn = memory.reserve(4 * routes.size);
    this.sentOn = memory.uint32(sentOn, routes.size);
    const ways = this.routes.map((to) => mesh.distance(from, to));
    const outlets: number[] = [];
    const routeOf: number[] = [];
    const patterns = new PatternTable(
      memory,
      ways.map((way, route) => ({ core: states[this.routes[route]!]!.address, sentOn: sentOn + 4 * route, way })),
      (words) => merged.addPattern(words),
    );
    for (const population of new Set(this.#population)) {
      if (population >= 0) this.sent.set(population, memory.float64(memory.reserve(8 * sentWays), sentWays));
    }
    const compartments = offsets.length - 1;
    const [lists, shifts, patternOf] = [0, 0, 0].map(() => new Uint32Array(compartments)) as [
      Uint32Array,
      Uint32Array,
      Uint32Array,
    ];
    const fans = new Uint32Array(fanWords * (compartments + 1));
    for (let k = 0; k < compartments; k++) {
      const at = fanWords * k;
      fans[at + fan.outlets] = routeOf.length;
      for (let entry = offsets[k]!; entry < offsets[k + 1]!; entry++) {
        const to = core[entry]!;
        const route = routes.get(to)!;
        const own = inlet === null ? -1 : inlet[entry]!;
        if (own < 0) patterns.add(route, synapses[entry]!);
        else {
          const { eastWest, northSouth, chipCrossings } = ways[route]!;
          fans[at + fan.eastWest]! += eastWest;
          fans[at + fan.northSouth]! += northSouth;
          fans[at + fan.crossings]! += chipCrossings;
          outlets.push(states[to]!.address, own);
          routeOf.push(route);
        }
      }
      const { list, shift } = merged.rowsOf(rows, k);
      const population = this.#population[k]!;
      lists[k] = list;
      shifts[k] = shift;
      patternOf[k] = patterns.close(population, this.sent.get(population)?.byteOffset ?? 0);
    }
    fans[fanWords * compartments + fan.outlets] = routeOf.length;
    const firstOutlet = memory.place(Uint32Array.from(outlets));
    for (let k = 0; k <= compartments; k++) {
      const at = fanWords * k + fan.outlets;
      fans[at] = firstOutlet + 4 * outletWords * fans[at]!;
    }
    this.#state.set({
      fans: memory.place(fans),
      outlets: outlets.length === 0 ? 0 : firstOutlet,
      routeOf: memory.place(Int32Array.from(routeOf)),
    });
    if (patterns.size === 0) return;
    // Channel by channel, or pixel by pixel, many cores send alike, but each in rows of its own.
    const firstShift = shifts.reduce(
      (least, shift, k) => (lists[k] === 0 ? least : Math.min(least, shift)),
      2 ** 32 - 1,
    );
    for (let k = 0; k < compartments; k++) shifts[k] = lists[k] === 0 ? 0 : shifts[k]! - firstShift;
    const shiftTable = memory.placeOnce(shifts);
    this.#state.set({
      shifts: shiftTable,
      patterns: memory.placeOnce(patternOf),
      firstShift,
      firstPattern: patterns.first,
    });
    const sheets = rows.map(({ sheet }) => sheet);
    merged.addSender({ state: this.#state, lists, shifts: shiftTable }, sheets);
  }
}
