import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** A number from [low, high). */
export function uniform(random: RandomGenerator, low: number, high: number): number {
  return low + (high - low) * uniformFloat32(random);
}

/** A draw from N(0, 1) (Box and Muller 1958). */
export function normal(random: RandomGenerator): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat32(random)));
  return radius * Math.cos(2 * Math.PI * uniformFloat32(random));
}

/** Above this mean a Poisson draw is taken from the normal distribution that it all but is. */
const POISSON_MAX = 60;

/** A draw from a Poisson distribution: the events of a unit of time whose distances are exponential (Knuth 1969). */
export function poisson(random: RandomGenerator, mean: number): number {
  if (mean > POISSON_MAX) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const end = Math.exp(-mean);
  let product = uniformFloat32(random);
  let events = 0;
  while (product > end) {
    events += 1;
    product *= uniformFloat32(random);
  }
  return events;
}
