import { failure } from '../schemas/diagnostic.js';
import type { CoreImage, SynapseFormat } from '../schemas/program.js';
import type { Target, TargetArithmetic } from '../schemas/target.js';

/** Bytes of a synapse memory word; program files know no other. */
const bytesPerWord = 8;

/** Of an entry header: the synapse count in the low bits, the format above it. */
const countBits = 6;
const formatBits = 3;

/**
 * The synapses of one list as runs over the pools of a `SynapseStore`: of a discrete axon, or of one atom of a population axon.
 * Run r holds synapses runStart[r] … runStart[r + 1] − 1 of the pools. A dense run goes to consecutive compartments from
 * its offset on; an indexed run to the compartments its indices name. Both are relative to the axon's base.
 */
export interface SynapseList {
  readonly firstRun: number;
  readonly lastRun: number;
  /** Synapses in all runs together. */
  readonly count: number;
  /** First, smallest and largest target relative to the base; 0, 0 and −1 of an empty list. */
  readonly first: number;
  readonly lowest: number;
  readonly highest: number;
  /**
   * Bound on what the list adds to one compartment in one timestep, in membrane units: its largest weight if no target
   * comes twice.
   */
  readonly heaviest: number;
  /** Longest delay of a synapse, in timesteps; 1 of an empty list. */
  readonly longestDelay: number;
}

/** The lists of an input axon: one of a discrete axon, one by atom of a population axon. */
interface Stretch {
  readonly lists: readonly SynapseList[];
  /** Smallest and largest target of all of them, relative to the base; 0 and −1 where all are empty. */
  readonly lowest: number;
  readonly highest: number;
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
  /** Timesteps from the spike to the one in which a run acts. */
  readonly runDelay: Int32Array;
  /** Decoded words of each input axon; axons that share words share them. */
  readonly stretches: readonly Stretch[];
}

/** The list that the messages for an atom of an axon find. */
export function listOf({ stretches }: SynapseStore, axon: number, atom: number): SynapseList {
  const { lists } = stretches[axon]!;
  // Atoms without words share one empty list.
  return lists[Math.min(atom, lists.length - 1)]!;
}

/** What decoding must know of the chip. */
export interface SynapseLayout {
  readonly headerBits: number;
  readonly synapsesPerEntry: number;
  readonly weight: TargetArithmetic['weight'];
  /** Timesteps. */
  readonly delayMax: number;
}

/** What decoding must know of a target. */
export function synapseLayout({ arithmetic, limits }: Target): SynapseLayout {
  return {
    headerBits: limits.entryHeaderBits.value ?? Number.NaN,
    synapsesPerEntry: limits.synapsesPerEntry.value ?? Number.POSITIVE_INFINITY,
    weight: arithmetic.weight,
    delayMax: limits.delayMax.value ?? Number.POSITIVE_INFINITY,
  };
}

/**
 * Unpacks a core's synapse memory (the layout is `CoreImage`'s) once per distinct stretch of words.
 * Throws SW3003 for words outside the memory, an unknown format, a count of 0 (but on a population axon) or beyond the
 * chip's, bits set where none may be, an entry cut short, or a mantissa off the chip's grid; SW3002 for a delay beyond
 * the chip's. Work and memory are bounded by the synapse memory and the number of axons: overlapping stretches that would
 * decode to more than `synapsesPerWordMax` a word are refused.
 */
export function decodeSynapses(image: CoreImage, layout: SynapseLayout, where: string): SynapseStore {
  const { firstWord, words, atoms } = image.axonsIn;
  const decoder = new EntryDecoder(image.synapseMemory, image.synapseFormats, layout);
  const shared = new Map<string, Stretch>();
  const stretches: Stretch[] = [];
  for (let axon = 0; axon < firstWord.length; axon++) {
    const key = `${firstWord[axon]}/${words[axon]}/${atoms[axon]}`;
    let stretch = shared.get(key);
    if (stretch === undefined) {
      stretch = decoder.stretch(firstWord[axon]!, words[axon]!, atoms[axon]!, `${where}, input axon ${axon}`);
      shared.set(key, stretch);
    }
    stretches.push(stretch);
  }
  return decoder.store(stretches);
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
  readonly #runDelay: number[] = [];
  /** Lists by first word and number of words, discrete ones and those of population axons. */
  readonly #discrete = new Map<number, SynapseList>();
  readonly #populations = new Map<number, SynapseList>();
  /** Words and lists looked at so far, beside synapses. */
  #visited = 0;

  constructor(memory: Uint8Array, formats: readonly SynapseFormat[], layout: SynapseLayout) {
    this.#memory = memory;
    this.#formats = formats;
    this.#layout = layout;
  }

  store(stretches: readonly Stretch[]): SynapseStore {
    return {
      mantissa: this.#mantissa.slice(0, this.#used),
      index: this.#index.slice(0, this.#used),
      runStart: Uint32Array.from([...this.#runStart, this.#used]),
      runOffset: Int32Array.from(this.#runOffset),
      runFactor: Int32Array.from(this.#runFactor),
      runDelay: Int32Array.from(this.#runDelay),
      stretches,
    };
  }

  /** The words of one axon. */
  stretch(firstWord: number, words: number, atoms: number, where: string): Stretch {
    const memoryWords = this.#memory.length / bytesPerWord;
    const end = firstWord + words * atoms;
    if (end > memoryWords) {
      const what = `words ${firstWord} to ${end - 1} lie outside the memory of ${memoryWords} words.`;
      throw failure('SW3003', { where, what });
    }
    const known = atoms > 1 ? this.#populations : this.#discrete;
    const lists: SynapseList[] = [];
    let lowest = Number.POSITIVE_INFINITY;
    let highest = -1;
    for (let atom = 0; atom < (words === 0 ? 1 : atoms); atom++) {
      const first = firstWord + atom * words;
      const key = first * 65536 + words;
      let list = known.get(key);
      if (list === undefined) {
        list = this.#decode(first, words, atoms > 1, atoms > 1 ? `${where}, atom ${atom}` : where);
        known.set(key, list);
      } else if (words > 0) this.#visit(where);
      lists.push(list);
      if (list.count === 0) continue;
      lowest = Math.min(lowest, list.lowest);
      highest = Math.max(highest, list.highest);
    }
    return { lists, lowest: highest < 0 ? 0 : lowest, highest };
  }

  #decode(firstWord: number, words: number, isAtom: boolean, where: string): SynapseList {
    const { weight, delayMax } = this.#layout;
    const firstRun = this.#runStart.length;
    const start = this.#used;
    let lowest = Number.POSITIVE_INFINITY;
    let highest = -1;
    let heaviest = 0;
    let first = 0;
    let previousTarget = -1;
    let ascending = true;
    let previousFormat = -1;
    let previousDelay = 1;
    let longestDelay = 1;
    let word = firstWord;
    while (word < firstWord + words) {
      if (isAtom && this.#bits(word * 64, countBits) === 0) {
        this.#expectZeros(word * 64, (word + 1) * 64, where);
        this.#visit(where);
        word++;
        continue;
      }
      const { count, format, entryWords } = this.#header(word, firstWord + words, where);
      const { weightBits, indexBits, delayBits, exponent } = this.#formats[format]!;
      const factor = weight.step * 2 ** exponent;
      const position = this.#used - start;
      const dense = indexBits === 0;
      this.#reserve(count, where);
      let bit = word * 64 + this.#layout.headerBits;
      for (let k = 0; k < count; k++) {
        // Most entries have neither: a call for nothing would take as long as the weight's.
        const index = dense ? 0 : this.#bits(bit, indexBits);
        const delay = delayBits === 0 ? 1 : this.#bits(bit + indexBits, delayBits) + 1;
        const raw = this.#bits(bit + indexBits + delayBits, weightBits);
        bit += indexBits + delayBits + weightBits;
        if (format !== previousFormat || delay !== previousDelay) {
          this.#runStart.push(this.#used);
          this.#runOffset.push(dense ? position + k : -1);
          this.#runFactor.push(factor);
          this.#runDelay.push(delay);
          previousFormat = format;
          previousDelay = delay;
          longestDelay = Math.max(longestDelay, delay);
        }
        if (delay > delayMax) {
          const what = `word ${word} holds a delay of ${delay} timesteps; the chip has up to ${delayMax}.`;
          throw failure('SW3002', { where, what });
        }
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
    return { firstRun, lastRun: this.#runStart.length, count, first, lowest, highest, heaviest, longestDelay };
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
    const synapseBits = found.indexBits + found.delayBits + found.weightBits;
    const entryWords = Math.ceil((headerBits + count * synapseBits) / 64);
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

  /** Counts a list or word looked at that left no synapse. */
  #visit(where: string): void {
    this.#visited++;
    this.#expectBounded(this.#used + this.#visited, where);
  }

  #expectBounded(work: number, where: string): void {
    const most = (this.#memory.length / bytesPerWord) * synapsesPerWordMax;
    if (work > most) {
      const what = `the core’s axons overlap so much that they decode to more than ${most.toLocaleString('en')} synapses.`;
      throw failure('SW3003', { where, what });
    }
  }

  #reserve(count: number, where: string): void {
    const need = this.#used + count;
    this.#expectBounded(need + this.#visited, where);
    if (need <= this.#mantissa.length) return;
    const mantissa = new Int16Array(Math.max(need, 2 * this.#mantissa.length));
    const index = new Uint16Array(mantissa.length);
    mantissa.set(this.#mantissa);
    index.set(this.#index);
    this.#mantissa = mantissa;
    this.#index = index;
  }
}
