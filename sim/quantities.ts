import { failure } from '../schemas/diagnostic.js';
import type { Figure } from '../schemas/target.js';

declare const quantity: unique symbol;

/** A duration or an instant in integer picoseconds; exact up to 2⁵³ ps, about 2.5 hours. */
export type Picoseconds = number & { readonly [quantity]: 'ps' };

/** An energy in integer femtojoules; exact up to 2⁵³ fJ, about 9 J. */
export type Femtojoules = number & { readonly [quantity]: 'fJ' };

/** A frequency in integer hertz. */
export type Hertz = number & { readonly [quantity]: 'Hz' };

/** A power in integer microwatts: an energy of 1 fJ per nanosecond. */
export type Microwatts = number & { readonly [quantity]: 'µW' };

const picosecondsPer: Readonly<Record<string, number>> = { ps: 1, ns: 1e3, us: 1e6, µs: 1e6, ms: 1e9, s: 1e12 };
const femtojoulesPer: Readonly<Record<string, number>> = {
  fJ: 1,
  pJ: 1e3,
  nJ: 1e6,
  uJ: 1e9,
  µJ: 1e9,
  mJ: 1e12,
  J: 1e15,
};
const hertzPer: Readonly<Record<string, number>> = { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9 };
const microwattsPer: Readonly<Record<string, number>> = { nW: 1e-3, uW: 1, µW: 1, mW: 1e3, W: 1e6 };

/** What a picosecond is in seconds, for reports. */
export function seconds(duration: Picoseconds): number {
  return duration / 1e12;
}

/** How many cycles of a clock a duration takes; not a whole number where it does not end with one. */
export function cycles(duration: Picoseconds, frequency: Hertz): number {
  return (duration * frequency) / 1e12;
}

/** What a femtojoule is in joules, for reports. */
export function joules(energy: Femtojoules): number {
  return energy / 1e15;
}

/**
 * Turns the figures of a target into the simulator's integers, in this one place, and remembers which were unknown.
 * A figure whose value is null counts as 0 and its name is kept in `unknown`: totals are then lower bounds.
 * Throws SW3004 for a unit that the quantity has not, and for a value that is negative or not finite.
 */
export class FigureReader {
  readonly #unknown = new Set<string>();

  /** Names of the figures read so far that have no value, in the order of reading. */
  get unknown(): readonly string[] {
    return [...this.#unknown];
  }

  /** A duration, rounded to a whole picosecond. */
  duration(name: string, figure: Figure): Picoseconds {
    return this.#read(name, figure, picosecondsPer, 'a duration') as Picoseconds;
  }

  /** An energy, rounded to a whole femtojoule. */
  energy(name: string, figure: Figure): Femtojoules {
    return this.#read(name, figure, femtojoulesPer, 'an energy') as Femtojoules;
  }

  /** A power, rounded to a whole microwatt. */
  power(name: string, figure: Figure): Microwatts {
    return this.#read(name, figure, microwattsPer, 'a power') as Microwatts;
  }

  /** A frequency, rounded to a whole hertz; null where it is unknown (nothing is lost then, and it is not listed). */
  frequency(name: string, figure: Figure): Hertz | null {
    if (figure.value === null) return null;
    const frequency = this.#read(name, figure, hertzPer, 'a frequency');
    if (frequency > 0) return frequency as Hertz;
    throw failure('SW3004', { where: name, what: `${figure.value} ${figure.unit} is no clock’s.` });
  }

  /** A count of at least 1, or null where it is unknown (and listed). */
  capacity(name: string, figure: Figure): number | null {
    if (figure.value === null) {
      this.#unknown.add(name);
      return null;
    }
    if (!Number.isSafeInteger(figure.value) || figure.value < 1) {
      throw failure('SW3004', { where: name, what: `${figure.value} is not a whole number of at least 1.` });
    }
    return figure.value;
  }

  #read(name: string, figure: Figure, units: Readonly<Record<string, number>>, what: string): number {
    const factor = Object.hasOwn(units, figure.unit) ? units[figure.unit] : undefined;
    if (factor === undefined) {
      const known = Object.keys(units).join(', ');
      throw failure('SW3004', { where: name, what: `“${figure.unit}” is not a unit of ${what} (${known}).` });
    }
    if (figure.value === null) {
      this.#unknown.add(name);
      return 0;
    }
    const value = Math.round(figure.value * factor);
    if (!Number.isSafeInteger(value) || value < 0) {
      throw failure('SW3004', { where: name, what: `${figure.value} ${figure.unit} is not ${what} that can be used.` });
    }
    return value;
  }
}
