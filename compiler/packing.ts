import type { SynapseFormat } from '../schemas/program.js';
import type { TargetLimits } from '../schemas/target.js';

/** Bits of an entry header that hold the synapse count; the format follows. */
const COUNT_BITS = 6;
const WORD_BITS = 64;
const WORD_BYTES = WORD_BITS / 8;
/** Widths of the index that formats with one can have. */
export const INDEX_BITS = { least: 6, most: 12 } as const;

/** How many words a list of synapses takes, and into entries of how many synapses it is cut to take no more. */
export interface ListSize {
  readonly words: number;
  readonly chunk: number;
}

/** Sizes of lists whose synapses take `synapseBits` each, under the chip's limits on entries. */
export class ListSizer {
  readonly #headerBits: number;
  readonly #chunkMax: number;
  readonly #synapseBits: number;
  readonly #known: ListSize[] = [];

  constructor(limits: TargetLimits, synapseBits: number) {
    // A header says its format in bits 6 to 8 at least, and its count in 6 bits.
    this.#headerBits = limits.entryHeaderBits.value ?? 10;
    this.#chunkMax = Math.min(limits.synapsesPerEntry.value ?? Number.POSITIVE_INFINITY, 2 ** COUNT_BITS - 1);
    this.#synapseBits = synapseBits;
  }

  /** The fewest words for `count` ≥ 1 synapses; of equal entry lengths the longest. */
  size(count: number): ListSize {
    const known = this.#known[count];
    if (known !== undefined) return known;
    let best: ListSize = { words: Number.POSITIVE_INFINITY, chunk: 0 };
    for (let chunk = Math.min(count, this.#chunkMax); chunk >= 1; chunk -= 1) {
      const rest = count % chunk;
      const words = Math.floor(count / chunk) * this.#entryWords(chunk) + (rest === 0 ? 0 : this.#entryWords(rest));
      if (words < best.words) best = { words, chunk };
    }
    this.#known[count] = best;
    return best;
  }

  #entryWords(count: number): number {
    return Math.ceil((this.#headerBits + count * this.#synapseBits) / WORD_BITS);
  }
}

/** How many synapses of `synapseBits` each so many words hold at most, in entries of any lengths. */
export class EntryCapacity {
  /** Of one entry, by its words. */
  readonly #ofEntry: readonly number[];
  readonly #known: number[] = [0];

  constructor(limits: TargetLimits, synapseBits: number) {
    const header = limits.entryHeaderBits.value ?? 10;
    const chunkMax = Math.min(limits.synapsesPerEntry.value ?? Number.POSITIVE_INFINITY, 2 ** COUNT_BITS - 1);
    const longest = Math.ceil((header + chunkMax * synapseBits) / WORD_BITS);
    this.#ofEntry = Array.from({ length: longest + 1 }, (_, words) => {
      return Math.max(0, Math.min(chunkMax, Math.floor((words * WORD_BITS - header) / synapseBits)));
    });
  }

  synapses(words: number): number {
    for (let w = this.#known.length; w <= words; w += 1) {
      let most = 0;
      for (let own = 1; own < this.#ofEntry.length && own <= w; own += 1) {
        most = Math.max(most, this.#ofEntry[own]! + this.#known[w - own]!);
      }
      this.#known.push(most);
    }
    return this.#known[words]!;
  }

  /** Words that a synapse takes in entries of the best length. */
  get wordsPerSynapse(): number {
    return this.#ofEntry.reduce((least, held, words) => (held > 0 ? Math.min(least, words / held) : least), 1);
  }
}

/** What a list holds; `index` is not written where the format has none, nor the delay, of all of them, where it is 1. */
export interface Synapses {
  readonly mantissas: Int32Array;
  readonly index: Int32Array;
  /** Timesteps, ≥ 1. */
  readonly delay: number;
}

/** The synapse memory of one core while it is being filled: little-endian words, bits from the least significant. */
export class SynapseWriter {
  readonly #headerBits: number;
  #bytes = new Uint8Array(1024);
  #words = 0;

  constructor(limits: TargetLimits) {
    this.#headerBits = limits.entryHeaderBits.value ?? 10;
  }

  /** Words written so far. */
  get words(): number {
    return this.#words;
  }

  /** Appends synapses in entries of at most `chunk`. */
  append(
    formatNumber: number,
    { weightBits, indexBits, delayBits }: SynapseFormat,
    chunk: number,
    { mantissas, index, delay }: Synapses,
  ): void {
    const weightMask = 2 ** weightBits - 1;
    for (let first = 0; first < mantissas.length; first += chunk) {
      const end = Math.min(first + chunk, mantissas.length);
      const bits = this.#headerBits + (end - first) * (weightBits + indexBits + delayBits);
      let byte = this.#words * WORD_BYTES;
      this.#reserve(Math.ceil(bits / WORD_BITS));
      const bytes = this.#bytes;
      // Bits not yet written, fewer than 8 of them before each field; fields have at most 16.
      let pending = (end - first) | (formatNumber << COUNT_BITS);
      let count = this.#headerBits;
      for (; count >= 8; count -= 8, byte += 1) {
        bytes[byte] = pending;
        pending >>>= 8;
      }
      for (let k = first; k < end; k += 1) {
        if (indexBits > 0) {
          pending |= index[k]! << count;
          for (count += indexBits; count >= 8; count -= 8, byte += 1) {
            bytes[byte] = pending;
            pending >>>= 8;
          }
        }
        if (delayBits > 0) {
          pending |= (delay - 1) << count;
          for (count += delayBits; count >= 8; count -= 8, byte += 1) {
            bytes[byte] = pending;
            pending >>>= 8;
          }
        }
        pending |= (mantissas[k]! & weightMask) << count;
        for (count += weightBits; count >= 8; count -= 8, byte += 1) {
          bytes[byte] = pending;
          pending >>>= 8;
        }
      }
      if (count > 0) bytes[byte] = pending;
    }
  }

  /** Appends zeros until `words` are written. */
  fill(words: number): void {
    if (words > this.#words) this.#reserve(words - this.#words);
  }

  /** The memory, whole words. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#words * WORD_BYTES);
  }

  #reserve(words: number): void {
    this.#words += words;
    while (this.#words * WORD_BYTES > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
  }
}
