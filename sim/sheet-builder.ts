import type { MapShape } from '../schemas/tensor.js';
import { Growing } from './growing.js';
import { HashTable } from './hash-table.js';
import type { SynapseStore } from './synapse.js';

/** Weights of a vector. */
export const vectorWeights = 16;
const weightMax = 127;

/** Merged rows may take so many times the synapses that they hold, and what even a small population may take. */
const expansionMax = 4;
const expansionFree = 1 << 20;

/** Sections that are kept track of together, by source and delay. */
const keysMax = 1 << 20;

/** A core of the population: its synapses, of whose weights `unit` is a divisor, and the neuron of each compartment; −1 of padding. */
export interface MergedCore {
  readonly store: SynapseStore;
  readonly unit: number;
  readonly neuron: Int32Array;
}

/** Compartments first … first + length − 1 of a core, whose neurons follow one another in a section from `lane` on. */
export interface Stretch {
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
  /** The row at each place, and the place of each row, where those that sources reach alike follow one another. */
  readonly order: Int32Array;
  readonly placeOf: Int32Array;
  /** [rows, lanes], in units of the core that each lane's neuron is in. */
  readonly weights: Int8Array;
  readonly heaviest: number;
  /** By section: rows that may act there in one timestep, and where the neurons are. */
  readonly capacity: Int32Array;
  readonly stretches: readonly (readonly Stretch[])[];
}

/** What the builder must know of a core at every piece: by compartment its section and lane, −1 of padding, and the end of its stretch. */
interface Places {
  readonly store: SynapseStore;
  readonly unit: number;
  readonly section: Int32Array;
  readonly lane: Int32Array;
  readonly end: Int32Array;
}

/** Words of a piece: core, first synapse, synapses, lane of the first, units per mantissa; and the piece before it in the same row, or −1. */
const pieceWords = 6;
const before = pieceWords - 1;

/**
 * Merges the synapses into the cores of one population: what a spike adds to a section (the channels of one pixel) is one
 * row, whichever cores have its neurons, and equal rows are kept once. Sources are added list by list between `open` and
 * `close`. A row is made of pieces of lists; as most rows are made of the same pieces as an earlier one, weights are
 * looked at only where they are not.
 */
export class SheetBuilder {
  readonly #lanes: number;
  readonly #sections: number;
  readonly #rowsMax: number;
  /** By core number. */
  readonly #places: (Places | undefined)[] = [];
  readonly #stretches: Stretch[][];
  readonly #capacity: Int32Array;
  /** The pieces of the open sources; the sections touched, by source and delay, and the last piece of each. */
  readonly #pieces = new Growing(new Int32Array(1024));
  readonly #touched = new Growing(new Int32Array(64));
  #lastPiece = new Int32Array(0);
  /** Sections, once for each delay. */
  readonly #keys: number;
  /** Pieces of rows made so far, one row behind the other; where those of each begin, and the row. */
  readonly #recipes = new Growing(new Int32Array(1024));
  readonly #recipeStart = new Growing(Int32Array.of(0));
  readonly #recipeRow = new Growing(new Int32Array(64));
  readonly #knownRecipes = new HashTable();
  readonly #sums: Int32Array;
  #weights: Int8Array;
  #words: Int32Array;
  #rows = 0;
  /** Cores opened; and of each row, the one and the section, with its delay, for which it was made. */
  #sourceCores = 0;
  readonly #madeFor = new Growing(new Float64Array(64));
  #heaviest = 0;
  readonly #knownRows = new HashTable();

  /** `cores` by number. */
  constructor([height, width, channels]: MapShape, cores: ReadonlyMap<number, MergedCore>) {
    this.#sections = height * width;
    const [firstChannel, pastChannel] = channelsOf(cores, channels);
    this.#lanes = Math.ceil((pastChannel - firstChannel) / vectorWeights) * vectorWeights;
    this.#stretches = Array.from({ length: this.#sections }, () => []);
    this.#capacity = new Int32Array(this.#sections);
    let synapses = 0;
    let delays = 1;
    for (const [number, core] of cores) {
      synapses += core.store.mantissa.length;
      delays = core.store.lists.longestDelay.reduce((most, delay) => Math.max(most, delay), delays);
      this.#place(number, core, channels, firstChannel);
    }
    this.#rowsMax = Math.max(expansionMax * synapses, expansionFree) / this.#lanes;
    this.#keys = delays * this.#sections;
    this.#recipeStart.length = 1;
    this.#sums = new Int32Array(this.#lanes);
    this.#weights = new Int8Array(64 * this.#lanes);
    this.#words = new Int32Array(this.#weights.buffer);
  }

  /** How many sources can be open together. */
  get sourcesMax(): number {
    return Math.max(1, Math.floor(keysMax / this.#keys));
  }

  /** From now on sources are compartments of another core. */
  openCore(): void {
    this.#sourceCores++;
  }

  /** Opens sources 0 … count − 1, without synapses. */
  open(count: number): void {
    const keys = count * this.#keys;
    if (this.#lastPiece.length < keys) this.#lastPiece = new Int32Array(keys);
    this.#lastPiece.fill(-1, 0, keys);
    this.#touched.length = 0;
    this.#pieces.length = 0;
  }

  /** Adds to a source what a list of a core's synapses does from a base compartment on. */
  add(source: number, core: number, list: number, base: number): void {
    const { store, unit, section, lane, end } = this.#places[core]!;
    const { index, runStart, runOffset, runFactor, runDelay, lists } = store;
    const firstKey = source * this.#keys;
    const pastRuns = lists.firstRun[list + 1]!;
    for (let run = lists.firstRun[list]!; run < pastRuns; run++) {
      const key = firstKey + (runDelay[run]! - 1) * this.#sections;
      const past = runStart[run + 1]!;
      const offset = runOffset[run]!;
      let k = runStart[run]!;
      const first = base + offset - k;
      while (k < past) {
        const compartment = offset < 0 ? base + index[k]! : first + k;
        const pastStretch = Math.min(past, k + end[compartment]! - compartment);
        let next = k + 1;
        if (offset >= 0) next = pastStretch;
        else while (next < pastStretch && index[next]! === index[next - 1]! + 1) next++;
        const to = lane[compartment]!;
        if (to >= 0) {
          this.#note(key + section[compartment]!, core, k, next - k, to, runFactor[run]! / unit);
        }
        k = next;
      }
    }
  }

  /**
   * Ends the sources: calls `push`, source by source, for each section that one reaches, with the row there, and the
   * timesteps beyond the next after which that acts. Gives false, where weights do not fit 8 bits, or merging takes too
   * much memory.
   */
  close(push: (source: number, section: number, row: number, wait: number) => void): boolean {
    const touched = this.#touched.values.subarray(0, this.#touched.length).sort();
    for (const key of touched) {
      const row = this.#rowOf(this.#lastPiece[key]!, key % this.#keys);
      if (row < 0) return false;
      const section = key % this.#sections;
      const source = Math.floor(key / this.#keys);
      this.#capacity[section]!++;
      push(source, section, row, Math.floor((key - source * this.#keys) / this.#sections));
    }
    return true;
  }

  sheet(): Sheet {
    const madeFor = this.#madeFor.values;
    const order = Int32Array.from({ length: this.#rows }, (_, row) => row);
    order.sort((a, b) => madeFor[a]! - madeFor[b]! || a - b);
    const placeOf = new Int32Array(this.#rows);
    for (const [place, row] of order.entries()) placeOf[row] = place;
    return {
      order,
      placeOf,
      sections: this.#sections,
      lanes: this.#lanes,
      rows: this.#rows,
      weights: this.#weights.subarray(0, this.#rows * this.#lanes),
      heaviest: this.#heaviest,
      capacity: this.#capacity,
      stretches: this.#stretches,
    };
  }

  #place(core: number, { store, unit, neuron }: MergedCore, channels: number, firstChannel: number): void {
    const section = new Int32Array(neuron.length);
    const lane = new Int32Array(neuron.length).fill(-1);
    const end = new Int32Array(neuron.length);
    for (let first = 0; first < neuron.length; ) {
      const start = neuron[first]!;
      let past = first + 1;
      if (start < 0) end[first] = past;
      else {
        const own = Math.floor(start / channels);
        const pastSection = (own + 1) * channels;
        while (past < neuron.length && neuron[past] === start + past - first && neuron[past]! < pastSection) past++;
        for (let k = first; k < past; k++) lane[k] = neuron[k]! - own * channels - firstChannel;
        section.fill(own, first, past);
        end.fill(past, first, past);
        this.#stretches[own]!.push({ core, first, length: past - first, lane: lane[first]! });
      }
      first = past;
    }
    this.#places[core] = { store, unit, section, lane, end };
  }

  /** Notes a piece of what a source adds to a section with a delay. */
  #note(key: number, core: number, first: number, length: number, lane: number, factor: number): void {
    const pieces = this.#pieces;
    if (this.#lastPiece[key]! < 0) this.#touched.push(key);
    pieces.reserve(pieceWords);
    const at = pieces.length;
    const { values } = pieces;
    values[at] = core;
    values[at + 1] = first;
    values[at + 2] = length;
    values[at + 3] = lane;
    values[at + 4] = factor;
    values[at + before] = this.#lastPiece[key]!;
    pieces.length = at + pieceWords;
    this.#lastPiece[key] = at;
  }

  /** The row of the piece at `last` and those before it; −1 where there can be none. */
  #rowOf(last: number, key: number): number {
    // Only elsewhere can the same pieces come again.
    if (this.#sections === 1) return this.#makeRow(last, key);
    const { values } = this.#pieces;
    const recipe = this.#recipes;
    const start = recipe.length;
    let hash = 0;
    for (let piece = last; piece >= 0; piece = values[piece + before]!) {
      recipe.reserve(before);
      for (let word = 0; word < before; word++) {
        const value = values[piece + word]!;
        recipe.values[recipe.length++] = value;
        hash = Math.imul(hash ^ value, 0x9e3779b1);
        hash ^= hash >>> 15;
      }
    }
    const length = recipe.length - start;
    const known = this.#knownRecipes.find(hash, (number) => {
      const own = this.#recipeStart.values[number]!;
      if (this.#recipeStart.values[number + 1]! - own !== length) return false;
      for (let k = 0; k < length; k++) if (recipe.values[own + k] !== recipe.values[start + k]) return false;
      return true;
    });
    if (known >= 0) {
      recipe.length = start;
      return this.#recipeRow.values[known]!;
    }
    const row = this.#makeRow(last, key);
    this.#knownRecipes.add(hash, this.#recipeRow.length);
    this.#recipeRow.push(row);
    this.#recipeStart.push(recipe.length);
    return row;
  }

  /** Sums the piece at `last` and those before it. */
  #makeRow(last: number, key: number): number {
    if (this.#rows >= this.#rowsMax) return -1;
    const sums = this.#sums.fill(0);
    const { values } = this.#pieces;
    for (let piece = last; piece >= 0; piece = values[piece + before]!) {
      const { mantissa } = this.#places[values[piece]!]!.store;
      const first = values[piece + 1]!;
      const factor = values[piece + 4]!;
      const to = values[piece + 3]! - first;
      const pastPiece = first + values[piece + 2]!;
      for (let k = first; k < pastPiece; k++) sums[to + k]! += mantissa[k]! * factor;
    }
    this.#reserveRow();
    const lanes = this.#lanes;
    const weights = this.#weights;
    const own = this.#rows * lanes;
    for (let k = 0; k < lanes; k++) {
      const weight = sums[k]!;
      const magnitude = weight < 0 ? -weight : weight;
      if (magnitude > weightMax) return -1;
      if (magnitude > this.#heaviest) this.#heaviest = magnitude;
      weights[own + k] = weight;
    }
    const words = this.#words;
    const length = lanes / 4;
    const start = own / 4;
    let hash = 0;
    for (let k = start; k < start + length; k++) {
      hash = Math.imul(hash ^ words[k]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const known = this.#knownRows.find(hash, (row) => {
      for (let k = 0; k < length; k++) if (words[row * length + k] !== words[start + k]) return false;
      return true;
    });
    if (known >= 0) return known;
    this.#knownRows.add(hash, this.#rows);
    this.#madeFor.push(this.#sourceCores * this.#keys + key);
    return this.#rows++;
  }

  #reserveRow(): void {
    if ((this.#rows + 1) * this.#lanes <= this.#weights.length) return;
    const weights = new Int8Array(2 * this.#weights.length);
    weights.set(this.#weights);
    this.#weights = weights;
    this.#words = new Int32Array(weights.buffer);
  }
}

/** The first of the channels that any of the cores has, and the one past the last; none where there are no neurons. */
function channelsOf(cores: ReadonlyMap<number, MergedCore>, channels: number): readonly [number, number] {
  let [first, past] = [channels, 0];
  for (const { neuron } of cores.values()) {
    for (const own of neuron) {
      if (own < 0) continue;
      first = Math.min(first, own % channels);
      past = Math.max(past, (own % channels) + 1);
    }
  }
  return first < past ? [first, past] : [0, 1];
}
