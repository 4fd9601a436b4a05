import type { Address, MachineMemory } from './machine-memory.js';
import type { SynapseStore } from './synapse.js';

/** Weights of a vector; segments are filled up with zeros to whole ones. */
const vectorWeights = 16;
/** Of a segment in memory, before its weights: first target, vectors, factor, and a word to fill up. */
const segmentWords = 4;
/** Where more compartments are left out than this, a new segment costs less than zeros in between. */
const gapMax = 16;
/** 16-bit sums must take at least this many messages before they are moved to 32 bits. */
const messagesPerFlushMin = 16;

/** Where the segments of those synapses of a list lie that act `delay` timesteps after the spike. */
export interface PlacedRow {
  readonly delay: number;
  readonly firstSegment: Address;
  readonly pastSegments: Address;
}

/** The synapse lists of a core as the loops read them. */
export interface SynapseRows {
  /** The rows of each list that was placed, by delay ascending; none of a list without synapses. */
  readonly rowsOf: ReadonlyMap<number, readonly PlacedRow[]>;
  /** True where weights are 8 bits wide, in units of `unit`, and summed in 16 bits; else 16, each segment with a factor. */
  readonly narrow: boolean;
  /** Membrane units per unit of the summed inputs. */
  readonly unit: number;
  /** Messages whose weights cannot overflow 16 bits; of wide weights meaningless. */
  readonly messagesPerFlush: number;
}

/** Synapses first … next − 1 of the pool, of one run: `target(k)` is where k goes to. */
interface Segment {
  readonly run: number;
  readonly first: number;
  readonly next: number;
  readonly target: (k: number) => number;
  readonly vectors: number;
}

/**
 * Lays out the decoded synapses of `lists` for the loops of kernel/synapse.ts. Targets that follow one another, small gaps
 * filled with zero weights, become segments, so that a loop adds whole vectors instead of single synapses.
 */
export function placeSynapses(memory: MachineMemory, store: SynapseStore, lists: ReadonlySet<number>): SynapseRows {
  const unit = narrowUnit(store, lists);
  const rowsOf = new Map<number, readonly PlacedRow[]>();
  for (const list of lists) rowsOf.set(list, placeRows(memory, store, list, unit ?? 0));
  const messagesPerFlush = perFlush(store, lists, unit ?? 1);
  return { rowsOf, narrow: unit !== null, unit: unit ?? 1, messagesPerFlush };
}

/** The unit of which all weights are multiples of 8 bits, such that 16 bits hold the sums of many lists; null without one. */
export function narrowUnit(store: SynapseStore, lists: Iterable<number>): number | null {
  const { runFactor } = store;
  const unit = runFactor.length === 0 ? 1 : runFactor.reduce((least, factor) => Math.min(least, factor));
  return perFlush(store, lists, unit) >= messagesPerFlushMin && fitsEightBits(store, unit) ? unit : null;
}

/** Messages for any of some lists that cannot overflow 16 bits. */
function perFlush({ lists: { heaviest } }: SynapseStore, lists: Iterable<number>, unit: number): number {
  let most = 0;
  for (const list of lists) most = Math.max(most, heaviest[list]!);
  return most === 0 ? 2 ** 15 : Math.floor((2 ** 15 - 1) / (most / unit));
}

function fitsEightBits({ mantissa, runStart, runFactor }: SynapseStore, unit: number): boolean {
  for (let run = 0; run < runFactor.length; run++) {
    const most = 127 / (runFactor[run]! / unit);
    const past = runStart[run + 1]!;
    for (let k = runStart[run]!; k < past; k++) {
      const value = mantissa[k]!;
      if (value > most || value < -most) return false;
    }
  }
  return true;
}

/** The rows of one list; `unit` is that of narrow weights, or 0 for wide ones. */
function placeRows(memory: MachineMemory, store: SynapseStore, list: number, unit: number): readonly PlacedRow[] {
  const { mantissa, index, runStart, runOffset, runFactor, runDelay } = store;
  const byDelay = new Map<number, Segment[]>();
  const { firstRun } = store.lists;
  for (let run = firstRun[list]!; run < firstRun[list + 1]!; run++) {
    const segments = byDelay.get(runDelay[run]!) ?? [];
    byDelay.set(runDelay[run]!, segments);
    const start = runStart[run]!;
    const end = runStart[run + 1]!;
    const offset = runOffset[run]!;
    const target = (k: number): number => (offset < 0 ? index[k]! : offset + k - start);
    for (let first = start; first < end; ) {
      let next = first + 1;
      while (next < end && target(next) > target(next - 1) && target(next) - target(next - 1) <= gapMax) next++;
      const vectors = Math.ceil((target(next - 1) - target(first) + 1) / vectorWeights);
      segments.push({ run, first, next, target, vectors });
      first = next;
    }
  }
  const weightBytes = unit === 0 ? 2 : 1;
  return [...byDelay]
    .toSorted(([one], [other]) => one - other)
    .map(([delay, segments]) => {
      const vectors = segments.reduce((sum, segment) => sum + segment.vectors, 0);
      const bytes = 4 * segmentWords * segments.length + vectorWeights * weightBytes * vectors;
      const row = new Uint32Array(bytes / 4);
      const weights = unit === 0 ? new Int16Array(row.buffer) : new Int8Array(row.buffer);
      let word = 0;
      for (const { run, first, next, target, vectors: own } of segments) {
        const factor = unit === 0 ? 1 : runFactor[run]! / unit;
        row.set([target(first), own, unit === 0 ? runFactor[run]! : 1], word);
        word += segmentWords;
        const start = (4 / weightBytes) * word - target(first);
        for (let k = first; k < next; k++) weights[start + target(k)] = mantissa[k]! * factor;
        word += (own * vectorWeights * weightBytes) / 4;
      }
      const firstSegment = memory.placeOnce(row);
      return { delay, firstSegment, pastSegments: firstSegment + bytes };
    });
}

/** First target and vectors of a row of narrow weights that is one segment; null of any other. */
export function onlySegment(
  memory: MachineMemory,
  { firstSegment, pastSegments }: PlacedRow,
): { readonly target: number; readonly vectors: number } | null {
  const [target, vectors] = memory.int32(firstSegment, segmentWords);
  if (pastSegments - firstSegment !== 4 * segmentWords + vectorWeights * vectors!) return null;
  return { target: target!, vectors: vectors! };
}
