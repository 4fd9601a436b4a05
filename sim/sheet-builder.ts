import type { MapShape } from '../schemas/tensor.js';
import { Growing } from './growing.js';
import type { SynapseStore } from './synapse.js';

/** Weights of a vector. */
export const vectorWeights = 16;
const weightMax = 127;

/** Merged rows may take so many times the synapses that they hold, and what even a small population may take. */
const expansionMax = 4;
const expansionFree = 1 << 20;

/** A core of the population: its synapses, of whose weights `unit` is a divisor, and the neuron of each compartment; −1 of padding. */
export interface MergedCore {
  readonly store: SynapseStore;
  readonly unit: number;
  readonly neuron: Int32Array;
}

/** Compartments first … first + length − 1 of a core, whose neurons follow one another in a section from `lane` on. */
interface Stretch {
  readonly core: number;
  readonly first: number;
  readonly length: number;
  readonly lane: number;
}

/** The synapses into one population, merged over its cores. */
export interface Sheet {
  readonly sections: number;
  /** Neurons of a section, rounded up to whole vectors. */
  readonly lanes: number;
  readonly rows: number;
  /** [rows, lanes], in units of the core that each lane's neuron is in. */
  readonly weights: Int8Array;
  readonly heaviest: number;
  /** By section: rows that may act there in one timestep, and where the neurons are. */
  readonly capacity: Int32Array;
  readonly stretches: readonly (readonly Stretch[])[];
}

/**
 * Merges the synapses into the cores of one population: what a spike adds to a section (the channels of one pixel) is one
 * row, whichever cores have its neurons, and equal rows are kept once. A source is added list by list between `open` and `close`.
 */
export class SheetBuilder {
  readonly #cores: ReadonlyMap<number, MergedCore>;
  readonly #lanes: number;
  readonly #sections: number;
  readonly #rowsMax: number;
  /** By core, of each compartment: its section and lane, −1 of padding, and the end of its stretch. */
  readonly #places = new Map<number, { section: Int32Array; lane: Int32Array; end: Int32Array; unit: number }>();
  readonly #stretches: Stretch[][];
  readonly #capacity: Int32Array;
  /** What the source at work adds, [touched, lanes]; the sections touched, with their delays, and their place there. */
  #sums: Int32Array;
  readonly #touched = new Growing(new Int32Array(64));
  readonly #slotOf: Int32Array;
  #weights: Int8Array;
  #words: Int32Array;
  #rows = 0;
  #heaviest = 0;
  /** Rows by hash: row + 1, or 0. */
  #known = new Int32Array(1 << 12);

  /** `cores` by number. */
  constructor([height, width, channels]: MapShape, cores: ReadonlyMap<number, MergedCore>) {
    this.#cores = cores;
    this.#sections = height * width;
    this.#lanes = Math.ceil(channels / vectorWeights) * vectorWeights;
    this.#stretches = Array.from({ length: this.#sections }, () => []);
    this.#capacity = new Int32Array(this.#sections);
    let synapses = 0;
    let delays = 1;
    for (const [number, { store, neuron, unit }] of cores) {
      synapses += store.mantissa.length;
      delays = store.lists.longestDelay.reduce((most, delay) => Math.max(most, delay), delays);
      this.#place(number, neuron, channels, unit);
    }
    this.#rowsMax = Math.max(expansionMax * synapses, expansionFree) / this.#lanes;
    this.#sums = new Int32Array(16 * this.#lanes);
    this.#slotOf = new Int32Array(delays * this.#sections).fill(-1);
    this.#weights = new Int8Array(64 * this.#lanes);
    this.#words = new Int32Array(this.#weights.buffer);
  }

  /** A source without synapses. */
  open(): void {
    for (let slot = 0; slot < this.#touched.length; slot++) this.#slotOf[this.#touched.values[slot]!] = -1;
    this.#touched.length = 0;
  }

  /** Adds what a list of a core's synapses does from a base compartment on. */
  add(core: number, list: number, base: number): void {
    const { mantissa, index, runStart, runOffset, runFactor, runDelay, lists } = this.#cores.get(core)!.store;
    const places = this.#places.get(core)!;
    for (let run = lists.firstRun[list]!; run < lists.firstRun[list + 1]!; run++) {
      const factor = runFactor[run]! / places.unit;
      const wait = runDelay[run]! - 1;
      const past = runStart[run + 1]!;
      const offset = runOffset[run]!;
      let k = runStart[run]!;
      while (k < past) {
        const compartment = base + (offset < 0 ? index[k]! : offset + k - runStart[run]!);
        let next = k + 1;
        if (offset >= 0) next = Math.min(past, k + places.end[compartment]! - compartment);
        else {
          const pastStretch = k + places.end[compartment]! - compartment;
          while (next < past && next < pastStretch && index[next]! === index[next - 1]! + 1) next++;
        }
        const lane = places.lane[compartment]!;
        if (lane >= 0) {
          let to = this.#slot(places.section[compartment]!, wait) * this.#lanes + lane;
          const sums = this.#sums;
          for (; k < next; k++) sums[to++]! += mantissa[k]! * factor;
        }
        k = next;
      }
    }
  }

  /**
   * Ends a source: calls `push` for each section that it reaches, with the row there, and the timesteps beyond the next
   * after which that acts. Gives false, where its weights do not fit 8 bits, or merging takes too much memory.
   */
  close(push: (section: number, row: number, wait: number) => void): boolean {
    for (let slot = 0; slot < this.#touched.length; slot++) {
      const key = this.#touched.values[slot]!;
      const row = this.#rowOf(slot * this.#lanes);
      if (row < 0) return false;
      const section = key % this.#sections;
      this.#capacity[section]!++;
      push(section, row, (key - section) / this.#sections);
    }
    return true;
  }

  sheet(): Sheet {
    const weights = this.#weights.subarray(0, this.#rows * this.#lanes);
    return {
      sections: this.#sections,
      lanes: this.#lanes,
      rows: this.#rows,
      weights,
      heaviest: this.#heaviest,
      capacity: this.#capacity,
      stretches: this.#stretches,
    };
  }

  #place(core: number, neuron: Int32Array, channels: number, unit: number): void {
    const section = new Int32Array(neuron.length);
    const lane = new Int32Array(neuron.length).fill(-1);
    const end = new Int32Array(neuron.length);
    for (let first = 0; first < neuron.length; ) {
      const start = neuron[first]!;
      let past = first + 1;
      if (start < 0) end[first] = past;
      else {
        const own = Math.floor(start / channels);
        while (past < neuron.length && neuron[past] === start + past - first && neuron[past]! < (own + 1) * channels)
          past++;
        for (let k = first; k < past; k++) lane[k] = neuron[k]! - own * channels;
        section.fill(own, first, past);
        end.fill(past, first, past);
        this.#stretches[own]!.push({ core, first, length: past - first, lane: lane[first]! });
      }
      first = past;
    }
    this.#places.set(core, { section, lane, end, unit });
  }

  /** Where the sums of a section with a delay lie. */
  #slot(section: number, wait: number): number {
    const key = wait * this.#sections + section;
    const known = this.#slotOf[key]!;
    if (known >= 0) return known;
    const slot = this.#touched.length;
    this.#slotOf[key] = slot;
    this.#touched.push(key);
    const end = (slot + 1) * this.#lanes;
    if (end > this.#sums.length) {
      const sums = new Int32Array(2 * end);
      sums.set(this.#sums);
      this.#sums = sums;
    }
    this.#sums.fill(0, slot * this.#lanes, end);
    return slot;
  }

  /** The row whose weights are the sums from `from` on; −1 where there can be none. */
  #rowOf(from: number): number {
    if (this.#rows >= this.#rowsMax) return -1;
    const lanes = this.#lanes;
    this.#reserveRow();
    const to = this.#rows * lanes;
    const sums = this.#sums;
    const weights = this.#weights;
    let largest = 0;
    for (let k = 0; k < lanes; k++) {
      const weight = sums[from + k]!;
      weights[to + k] = weight;
      const magnitude = weight < 0 ? -weight : weight;
      if (magnitude > largest) largest = magnitude;
    }
    if (largest > weightMax) return -1;
    const words = lanes / 4;
    const own = to / 4;
    let hash = 0;
    for (let k = own; k < own + words; k++) {
      hash = Math.imul(hash ^ this.#words[k]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const mask = this.#known.length - 1;
    let place = hash & mask;
    for (; this.#known[place] !== 0; place = (place + 1) & mask) {
      const row = this.#known[place]! - 1;
      if (this.#areEqual((row * lanes) / 4, own, words)) return row;
    }
    this.#known[place] = this.#rows + 1;
    if (largest > this.#heaviest) this.#heaviest = largest;
    return this.#rows++;
  }

  #areEqual(one: number, other: number, words: number): boolean {
    for (let k = 0; k < words; k++) if (this.#words[one + k] !== this.#words[other + k]) return false;
    return true;
  }

  /** Room for one more row, and for its hash. */
  #reserveRow(): void {
    if ((this.#rows + 1) * this.#lanes > this.#weights.length) {
      const weights = new Int8Array(2 * this.#weights.length);
      weights.set(this.#weights);
      this.#weights = weights;
      this.#words = new Int32Array(weights.buffer);
    }
    if (2 * this.#rows < this.#known.length) return;
    const known = new Int32Array(4 * this.#known.length);
    const words = this.#lanes / 4;
    for (let row = 0; row < this.#rows; row++) {
      let hash = 0;
      for (let k = row * words; k < (row + 1) * words; k++) {
        hash = Math.imul(hash ^ this.#words[k]!, 0x9e3779b1);
        hash ^= hash >>> 15;
      }
      let place = hash & (known.length - 1);
      while (known[place] !== 0) place = (place + 1) & (known.length - 1);
      known[place] = row + 1;
    }
    this.#known = known;
  }
}
