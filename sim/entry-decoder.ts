import { failure } from '../schemas/diagnostic.js';
import type { SynapseFormat } from '../schemas/program.js';
import { Growing } from './growing.js';
import { HashTable } from './hash-table.js';
import { type ListBounds, StoreColumns } from './store-columns.js';
import type { SynapseLayout, SynapseStore } from './synapse.js';

/** Bytes and bits of a synapse memory word; program files know no other. */
const bytesPerWord = 8;
const wordBits = 64;

/** Of an entry header: the synapse count in the low bits, the format above it. */
const countBits = 6;
const formatBits = 3;
const countMask = (1 << countBits) - 1;
const formatMask = (1 << formatBits) - 1;

/** A word holds at most 64 synapses; stretches that overlap may decode it again, but not without bound. */
const synapsesPerWordMax = 256;

/** Bytes that may be read beyond the memory. */
const padding = 8;

/** The entry last read. */
interface Entry {
  count: number;
  format: number;
  words: number;
}

/** Unpacks the entries of one core's synapse memory into the arrays of a `SynapseStore`, each list of words once. */
export class EntryDecoder {
  /** The memory, and zeros behind it. */
  readonly #memory: Uint8Array;
  readonly #words: number;
  readonly #formats: readonly SynapseFormat[];
  readonly #layout: SynapseLayout;
  readonly #columns = new StoreColumns();
  readonly #stretchStart = new Growing(Int32Array.of(0));
  readonly #listOfAtom = new Growing(new Int32Array(64));
  /** Lists of population axons by first word and number of words: stretches may overlap. */
  readonly #lists = new Map<number, number>();
  /** First word, number of words and atoms of each stretch. */
  readonly #stretches = new Growing(new Int32Array(3 * 64));
  readonly #known = new HashTable();
  /** Words and lists looked at so far, beside synapses. */
  #visited = 0;
  readonly #entry: Entry = { count: 0, format: 0, words: 0 };

  constructor(memory: Uint8Array, formats: readonly SynapseFormat[], layout: SynapseLayout) {
    this.#memory = new Uint8Array(memory.length + padding);
    this.#memory.set(memory);
    this.#words = memory.length / bytesPerWord;
    this.#formats = formats;
    this.#layout = layout;
    this.#stretchStart.length = 1;
  }

  store(): Omit<SynapseStore, 'stretchOf'> {
    return {
      ...this.#columns.taken(),
      stretchStart: this.#stretchStart.taken(),
      listOfAtom: this.#listOfAtom.taken(),
    };
  }

  /** The words of one axon of the core that `core` names: the number of their stretch. */
  stretch(firstWord: number, words: number, atoms: number, core: string, axon: number): number {
    const end = firstWord + words * atoms;
    if (end > this.#words) {
      const what = `words ${firstWord} to ${end - 1} lie outside the memory of ${this.#words} words.`;
      throw failure('SW3003', { where: `${core}, input axon ${axon}`, what });
    }
    const hash = Math.imul(firstWord ^ (words << 16) ^ (atoms << 8), 0x9e3779b1) >>> 1;
    const { values } = this.#stretches;
    const known = this.#known.find(hash, (stretch) => {
      const at = 3 * stretch;
      return values[at] === firstWord && values[at + 1] === words && values[at + 2] === atoms;
    });
    if (known >= 0) return known;
    this.#decodeStretch(firstWord, words, atoms, `${core}, input axon ${axon}`);
    const stretch = this.#stretches.length / 3;
    this.#known.add(hash, stretch);
    this.#stretches.push(firstWord);
    this.#stretches.push(words);
    this.#stretches.push(atoms);
    return stretch;
  }

  #decodeStretch(firstWord: number, words: number, atoms: number, where: string): void {
    const isAtom = atoms > 1;
    for (let atom = 0; atom < (words === 0 ? 1 : atoms); atom++) {
      const first = firstWord + atom * words;
      const key = first * 65536 + words;
      // A stretch of one atom is itself decoded once.
      let list = isAtom ? this.#lists.get(key) : undefined;
      if (list === undefined) {
        list = this.#decode(first, words, isAtom, isAtom ? `${where}, atom ${atom}` : where);
        if (isAtom) this.#lists.set(key, list);
      } else if (words > 0) this.#visit(where);
      this.#listOfAtom.push(list);
    }
    this.#stretchStart.push(this.#listOfAtom.length);
  }

  #decode(firstWord: number, words: number, isAtom: boolean, where: string): number {
    const columns = this.#columns;
    const list = columns.lists;
    const start = this.#columns.mantissa.length;
    const bounds: ListBounds = {
      first: 0,
      lowest: Number.POSITIVE_INFINITY,
      highest: -1,
      heaviest: 0,
      longestDelay: 1,
      previousTarget: -1,
      ascending: true,
    };
    columns.openList();
    const entry = this.#entry;
    let previousFormat = -1;
    let word = firstWord;
    while (word < firstWord + words) {
      if (isAtom && (this.#memory[word * bytesPerWord]! & countMask) === 0) {
        this.#expectZeros(word, 0, wordBits, where);
        this.#visit(where);
        word++;
        continue;
      }
      this.#readHeader(word, firstWord + words, where);
      this.#reserve(entry.count, where);
      const { indexBits, delayBits } = this.#formats[entry.format]!;
      const bit =
        indexBits === 0 && delayBits === 0
          ? this.#readDense(word, start, previousFormat, bounds, where)
          : this.#readAny(word, start, previousFormat, bounds, where);
      this.#expectZeros(word, bit, entry.words * wordBits, where);
      previousFormat = entry.format;
      word += entry.words;
    }
    columns.closeList(start, bounds);
    return list;
  }

  /** Reads an entry of weights alone; gives the bit of it behind the last synapse. */
  #readDense(word: number, start: number, previousFormat: number, bounds: ListBounds, where: string): number {
    const { count, format } = this.#entry;
    const { weightBits, exponent } = this.#formats[format]!;
    const memory = this.#memory;
    const mantissa = this.#columns.mantissa.values;
    const used = this.#columns.mantissa.length;
    const position = used - start;
    const factor = this.#layout.weight.step * 2 ** exponent;
    // A run goes on over the entries of one format, unless the last synapse came late.
    if (format !== previousFormat) this.#columns.openRun(used, position, factor, 1);
    const mask = 2 ** weightBits - 1;
    const unused = 32 - weightBits;
    const entry = word * bytesPerWord;
    let bit = this.#layout.headerBits;
    let largest = 0;
    for (let k = used; k < used + count; k++) {
      const byte = entry + (bit >> 3);
      const three = memory[byte]! | (memory[byte + 1]! << 8) | (memory[byte + 2]! << 16);
      const value = (((three >>> (bit & 7)) & mask) << unused) >> unused;
      mantissa[k] = value;
      const magnitude = value < 0 ? -value : value;
      if (magnitude > largest) largest = magnitude;
      bit += weightBits;
    }
    this.#expectOnGrid(largest, used, count, word, where);
    this.#columns.mantissa.length += count;
    if (position === 0) bounds.first = 0;
    if (position <= bounds.previousTarget) bounds.ascending = false;
    bounds.previousTarget = position + count - 1;
    bounds.lowest = Math.min(bounds.lowest, position);
    bounds.highest = Math.max(bounds.highest, position + count - 1);
    bounds.heaviest = Math.max(bounds.heaviest, largest * factor);
    return bit;
  }

  /** Reads an entry of any format; gives the bit of it behind the last synapse. */
  #readAny(word: number, start: number, previousFormat: number, bounds: ListBounds, where: string): number {
    const { count, format } = this.#entry;
    const { weightBits, indexBits, delayBits, exponent } = this.#formats[format]!;
    const { delayMax } = this.#layout;
    const isDense = indexBits === 0;
    const mantissa = this.#columns.mantissa.values;
    // Most cores have only dense runs, which need no indices.
    if (!isDense) {
      this.#columns.index.length = this.#columns.mantissa.length;
      this.#columns.index.reserve(count);
    }
    const indices = this.#columns.index.values;
    const used = this.#columns.mantissa.length;
    const factor = this.#layout.weight.step * 2 ** exponent;
    const unused = 32 - weightBits;
    let previousDelay = format === previousFormat ? this.#columns.lastDelay : 0;
    let bit = this.#layout.headerBits;
    let largest = 0;
    for (let k = used; k < used + count; k++) {
      const index = isDense ? 0 : this.#bits(word, bit, indexBits);
      bit += indexBits;
      const delay = delayBits === 0 ? 1 : this.#bits(word, bit, delayBits) + 1;
      bit += delayBits;
      const value = (this.#bits(word, bit, weightBits) << unused) >> unused;
      bit += weightBits;
      if (delay !== previousDelay) {
        if (delay > delayMax) {
          const what = `word ${word} holds a delay of ${delay} timesteps; the chip has up to ${delayMax}.`;
          throw failure('SW3002', { where, what });
        }
        this.#columns.openRun(k, isDense ? k - start : -1, factor, delay);
        previousDelay = delay;
        bounds.longestDelay = Math.max(bounds.longestDelay, delay);
      }
      mantissa[k] = value;
      if (!isDense) indices[k] = index;
      const magnitude = value < 0 ? -value : value;
      if (magnitude > largest) largest = magnitude;
      const target = isDense ? k - start : index;
      if (k === start) bounds.first = target;
      if (target <= bounds.previousTarget) bounds.ascending = false;
      bounds.previousTarget = target;
      if (target < bounds.lowest) bounds.lowest = target;
      if (target > bounds.highest) bounds.highest = target;
    }
    this.#expectOnGrid(largest, used, count, word, where);
    this.#columns.mantissa.length += count;
    if (!isDense) this.#columns.index.length += count;
    bounds.heaviest = Math.max(bounds.heaviest, largest * factor);
    return bit;
  }

  #readHeader(word: number, end: number, where: string): void {
    const { headerBits, synapsesPerEntry } = this.#layout;
    const low = this.#memory[word * bytesPerWord]! | (this.#memory[word * bytesPerWord + 1]! << 8);
    const count = low & countMask;
    const format = (low >> countBits) & formatMask;
    const found = this.#formats[format];
    if (found === undefined) {
      const what = `word ${word} names synapse format ${format}; the core has ${this.#formats.length}.`;
      throw failure('SW3003', { where, what });
    }
    if (count === 0 || count > synapsesPerEntry) {
      const what = `the entry at word ${word} holds ${count} synapses; an entry has 1 to ${synapsesPerEntry}.`;
      throw failure('SW3003', { where, what });
    }
    this.#expectZeros(word, countBits + formatBits, headerBits, where);
    const synapseBits = found.indexBits + found.delayBits + found.weightBits;
    const words = Math.ceil((headerBits + count * synapseBits) / wordBits);
    if (word + words > end) {
      const what = `the entry at word ${word} needs ${words} words, the axon has ${end - word} left.`;
      throw failure('SW3003', { where, what });
    }
    this.#entry.count = count;
    this.#entry.format = format;
    this.#entry.words = words;
  }

  /** At most 16 bits from bit `bit` of an entry on, least significant first. */
  #bits(word: number, bit: number, width: number): number {
    const byte = word * bytesPerWord + (bit >> 3);
    const memory = this.#memory;
    const three = memory[byte]! | (memory[byte + 1]! << 8) | (memory[byte + 2]! << 16);
    return (three >>> (bit & 7)) & ((1 << width) - 1);
  }

  /** Bits from … to − 1 of the entry at a word. */
  #expectZeros(word: number, from: number, to: number, where: string): void {
    for (let bit = from; bit < to; bit += 16) {
      if (this.#bits(word, bit, Math.min(16, to - bit)) !== 0) {
        const what = `word ${word + Math.floor(bit / wordBits)} has bits set where none may be.`;
        throw failure('SW3003', { where, what });
      }
    }
  }

  /** `largest` is the largest magnitude of `count` mantissas from `first` on. */
  #expectOnGrid(largest: number, first: number, count: number, word: number, where: string): void {
    const { mantissaMax } = this.#layout.weight;
    if (largest <= mantissaMax) return;
    const own = this.#columns.mantissa.values.subarray(first, first + count);
    const mantissa = own.find((value) => Math.abs(value) > mantissaMax)!;
    const what = `word ${word} holds the mantissa ${mantissa}; the chip has −${mantissaMax} to ${mantissaMax}.`;
    throw failure('SW3003', { where, what });
  }

  /** Counts a list or word looked at that left no synapse. */
  #visit(where: string): void {
    this.#visited++;
    this.#expectBounded(this.#columns.mantissa.length + this.#visited, where);
  }

  #expectBounded(work: number, where: string): void {
    const most = this.#words * synapsesPerWordMax;
    if (work > most) {
      const what = `the core’s axons overlap so much that they decode to more than ${most.toLocaleString('en')} synapses.`;
      throw failure('SW3003', { where, what });
    }
  }

  #reserve(count: number, where: string): void {
    this.#expectBounded(this.#columns.mantissa.length + count + this.#visited, where);
    this.#columns.mantissa.reserve(count);
  }
}
