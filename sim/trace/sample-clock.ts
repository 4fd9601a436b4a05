import type { StepMoment } from '../observer.js';

/** Nominal length of a timestep where nothing is timed, in picoseconds: one microsecond. */
const untimedStep = 1_000_000;

/**
 * One time axis for samples that each count from zero, in picoseconds: a sample begins where the last step of the one
 * before it ended. The host's readout and reset between them are left out.
 */
export class SampleClock {
  #origin = 0;
  #sample = -1;
  #end = 0;

  /** Start and end of the timestep, which must not lie before those asked for earlier. */
  span({ sample, step, start, time }: StepMoment): { readonly begin: number; readonly end: number } {
    if (sample !== this.#sample) {
      this.#origin = this.#end;
      this.#sample = sample;
    }
    const begin = this.#origin + (start ?? step * untimedStep);
    this.#end = begin + (time?.duration ?? untimedStep);
    return { begin, end: this.#end };
  }
}
