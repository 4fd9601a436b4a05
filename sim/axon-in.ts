import type { CoreImage } from '../schemas/program.js';
import { type CoreState, coreStateBytes } from './core-state.js';
import type { Inlets } from './inlets.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { listOf, type SynapseStore } from './synapse.js';
import { onlySegment, type PlacedRow, placeSynapses } from './synapse-rows.js';

/** Words of an inlet in memory. */
const inletWords = 4;

/** Of an inlet: its rows, base compartment and synapses. */
interface InletRows {
  readonly rows: readonly PlacedRow[];
  readonly base: number;
  readonly synapses: number;
}

/** The input axons of a core: each message that arrives names an inlet, whose synapses add to the core's inputs. */
export class AxonIn {
  readonly inlets: number;
  /** Synapses of each inlet. */
  readonly synapseCount: Int32Array;
  /** True where weights are summed in 16 bits first. */
  readonly narrow: boolean;
  /** Messages received by each inlet since this was last forgotten; null unless they were asked for. */
  readonly deliveries: Uint32Array | null;
  readonly #memory: MachineMemory;
  readonly #state: CoreState;
  /** Where some delay is above 1 timestep, the ring of slots. */
  readonly #ring: Ring | null;

  /** Every target of `store` must lie within the core's compartments. */
  constructor(
    memory: MachineMemory,
    state: CoreState,
    image: CoreImage,
    store: SynapseStore,
    { axon, atom, sources }: Inlets,
    countsDeliveries: boolean,
  ) {
    this.#memory = memory;
    this.#state = state;
    this.inlets = axon.length;
    const lists = axon.map((number, inlet) => listOf(store, number, atom[inlet]!));
    const placed = placeSynapses(memory, store, new Set(lists));
    this.narrow = placed.narrow;
    this.synapseCount = Int32Array.from(lists, (list) => store.lists.count[list]!);
    const own = lists.map((list, inlet): InletRows => {
      const [base, synapses] = [image.axonsIn.base[axon[inlet]!]!, store.lists.count[list]!];
      return { rows: placed.rowsOf.get(list)!, base, synapses };
    });
    const delays = lists.reduce((most, list) => Math.max(most, store.lists.longestDelay[list]!), 1);
    this.#ring = delays > 1 ? this.#placeRing(own, sources, delays) : null;
    const deliveries = countsDeliveries ? memory.reserve(4 * this.inlets) : 0;
    this.deliveries = countsDeliveries ? memory.uint32(deliveries, this.inlets) : null;
    const inbox = memory.reserve(4 * sources.reduce((sum, count) => sum + count, 0));
    const { unit, messagesPerFlush } = placed;
    const inlets = this.#placeInlets(own);
    const loops = { delays, unit, messagesPerFlush, ...this.#uniform(own) };
    state.set({ inbox, inboxEnd: inbox, inlets, deliveries, ...loops });
  }

  reset(): void {
    this.forgetReceived();
    this.#ring?.clear();
    if (this.#ring !== null) this.#state.set({ slot: 0 });
  }

  /** Messages and host axons received since the counts were last forgotten, and the synapses that they reached. */
  get received(): number {
    this.#memory.kernels.settle();
    return this.#state.getDouble('receivedInAll');
  }

  get synapticOperations(): number {
    this.#memory.kernels.settle();
    return this.#state.getDouble('synapticOperationsInAll');
  }

  /** Of the last accumulation, where somebody watches. */
  get lastReceived(): number {
    return this.#state.get('received');
  }

  get lastSynapticOperations(): number {
    return this.#state.getDouble('synapticOperations');
  }

  /** Begins anew to count what is received. */
  forgetReceived(): void {
    this.deliveries?.fill(0);
    this.#state.forgetReceived();
  }

  /** A message of the host for an inlet. */
  receive(inlet: number): void {
    this.#memory.kernels.receive(this.#state.address, inlet);
  }

  /**
   * Takes the messages received since the last call, and adds the weights that act in the next neuron update, theirs and
   * those of earlier messages.
   */
  accumulate(): void {
    const { address } = this.#state;
    this.#memory.kernels.accumulateCores(address, address + coreStateBytes);
  }

  /**
   * Places the table of inlets: of each the segments of its row, base and synapses. Where there are delays it has several
   * rows, in a table of their own: of each its segments, base, and timesteps beyond the next.
   */
  #placeInlets(own: readonly InletRows[]): Address {
    const table = new Int32Array(inletWords * own.length);
    const rows: number[] = [];
    for (const [inlet, { rows: placed, base, synapses }] of own.entries()) {
      if (this.#ring === null) {
        const { firstSegment, pastSegments } = placed[0] ?? { firstSegment: 0, pastSegments: 0 };
        table.set([firstSegment, pastSegments, base, synapses], inletWords * inlet);
        continue;
      }
      const first = 4 * rows.length;
      for (const { firstSegment, pastSegments, delay } of placed)
        rows.push(firstSegment, pastSegments, base, delay - 1);
      table.set([first, 4 * rows.length, synapses], inletWords * inlet);
    }
    if (this.#ring !== null) {
      const address = this.#memory.place(Int32Array.from(rows));
      for (let inlet = 0; inlet < own.length; inlet++) {
        table[inletWords * inlet]! += address;
        table[inletWords * inlet + 1]! += address;
      }
    }
    return this.#memory.place(table);
  }

  /** A slot takes, of all messages of any timesteps, the rows that act in its own: each row of each source once at most. */
  #placeRing(own: readonly InletRows[], sources: readonly number[], delays: number): Ring {
    const rows = sources.reduce((sum, count, inlet) => sum + count * own[inlet]!.rows.length, 0);
    const ring = new Ring(this.#memory, delays, rows);
    this.#state.set({ ring: ring.address, slotBytes: 4 * rows, slotEnds: ring.endsAddress });
    return ring;
  }

  /** The stretch of compartments that every row reaches, where there is such a one; else 0 vectors. */
  #uniform(own: readonly InletRows[]): { uniformVectors: number; uniformTarget: number } {
    const none = { uniformVectors: 0, uniformTarget: 0 };
    if (!this.narrow) return none;
    let shared = none;
    for (const { rows, base } of own) {
      for (const row of rows) {
        const segment = onlySegment(this.#memory, row);
        if (segment === null) return none;
        const uniformTarget = base + segment.target;
        if (shared === none) shared = { uniformVectors: segment.vectors, uniformTarget };
        else if (shared.uniformVectors !== segment.vectors || shared.uniformTarget !== uniformTarget) return none;
      }
    }
    return shared;
  }
}

/** Rows that wait for their timestep, in a slot for each of the coming `slots` timesteps. */
class Ring {
  readonly address: Address;
  readonly endsAddress: Address;
  readonly #rows: number;
  readonly #ends: Uint32Array;

  /** Room for `rows` rows in each slot. */
  constructor(memory: MachineMemory, slots: number, rows: number) {
    this.address = memory.reserve(4 * slots * rows);
    this.endsAddress = memory.reserve(4 * slots);
    this.#rows = rows;
    this.#ends = memory.uint32(this.endsAddress, slots);
    this.clear();
  }

  clear(): void {
    for (let slot = 0; slot < this.#ends.length; slot++) this.#ends[slot] = this.address + 4 * slot * this.#rows;
  }
}
