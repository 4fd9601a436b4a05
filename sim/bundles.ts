import type { CoreState } from './core-state.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Compartments of a word of a bitmap, and its bytes. */
const wordBits = 64;
const wordBytes = 8;

/** A core that sends to merged synapses; all by compartment. */
export interface MergedSender {
  readonly state: CoreState;
  /** List of rows, 0 of none. */
  readonly lists: Uint32Array;
  /** Where the shifts of the rows beyond the core's first lie: the same for equal ones. */
  readonly shifts: Address;
}

/** Brings neighbouring compartments of a core together that name one list of rows, and tells the loops of them. `slotOf` gives the slot of a list, in bytes from the first of a plane. */
export function placeBundles(
  memory: MachineMemory,
  { state, lists }: MergedSender,
  slotOf: (list: number) => number,
): void {
  const words: number[] = [];
  for (let first = 0; first < lists.length; first++) {
    if (first === 0 || lists[first] !== lists[first - 1]) words.push(...place(first), slotOf(lists[first]!));
  }
  const pastBundles = 4 * words.length;
  words.push(...place(lists.length), 0);
  const bundles = memory.place(Uint32Array.from(words));
  state.set({ bundles, pastBundles: bundles + pastBundles });
}

/** The words of a Bundle in kernel/merged-state.ts that say with which compartment it begins. */
function place(first: number): readonly number[] {
  const before = 2n ** BigInt(first % wordBits) - 1n;
  return [Number(before & 0xffff_ffffn), Number(before >> 32n), wordBytes * Math.floor(first / wordBits)];
}
