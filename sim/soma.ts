import type { CompartmentProfile } from '../schemas/program.js';
import type { TargetArithmetic } from '../schemas/target.js';
import type { CoreState } from './core-state.js';
import type { Dendrites } from './dendrite.js';
import type { MachineMemory } from './machine-memory.js';

/** Compartments first … end − 1 of a core, neurons of one population. */
export interface SomaRange {
  readonly population: number;
  readonly first: number;
  readonly end: number;
  readonly spiking: boolean;
}

/** What the update of one range did. */
export interface UpdateCounts {
  /** Compartments with a membrane or an input other than zero; the others are inactive. */
  active: number;
  saturations: number;
  /** Inputs larger than the target's `inputMax`. */
  inputsBeyondMax: number;
}

/** 12-bit decay: what a membrane keeps, in 1/4096. */
const decayOne = 4096;

/** Largest number that the loops compare inputs with. */
const wordMax = 2 ** 31 - 1;

/** Words of a profile in memory. */
const profileWords = 4;
/** Profiles that a compartment's byte can name. */
const profileCodes = 256;

/** Compartments that loops may touch beyond a core's own, for they work on whole vectors. */
const lanesBeyond = 4;

/** The somas of a core: membranes in the integer contract's arithmetic. */
export class Somas {
  /** v of each compartment after the last update. */
  readonly membrane: Int32Array;
  /** Compartments that fired in this timestep, ascending; the first `spikeCount` count. */
  readonly spiked: Int32Array;
  /** Active compartments up to and including each that fired. */
  readonly activeUpTo: Int32Array;
  spikeCount = 0;
  /** Active compartments in this timestep so far. */
  activeCount = 0;

  readonly #memory: MachineMemory;
  readonly #state: CoreState;
  readonly #profiles: readonly CompartmentProfile[];
  /** [profiles, 4]: the parameters of the current row. */
  readonly #current: Int32Array;
  readonly #slack: number;
  /** True where no table changes by timestep. */
  readonly #isSteady: boolean;
  #row = -1;

  constructor(
    memory: MachineMemory,
    state: CoreState,
    profiles: readonly CompartmentProfile[],
    profileOf: Uint8Array,
    arithmetic: TargetArithmetic,
  ) {
    const compartments = profileOf.length;
    const [membranes, spiked, activeUpTo] = [0, 0, 0].map(() => memory.reserve(4 * (compartments + lanesBeyond)));
    const table = memory.reserve(4 * profileWords * profileCodes);
    this.membrane = memory.int32(membranes!, compartments);
    this.spiked = memory.int32(spiked!, compartments);
    this.activeUpTo = memory.int32(activeUpTo!, compartments);
    this.#memory = memory;
    this.#state = state;
    this.#profiles = profiles;
    this.#current = memory.int32(table, profileWords * profiles.length);
    // Integers: v > θ − 1 is v ≥ θ.
    this.#slack = arithmetic.compare === '>' ? 0 : 1;
    this.#isSteady = profiles.every(({ threshold, resetBy, decay }) => {
      return threshold.length === 1 && resetBy.length === 1 && decay.length === 1;
    });
    state.set({
      membranes: membranes!,
      spiked: spiked!,
      activeUpTo: activeUpTo!,
      profiles: table,
      profileOf: memory.place(profileOf, lanesBeyond),
      decays: profiles.some(({ decay }) => decay.some((part) => part !== 0)) ? 1 : 0,
      membraneMax: arithmetic.membraneMax,
      inputMax: Math.min(Math.floor(arithmetic.inputMax ?? wordMax), wordMax),
    });
  }

  /** Membranes to zero, as at the start of every sample. */
  reset(): void {
    this.membrane.fill(0);
    this.open();
  }

  /** Before the ranges of a timestep are updated. */
  open(): void {
    this.spikeCount = 0;
    this.activeCount = 0;
    this.#state.openUpdate();
  }

  /**
   * One timestep of a range with parameters of row `row`: consumes the inputs, leaves the membranes after reset,
   * appends to `spiked`, and says in `counts` what happened. Ranges must come in ascending order.
   */
  update(range: SomaRange, row: number, inWindow: boolean, dendrites: Dendrites, counts: UpdateCounts): void {
    this.#selectRow(row);
    const { first, end, spiking } = range;
    const state = this.#state;
    const drive = dendrites.driveAt(inWindow);
    this.#memory.kernels.update(state.address, first, end, drive, dendrites.biasAt(row, inWindow), spiking);
    const active = state.get('active');
    counts.active = active - this.activeCount;
    counts.saturations = state.get('saturations');
    counts.inputsBeyondMax = state.get('inputsBeyondMax');
    this.activeCount = active;
    this.spikeCount = state.get('spikes');
  }

  #selectRow(row: number): void {
    if (row === this.#row || (this.#isSteady && this.#row >= 0)) return;
    this.#row = row;
    for (const [p, { threshold, resetBy, decay, reset }] of this.#profiles.entries()) {
      const at = (table: Int32Array): number => table[table.length === 1 ? 0 : row]!;
      const parameters = [at(threshold) - this.#slack, at(resetBy), decayOne - at(decay), reset === 'hard' ? -1 : 0];
      this.#current.set(parameters, p * profileWords);
    }
  }
}
