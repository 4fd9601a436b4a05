import type { CompartmentProfile } from '../schemas/program.js';
import type { TargetArithmetic } from '../schemas/target.js';
import { bitmapWords, wordBytes } from './bitmap.js';
import type { CoreState } from './core-state.js';
import type { MachineMemory } from './machine-memory.js';

/** Compartments first … end − 1 of a core, neurons of one population. */
export interface SomaRange {
  readonly population: number;
  readonly first: number;
  readonly end: number;
  readonly spiking: boolean;
}

/** 12-bit decay: what a membrane keeps, in 1/4096. */
const decayOne = 4096;

/** Largest number that the loops compare inputs with. */
const wordMax = 2 ** 31 - 1;

/** Compartments that loops may touch beyond a core's own, for they work on whole vectors. */
const lanesBeyond = 8;
/** Compartments of a block, which is updated at once. */
export const blockLength = 16;

/** Some of a core's compartments, a bit each. */
export type CompartmentBitmap = Uint32Array;

/** The somas of a core: membranes in the integer contract's arithmetic. */
export class Somas {
  /** v of each compartment after the last update. */
  readonly membrane: Int32Array;
  /** Where somebody watches: the compartments that fired in this timestep, ascending; the first `spikeCount` count. */
  readonly spiked: Int32Array;
  /** Active compartments up to and including each that fired. */
  readonly activeUpTo: Int32Array;
  /** A bitmap: who fired in this timestep. */
  readonly #firing: Uint32Array;
  readonly #state: CoreState;

  constructor(
    memory: MachineMemory,
    state: CoreState,
    profiles: readonly CompartmentProfile[],
    profileOf: Uint8Array,
    arithmetic: TargetArithmetic,
  ) {
    const compartments = profileOf.length;
    const [membranes, spiked, activeUpTo] = [0, 0, 0].map(() => memory.reserve(4 * (compartments + lanesBeyond)));
    this.membrane = memory.int32(membranes!, compartments);
    this.spiked = memory.int32(spiked!, compartments);
    this.activeUpTo = memory.int32(activeUpTo!, compartments);
    const bytes = wordBytes * bitmapWords(compartments);
    const [firing, activity, fired] = [0, 0, 0].map(() => memory.reserve(bytes));
    this.#firing = memory.uint32(firing!, bytes / 4);
    this.#state = state;
    const rows = parameterRows(profiles, arithmetic);
    state.set({
      membranes: membranes!,
      firing: firing!,
      activity: activity!,
      fired: fired!,
      spiked: spiked!,
      activeUpTo: activeUpTo!,
      profileTable: memory.place(Int32Array.from(rows.flat())),
      profileRowBytes: rows.length === 1 ? 0 : 4 * rows[0]!.length,
      profileOf: memory.place(profileOf, lanesBeyond),
      decays: profiles.some(({ decay }) => decay.some((part) => part !== 0)) ? 1 : 0,
      membraneMax: arithmetic.membraneMax,
      inputMax: Math.min(Math.floor(arithmetic.inputMax ?? wordMax), wordMax),
    });
  }

  /** Compartments that fired in this timestep. */
  get spikeCount(): number {
    return this.#state.get('spikes');
  }

  /** Compartments that fired in this timestep, ascending, whether or not anybody watches. */
  firing(): number[] {
    const compartments: number[] = [];
    for (let k = 0; k < this.membrane.length; k++) {
      if ((this.#firing[k >> 5]! >> (k & 31)) & 1) compartments.push(k);
    }
    return compartments;
  }

  /** Lets these compartments have fired in this timestep, and no others. */
  setFiring(compartments: readonly number[]): void {
    const all = this.bitmapOf(compartments);
    this.overrule(all, all);
  }

  /** Lets those of `stuck` have fired in this timestep, and of all others none but those of `able` that did. */
  overrule(able: CompartmentBitmap, stuck: CompartmentBitmap): void {
    let spikes = 0;
    for (let word = 0; word < this.#firing.length; word++) {
      const firing = (this.#firing[word]! & able[word]!) | stuck[word]!;
      this.#firing[word] = firing;
      spikes += onesIn(firing);
    }
    this.#state.put('spikes', spikes);
  }

  /** These compartments as `overrule` takes them. */
  bitmapOf(compartments: readonly number[]): CompartmentBitmap {
    const bitmap = new Uint32Array(this.#firing.length);
    for (const k of compartments) bitmap[k >> 5]! |= 1 << (k & 31);
    return bitmap;
  }

  /** Compartments that were active in this timestep: their membrane or input was not zero. */
  get activeCount(): number {
    return this.#state.get('active');
  }

  /** Membranes of compartments first … end − 1 to zero. */
  clear(first: number, end: number): void {
    this.membrane.fill(0, first, end);
    this.#state.put('disturbed', 1);
  }
}

/** Bits of a 32-bit word that are 1: summed in pairs, in fours, in bytes, and then all at once. */
function onesIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The parameters of all profiles by local timestep; one row where none changes. */
function parameterRows(
  profiles: readonly CompartmentProfile[],
  { compare }: Pick<TargetArithmetic, 'compare'>,
): readonly (readonly number[])[] {
  // Integers: v > θ − 1 is v ≥ θ.
  const slack = compare === '>' ? 0 : 1;
  const tables = profiles.flatMap(({ threshold, resetBy, decay }) => [threshold, resetBy, decay]);
  const rows = tables.reduce((most, { length }) => Math.max(most, length), 1);
  return Array.from({ length: rows }, (_, row) => {
    const at = (table: Int32Array): number => table[table.length === 1 ? 0 : row]!;
    return profiles.flatMap(({ threshold, resetBy, decay, reset }) => [
      at(threshold) - slack,
      at(resetBy),
      decayOne - at(decay),
      reset === 'hard' ? -1 : 0,
    ]);
  });
}
