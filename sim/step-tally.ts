import type { Picoseconds } from './quantities.js';
import type { TimestepTime } from './timestep-clock.js';

/** A core or link that was critical, and in how many samples. */
interface Critical {
  readonly which: number;
  readonly samples: number;
}

/** One step of a sample, over all samples. */
interface StepTotals {
  readonly total: Picoseconds;
  readonly longest: Picoseconds;
  readonly core: Critical;
  readonly link: Critical | null;
}

/** How long each step of a sample took, and which core and link most often held it up. */
export class StepTally {
  readonly #total: Float64Array;
  readonly #longest: Float64Array;
  /** Samples in which a core or link was critical, by step. */
  readonly #cores: readonly Map<number, number>[];
  readonly #links: readonly Map<number, number>[];

  constructor(steps: number) {
    this.#total = new Float64Array(steps);
    this.#longest = new Float64Array(steps);
    this.#cores = Array.from({ length: steps }, () => new Map());
    this.#links = Array.from({ length: steps }, () => new Map());
  }

  add(timesteps: readonly TimestepTime[]): void {
    for (const [step, { duration, criticalCore, criticalLink }] of timesteps.entries()) {
      this.#total[step]! += duration;
      this.#longest[step] = Math.max(this.#longest[step]!, duration);
      count(this.#cores[step]!, criticalCore);
      if (criticalLink >= 0) count(this.#links[step]!, criticalLink);
    }
  }

  steps(): readonly StepTotals[] {
    return Array.from(this.#total, (total, step) => ({
      total: total as Picoseconds,
      longest: this.#longest[step]! as Picoseconds,
      core: mostFrequent(this.#cores[step]!) ?? { which: 0, samples: 0 },
      link: mostFrequent(this.#links[step]!),
    }));
  }
}

function count(tally: Map<number, number>, which: number): void {
  tally.set(which, (tally.get(which) ?? 0) + 1);
}

/** Of several equally frequent the one with the smallest number; null of none. */
function mostFrequent(tally: ReadonlyMap<number, number>): Critical | null {
  let best: Critical | null = null;
  for (const [which, samples] of tally) {
    if (best === null || samples > best.samples || (samples === best.samples && which < best.which)) {
      best = { which, samples };
    }
  }
  return best;
}
