import type { CompartmentProfile } from '../schemas/program.js';
import type { TargetArithmetic } from '../schemas/target.js';
import type { Dendrites } from './dendrite.js';

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

/**
 * The somas of a core: membranes in the integer contract's arithmetic. Inputs, membranes and thresholds stay below 2³²,
 * and doubles hold the product with the 12-bit decay exactly.
 */
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

  readonly #profiles: readonly CompartmentProfile[];
  readonly #profileOf: Uint8Array;
  readonly #threshold: Int32Array;
  readonly #resetBy: Int32Array;
  readonly #keep: Int32Array;
  readonly #hard: Uint8Array;
  readonly #firesAbove: boolean;
  readonly #membraneMax: number;
  readonly #inputMax: number;

  constructor(profiles: readonly CompartmentProfile[], profileOf: Uint8Array, arithmetic: TargetArithmetic) {
    this.membrane = new Int32Array(profileOf.length);
    this.spiked = new Int32Array(profileOf.length);
    this.activeUpTo = new Int32Array(profileOf.length);
    this.#profiles = profiles;
    this.#profileOf = profileOf;
    this.#threshold = new Int32Array(profiles.length);
    this.#resetBy = new Int32Array(profiles.length);
    this.#keep = new Int32Array(profiles.length);
    this.#hard = Uint8Array.from(profiles, ({ reset }) => (reset === 'hard' ? 1 : 0));
    this.#firesAbove = arithmetic.compare === '>';
    this.#membraneMax = arithmetic.membraneMax;
    this.#inputMax = arithmetic.inputMax ?? Number.POSITIVE_INFINITY;
  }

  /** Membranes to zero, as at the start of every sample. */
  reset(): void {
    this.membrane.fill(0);
    this.spikeCount = 0;
    this.activeCount = 0;
  }

  /** Before the ranges of a timestep are updated. */
  open(): void {
    this.spikeCount = 0;
    this.activeCount = 0;
  }

  /**
   * One timestep of a range with parameters of row `row`: consumes the accumulators, leaves the membranes after reset,
   * appends to `spiked`, and says in `counts` what happened. Ranges must come in ascending order.
   */
  update(range: SomaRange, row: number, inWindow: boolean, dendrites: Dendrites, counts: UpdateCounts): void {
    this.#selectRow(row);
    const { first, end, spiking } = range;
    const constant = dendrites.constants(first, end, row, inWindow);
    const accumulator = dendrites.accumulator;
    const { membrane, spiked, activeUpTo } = this;
    const profileOf = this.#profileOf;
    const threshold = this.#threshold;
    const keep = this.#keep;
    const membraneMax = this.#membraneMax;
    const inputMax = this.#inputMax;
    // Integers: v > θ − 1 is v ≥ θ.
    const slack = this.#firesAbove ? 0 : 1;
    let active = this.activeCount;
    let spikes = this.spikeCount;
    let saturations = 0;
    let beyond = 0;
    for (let k = first; k < end; k++) {
      const input = accumulator[k]! + constant[k]!;
      accumulator[k] = 0;
      let v = membrane[k]!;
      if (input !== 0 || v !== 0) active++;
      if (input > inputMax || input < -inputMax) beyond++;
      const profile = profileOf[k]!;
      const kept = keep[profile]!;
      v = (kept === decayOne ? v : Math.trunc((v * kept) / decayOne)) + input;
      if (v > membraneMax) {
        v = membraneMax;
        saturations++;
      } else if (v < -membraneMax) {
        v = -membraneMax;
        saturations++;
      }
      if (spiking && v > threshold[profile]! - slack) {
        spiked[spikes] = k;
        activeUpTo[spikes] = active;
        spikes++;
        v = this.#afterSpike(v, profile);
      }
      membrane[k] = v;
    }
    counts.active = active - this.activeCount;
    counts.saturations = saturations;
    counts.inputsBeyondMax = beyond;
    this.activeCount = active;
    this.spikeCount = spikes;
  }

  #afterSpike(v: number, profile: number): number {
    return this.#hard[profile] === 1 ? 0 : v - this.#resetBy[profile]!;
  }

  #selectRow(row: number): void {
    for (const [p, { threshold, resetBy, decay }] of this.#profiles.entries()) {
      this.#threshold[p] = threshold[threshold.length === 1 ? 0 : row]!;
      this.#resetBy[p] = resetBy[resetBy.length === 1 ? 0 : row]!;
      this.#keep[p] = decayOne - decay[decay.length === 1 ? 0 : row]!;
    }
  }
}
