import { wordBits, wordBytes } from './bitmap.js';
import type { CoreState } from './core-state.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Words of a Bundle in kernel/merged-state.ts. */
const bundleWords = 8;
/** Bytes of the place of a compartment in a table of words. */
const placeBytes = 4;

/** Compartments that have one list, on average, where it is worth it to write them down together. */
const runLengthLeast = 4;

/** A core that sends to merged synapses; all by compartment. */
export interface MergedSender {
  readonly state: CoreState;
  /** List of rows, 0 of none. */
  readonly lists: Uint32Array;
  /** Where the shifts of the rows beyond the core's first lie: the same for equal ones. */
  readonly shifts: Address;
}

/** How many neighbouring compartments have one list, on average. */
export function runLength(lists: Uint32Array): number {
  let runs = 1;
  for (let k = 1; k < lists.length; k++) if (lists[k] !== lists[k - 1]) runs++;
  return lists.length / runs;
}

/**
 * Brings neighbouring compartments of a core together that name one list of rows, and tells the loops of them; or of each
 * compartment by itself, where few neighbours do. `slotOf` gives the slot of a list as `slotAt` takes it.
 */
export function placeBundles(
  memory: MachineMemory,
  { state, lists, shifts }: MergedSender,
  slotOf: (list: number) => number,
): void {
  if (runLength(lists) < runLengthLeast) {
    state.put('slots', memory.place(lists.map(slotOf)));
    return;
  }
  const { length } = lists;
  const shiftOf = memory.uint32(shifts, length);
  const patternOf = memory.uint32(state.get('patterns'), length);
  let [isEven, isUniform] = [true, true];
  const words: number[] = [];
  for (let first = 0; first < length; ) {
    let past = first + 1;
    const step = past < length && lists[past] === lists[first] ? shiftOf[past]! - shiftOf[first]! : 0;
    for (; past < length && lists[past] === lists[first]; past++) {
      if (shiftOf[past]! - shiftOf[past - 1]! !== step) isEven = false;
      if (patternOf[past] !== patternOf[first]) isUniform = false;
    }
    const shift = state.get('firstShift') + shiftOf[first]! - step * first;
    words.push(...place(first), slotOf(lists[first]!), shift, step / placeBytes, patternOf[first]!, 0);
    first = past;
  }
  const pastBundles = 4 * words.length;
  for (let at = 0; at < words.length && !isEven; at += bundleWords) [words[at + 4], words[at + 5]] = [0, 1];
  words.push(...place(length), 0, 0, 0, 0, 0);
  const bundles = memory.place(Uint32Array.from(words));
  state.set({
    bundles,
    pastBundles: bundles + pastBundles,
    isEven: isEven ? 1 : 0,
    isUniform: isUniform ? 1 : 0,
  });
}

/** The words of a Bundle that say with which compartment it begins. */
function place(first: number): readonly number[] {
  const before = 2n ** BigInt(first % wordBits) - 1n;
  return [Number(before & 0xffff_ffffn), Number(before >> 32n), wordBytes * Math.floor(first / wordBits)];
}
