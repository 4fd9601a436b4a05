import type { CoreImage } from '../schemas/program.js';
import type { SynapseStore } from './synapse.js';

/**
 * The input axons of a core: each message that arrives names one, whose synapses add to the core's accumulators.
 * Holds the decoded synapses, for the loop over them is what a simulation spends its time on.
 */
export class AxonIn {
  /** Number of this core's axon 0 among the axons of all cores. */
  readonly firstNumber: number;
  readonly axons: number;
  /** Messages received by each axon in this sample. */
  readonly deliveries: Float64Array;
  /** Synapses of each axon. */
  readonly synapseCount: Int32Array;
  /** Compartment that each axon's targets count from. */
  readonly base: Int32Array;
  /** First compartment that each axon reaches; 0 of an axon without synapses. */
  readonly firstTarget: Int32Array;
  /** Bound on what one message on each axon adds to one compartment, in membrane units. */
  readonly heaviest: Float64Array;
  readonly #firstRun: Int32Array;
  readonly #lastRun: Int32Array;
  readonly #runStart: Uint32Array;
  readonly #runOffset: Int32Array;
  readonly #runFactor: Int32Array;
  readonly #mantissa: Int16Array;
  readonly #index: Uint16Array;
  readonly #accumulator: Int32Array;

  /** `accumulator` [compartments] is the dendrites'. Every target of `store` must lie within it. */
  constructor(image: CoreImage, store: SynapseStore, accumulator: Int32Array, firstNumber: number) {
    this.firstNumber = firstNumber;
    this.axons = store.lists.length;
    this.deliveries = new Float64Array(this.axons);
    this.synapseCount = Int32Array.from(store.lists, ({ count }) => count);
    this.base = Int32Array.from(image.axonsIn.base);
    this.firstTarget = Int32Array.from(store.lists, ({ count, first }, axon) => {
      return count === 0 ? 0 : image.axonsIn.base[axon]! + first;
    });
    this.heaviest = Float64Array.from(store.lists, ({ heaviest }) => heaviest);
    this.#firstRun = Int32Array.from(store.lists, ({ firstRun }) => firstRun);
    this.#lastRun = Int32Array.from(store.lists, ({ lastRun }) => lastRun);
    this.#runStart = store.runStart;
    this.#runOffset = store.runOffset;
    this.#runFactor = store.runFactor;
    this.#mantissa = store.mantissa;
    this.#index = store.index;
    this.#accumulator = accumulator;
  }

  /** A message for `axon`: its weights are added for the next neuron update. */
  accept(axon: number): void {
    this.deliveries[axon]!++;
    const base = this.base[axon]!;
    const lastRun = this.#lastRun[axon]!;
    for (let run = this.#firstRun[axon]!; run < lastRun; run++) {
      const start = this.#runStart[run]!;
      const end = this.#runStart[run + 1]!;
      const offset = this.#runOffset[run]!;
      const factor = this.#runFactor[run]!;
      if (offset < 0) this.#addIndexed(start, end, base, factor);
      else this.#addDense(start, end, base + offset - start, factor);
    }
  }

  /** Calls `visit` for every synapse of an axon: its compartment, and its weight in membrane units. For loading only. */
  forEachSynapse(axon: number, visit: (compartment: number, weight: number) => void): void {
    const base = this.base[axon]!;
    for (let run = this.#firstRun[axon]!; run < this.#lastRun[axon]!; run++) {
      const start = this.#runStart[run]!;
      const offset = this.#runOffset[run]!;
      for (let k = start; k < this.#runStart[run + 1]!; k++) {
        const target = base + (offset < 0 ? this.#index[k]! : offset + k - start);
        visit(target, this.#mantissa[k]! * this.#runFactor[run]!);
      }
    }
  }

  #addDense(start: number, end: number, shift: number, factor: number): void {
    const mantissa = this.#mantissa;
    const accumulator = this.#accumulator;
    for (let k = start; k < end; k++) {
      const target = k + shift;
      accumulator[target] = (accumulator[target]! + Math.imul(mantissa[k]!, factor)) | 0;
    }
  }

  #addIndexed(start: number, end: number, base: number, factor: number): void {
    const mantissa = this.#mantissa;
    const index = this.#index;
    const accumulator = this.#accumulator;
    for (let k = start; k < end; k++) {
      const target = base + index[k]!;
      accumulator[target] = (accumulator[target]! + Math.imul(mantissa[k]!, factor)) | 0;
    }
  }
}
