import { failure } from '../schemas/diagnostic.js';
import type { CoreImage, SynapseFormat } from '../schemas/program.js';
import type { TargetArithmetic } from '../schemas/target.js';

/** Bytes of a synapse memory word; program files know no other. */
const bytesPerWord = 8;

/** Of an entry header: the synapse count in the low bits, the format above it. */
const countBits = 6;
const formatBits = 3;

/**
 * The synapses of one list as runs over the pools of a `SynapseStore`.
 * Run r holds synapses runStart[r] … runStart[r + 1] − 1 of the pools. A dense run goes to consecutive compartments from
 * its offset on; an indexed run to the compartments its indices name. Both are relative to the axon's base.
 */
interface SynapseList {
  readonly firstRun: number;
  readonly lastRun: number;
  /** Synapses in all runs together. */
  readonly count: number;
  /** First, smallest and largest target relative to the base; 0, 0 and −1 of an empty list. */
  readonly first: number;
  readonly lowest: number;
  readonly highest: number;
  /** Bound on what the list adds to one compartment, in membrane units: its largest weight if no target comes twice. */
  readonly heaviest: number;
}

/** Decoded synapse memory of one core: mantissas and, for indexed runs, targets, in contiguous typed arrays. */
export interface SynapseStore {
  readonly mantissa: Int16Array;
  /** Target relative to the axon's base; 0 throughout dense runs, which do not read it. */
  readonly index: Uint16Array;
  /** Pool position of each run's first synapse, and one past the last run's. */
  readonly runStart: Uint32Array;
  /** Offset of a dense run's first target from the base; −1 marks an indexed run. */
  readonly runOffset: Int32Array;
  /** Membrane units per mantissa. */
  readonly runFactor: Int32Array;
  /** Decoded list of each input axon; axons that share words share the list. */
  readonly lists: readonly SynapseList[];
}

/** What decoding must know of the chip. */
export interface SynapseLayout {
  readonly headerBits: number;
  readonly synapsesPerEntry: number;
  readonly weight: TargetArithmetic['weight'];
}

/**
 * Unpacks a core's synapse memory (the layout is `CoreImage`'s) once per distinct stretch of words.
 * Throws SW3003 for words outside the memory, an unknown format, a count of 0 or beyond the chip's, bits set where none
 * may be, an entry cut short, or a mantissa off the chip's grid. Work and memory are bounded by the synapse memory and
 * the number of axons: overlapping stretches that would decode to more than `synapsesPerWordMax` a word are refused.
 */
export function decodeSynapses(image: CoreImage, layout: SynapseLayout, where: string): SynapseStore {
  const { firstWord, words } = image.axonsIn;
  const decoder = new EntryDecoder(image.synapseMemory, image.synapseFormats, layout);
  const shared = new Map<number, SynapseList>();
  const lists: SynapseList[] = [];
  for (let axon = 0; axon < firstWord.length; axon++) {
    const first = firstWord[axon]!;
    const length = words[axon]!;
    const key = first * 65536 + length;
    let list = shared.get(key);
    if (list === undefined) {
      list = decoder.decode(first, length, `${where}, input axon ${axon}`);
      shared.set(key, list);
    }
    lists.push(list);
  }
  return decoder.store(lists);
}

/** A word holds at most 64 synapses; stretches that overlap may decode it again, but not without bound. */
const synapsesPerWordMax = 256;

class EntryDecoder {
  readonly #memory: Uint8Array;
  readonly #formats: readonly SynapseFormat[];
  readonly #layout: SynapseLayout;
  #mantissa = new Int16Array(1024);
  #index = new Uint16Array(1024);
  #used = 0;
  readonly #runStart: number[] = [];
  readonly #runOffset: number[] = [];
  readonly #runFactor: number[] = [];

  constructor(memory: Uint8Array, formats: readonly SynapseFormat[], layout: SynapseLayout) {
    this.#memory = memory;
    this.#formats = formats;
    this.#layout = layout;
  }

  store(lists: readonly SynapseList[]): SynapseStore {
    return {
      mantissa: this.#mantissa.slice(0, this.#used),
      index: this.#index.slice(0, this.#used),
      runStart: Uint32Array.from([...this.#runStart, this.#used]),
      runOffset: Int32Array.from(this.#runOffset),
      runFactor: Int32Array.from(this.#runFactor),
      lists,
    };
  }

  decode(firstWord: number, words: number, where: string): SynapseList {
    const memoryWords = this.#memory.length / bytesPerWord;
    if (firstWord + words > memoryWords) {
      const what = `words ${firstWord} to ${firstWord + words - 1} lie outside the memory of ${memoryWords} words.`;
      throw failure('SW3003', { where, what });
    }
    const { weight } = this.#layout;
    const firstRun = this.#runStart.length;
    const start = this.#used;
    let lowest = Number.POSITIVE_INFINITY;
    let highest = -1;
    let heaviest = 0;
    let first = 0;
    let previousTarget = -1;
    let ascending = true;
    let previousFormat = -1;
    let word = firstWord;
    while (word < firstWord + words) {
      const { count, format, entryWords } = this.#header(word, firstWord + words, where);
      const { weightBits, indexBits, exponent } = this.#formats[format]!;
      const factor = weight.step * 2 ** exponent;
      const position = this.#used - start;
      const dense = indexBits === 0;
      if (format !== previousFormat) {
        this.#runStart.push(this.#used);
        this.#runOffset.push(dense ? position : -1);
        this.#runFactor.push(factor);
        previousFormat = format;
      }
      this.#reserve(count, where);
      let bit = word * 64 + this.#layout.headerBits;
      for (let k = 0; k < count; k++) {
        const index = this.#bits(bit, indexBits);
        const raw = this.#bits(bit + indexBits, weightBits);
        bit += indexBits + weightBits;
        const mantissa = raw >= 2 ** (weightBits - 1) ? raw - 2 ** weightBits : raw;
        if (Math.abs(mantissa) > weight.mantissaMax) {
          const what = `word ${word} holds the mantissa ${mantissa}; the chip has −${weight.mantissaMax} to ${weight.mantissaMax}.`;
          throw failure('SW3003', { where, what });
        }
        const target = dense ? position + k : index;
        if (this.#used === start) first = target;
        if (target <= previousTarget) ascending = false;
        previousTarget = target;
        if (target < lowest) lowest = target;
        if (target > highest) highest = target;
        heaviest = Math.max(heaviest, Math.abs(mantissa) * factor);
        this.#mantissa[this.#used] = mantissa;
        this.#index[this.#used] = index;
        this.#used++;
      }
      this.#expectZeros(bit, (word + entryWords) * 64, where);
      word += entryWords;
    }
    if (highest < 0) lowest = 0;
    const count = this.#used - start;
    if (!ascending) heaviest *= count;
    return { firstRun, lastRun: this.#runStart.length, count, first, lowest, highest, heaviest };
  }

  #header(word: number, end: number, where: string): { count: number; format: number; entryWords: number } {
    const { headerBits, synapsesPerEntry } = this.#layout;
    const count = this.#bits(word * 64, countBits);
    const format = this.#bits(word * 64 + countBits, formatBits);
    const found = this.#formats[format];
    if (found === undefined) {
      const what = `word ${word} names synapse format ${format}; the core has ${this.#formats.length}.`;
      throw failure('SW3003', { where, what });
    }
    if (count === 0 || count > synapsesPerEntry) {
      const what = `the entry at word ${word} holds ${count} synapses; an entry has 1 to ${synapsesPerEntry}.`;
      throw failure('SW3003', { where, what });
    }
    this.#expectZeros(word * 64 + countBits + formatBits, word * 64 + headerBits, where);
    const entryWords = Math.ceil((headerBits + count * (found.indexBits + found.weightBits)) / 64);
    if (word + entryWords > end) {
      const what = `the entry at word ${word} needs ${entryWords} words, the axon has ${end - word} left.`;
      throw failure('SW3003', { where, what });
    }
    return { count, format, entryWords };
  }

  /** At most 16 bits from `bit` on, least significant first. */
  #bits(bit: number, width: number): number {
    const byte = Math.floor(bit / 8);
    const memory = this.#memory;
    const three = (memory[byte] ?? 0) | ((memory[byte + 1] ?? 0) << 8) | ((memory[byte + 2] ?? 0) << 16);
    return (three >>> (bit % 8)) & ((1 << width) - 1);
  }

  #expectZeros(from: number, to: number, where: string): void {
    for (let bit = from; bit < to; bit += 16) {
      if (this.#bits(bit, Math.min(16, to - bit)) !== 0) {
        throw failure('SW3003', { where, what: `word ${Math.floor(bit / 64)} has bits set where none may be.` });
      }
    }
  }

  #reserve(count: number, where: string): void {
    const need = this.#used + count;
    const most = (this.#memory.length / bytesPerWord) * synapsesPerWordMax;
    if (need > most) {
      const what = `the core’s axons overlap so much that they decode to more than ${most.toLocaleString('en')} synapses.`;
      throw failure('SW3003', { where, what });
    }
    if (need <= this.#mantissa.length) return;
    const mantissa = new Int16Array(Math.max(need, 2 * this.#mantissa.length));
    const index = new Uint16Array(mantissa.length);
    mantissa.set(this.#mantissa);
    index.set(this.#index);
    this.#mantissa = mantissa;
    this.#index = index;
  }
}
