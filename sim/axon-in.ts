import type { CoreImage } from '../schemas/program.js';
import type { CoreState } from './core-state.js';
import type { MachineMemory } from './machine-memory.js';
import type { SynapseStore } from './synapse.js';
import { forEachWeight, onlySegment, placeSynapses, type SynapseRows } from './synapse-rows.js';

/** Words of an input axon in memory: first segment, past its last, base, synapses. */
const axonWords = 4;

/** The input axons of a core: each message that arrives names one, whose synapses add to the core's inputs. */
export class AxonIn {
  /** Number of this core's axon 0 among the axons of all cores. */
  readonly firstNumber: number;
  readonly axons: number;
  /** Synapses of each axon. */
  readonly synapseCount: Int32Array;
  /** Bound on what one message on each axon adds to one compartment, in membrane units. */
  readonly heaviest: Float64Array;
  /** True where weights are summed in 16 bits first. */
  readonly narrow: boolean;
  /** Messages received by each axon in this sample; null unless they were asked for. */
  readonly deliveries: Uint32Array | null;
  /** Messages and host axons received in this sample, and the synapses that they reached. */
  received = 0;
  synapticOperations = 0;
  /** Of the last call of `accumulate`. */
  lastReceived = 0;
  lastSynapticOperations = 0;
  readonly #memory: MachineMemory;
  readonly #state: CoreState;
  readonly #rows: SynapseRows;
  readonly #base: Int16Array;

  /** Every target of `store` must lie within the core's compartments. */
  constructor(
    memory: MachineMemory,
    state: CoreState,
    image: CoreImage,
    store: SynapseStore,
    firstNumber: number,
    countsDeliveries: boolean,
  ) {
    const { base } = image.axonsIn;
    const rows = placeSynapses(memory, store);
    this.#memory = memory;
    this.#state = state;
    this.#rows = rows;
    this.#base = base;
    this.narrow = rows.narrow;
    this.firstNumber = firstNumber;
    this.axons = store.lists.length;
    this.synapseCount = Int32Array.from(store.lists, ({ count }) => count);
    this.heaviest = Float64Array.from(store.lists, ({ heaviest }) => heaviest);
    const table = new Int32Array(axonWords * this.axons);
    for (const [axon, { firstSegment, pastSegments }] of rows.lists.entries()) {
      table.set([firstSegment, pastSegments, base[axon]!, this.synapseCount[axon]!], axonWords * axon);
    }
    const deliveries = countsDeliveries ? memory.reserve(4 * this.axons) : 0;
    this.deliveries = countsDeliveries ? memory.uint32(deliveries, this.axons) : null;
    const { unit, messagesPerFlush } = rows;
    state.set({ axons: memory.place(table), deliveries, unit, messagesPerFlush, ...this.#uniform() });
  }

  /** Makes room for as many messages as can arrive in one timestep. */
  openInbox(messages: number): void {
    const inbox = this.#memory.reserve(4 * messages);
    this.#state.set({ inbox, inboxEnd: inbox });
  }

  reset(): void {
    this.deliveries?.fill(0);
    this.received = 0;
    this.synapticOperations = 0;
  }

  /** A message of the host for `axon`. */
  receive(axon: number): void {
    this.#memory.kernels.receive(this.#state.address, axon);
  }

  /** Adds the weights of all messages received since the last call for the next neuron update; how many they were. */
  accumulate(): number {
    const state = this.#state;
    this.lastReceived = 0;
    this.lastSynapticOperations = 0;
    if (state.get('inboxEnd') === state.get('inbox')) return 0;
    this.#memory.kernels.accumulate(state.address);
    this.lastReceived = state.get('received');
    this.lastSynapticOperations = state.synapticOperations;
    this.received += this.lastReceived;
    this.synapticOperations += this.lastSynapticOperations;
    return this.lastReceived;
  }

  /** Calls `visit` for every weight of an axon that is not zero: its compartment, and membrane units. For loading only. */
  forEachWeight(axon: number, visit: (compartment: number, weight: number) => void): void {
    const base = this.#base[axon]!;
    forEachWeight(this.#memory, this.#rows, this.#rows.lists[axon]!, (target, weight) => visit(base + target, weight));
  }

  /** The stretch of compartments that every axon reaches, where there is such a one; else 0 vectors. */
  #uniform(): { uniformVectors: number; uniformTarget: number } {
    const none = { uniformVectors: 0, uniformTarget: 0 };
    if (!this.narrow) return none;
    let shared = none;
    for (const [axon, list] of this.#rows.lists.entries()) {
      const segment = onlySegment(this.#memory, list);
      if (segment === null) return none;
      const uniformTarget = this.#base[axon]! + segment.target;
      if (shared === none) shared = { uniformVectors: segment.vectors, uniformTarget };
      else if (shared.uniformVectors !== segment.vectors || shared.uniformTarget !== uniformTarget) return none;
    }
    return shared;
  }
}
