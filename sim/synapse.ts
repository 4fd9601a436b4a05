import type { CoreImage } from '../schemas/program.js';
import type { Target, TargetArithmetic } from '../schemas/target.js';
import { EntryDecoder } from './entry-decoder.js';

/**
 * Decoded synapse memory of one core in contiguous typed arrays: synapses in runs, runs in lists. A list is what the
 * messages for a discrete axon find, or those for one atom of a population axon. A dense run goes to consecutive compartments from
 * its offset on; an indexed run to the compartments its indices name. Both are relative to the axon's base.
 */
export interface SynapseStore {
  /** By synapse. */
  readonly mantissa: Int16Array;
  /** Target relative to the axon's base, up to the last indexed run; dense runs do not read it. */
  readonly index: Uint16Array;
  /** First synapse of each run, and one past the last run's. */
  readonly runStart: Int32Array;
  /** Offset of a dense run's first target from the base; −1 marks an indexed run. */
  readonly runOffset: Int32Array;
  /** Membrane units per mantissa. */
  readonly runFactor: Int32Array;
  /** Timesteps from the spike to the one in which a run acts. */
  readonly runDelay: Int32Array;
  readonly lists: SynapseLists;
  /**
   * The words of an input axon are a stretch, which axons may share: the stretch of each axon; and the lists of a stretch,
   * by atom, stretchStart[s] … stretchStart[s + 1] − 1 of `listOfAtom`. Atoms without words share one empty list.
   */
  readonly stretchOf: Int32Array;
  readonly stretchStart: Int32Array;
  readonly listOfAtom: Int32Array;
}

/** The lists of a core's synapses. */
export interface SynapseLists {
  /** First run of each list, and one past the last list's. */
  readonly firstRun: Int32Array;
  /** Synapses in all runs together. */
  readonly count: Int32Array;
  /** First, smallest and largest target relative to the base; 0, 0 and −1 of an empty list. */
  readonly first: Int32Array;
  readonly lowest: Int32Array;
  readonly highest: Int32Array;
  /** Longest delay of a synapse, in timesteps; 1 of an empty list. */
  readonly longestDelay: Int32Array;
  /**
   * Bound on what the list adds to one compartment in one timestep, in membrane units: its largest weight if no target
   * comes twice.
   */
  readonly heaviest: Float64Array;
}

/** The list that the messages for an atom of an axon find. */
export function listOf({ stretchOf, stretchStart, listOfAtom }: SynapseStore, axon: number, atom: number): number {
  const stretch = stretchOf[axon]!;
  return listOfAtom[Math.min(stretchStart[stretch]! + atom, stretchStart[stretch + 1]! - 1)]!;
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
 * decode to more than 256 synapses a word are refused.
 */
export function decodeSynapses(image: CoreImage, layout: SynapseLayout, where: string): SynapseStore {
  const { firstWord, words, atoms } = image.axonsIn;
  const decoder = new EntryDecoder(image.synapseMemory, image.synapseFormats, layout);
  const stretchOf = new Int32Array(firstWord.length);
  for (let axon = 0; axon < firstWord.length; axon++) {
    stretchOf[axon] = decoder.stretch(firstWord[axon]!, words[axon]!, atoms[axon]!, where, axon);
  }
  return { ...decoder.store(), stretchOf };
}
