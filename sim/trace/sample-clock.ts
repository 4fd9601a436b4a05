import type { StepMoment } from '../observer.js';

/** Nominal length of a timestep where nothing is timed, in picoseconds: one microsecond. */
const untimedStep = 1_000_000;

/**
 * One time axis for streams of samples that each count from zero, in picoseconds: a stream begins where the last step of the
 * one before it ended. The host's readout and reset between them are left out.
 */
export class SampleClock {
  #origin = 0;
  #end = 0;

  /** Start and end of the timestep, which must not lie before those asked for earlier. */
  span({ tick, start, time }: StepMoment): { readonly begin: number; readonly end: number } {
    if (tick === 0) this.#origin = this.#end;
    const begin = this.#origin + (start ?? tick * untimedStep);
    this.#end = begin + (time?.duration ?? untimedStep);
    return { begin, end: this.#end };
  }
}
