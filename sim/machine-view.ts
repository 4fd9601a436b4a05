import type { Machine } from './machine.js';

/** Calls `visit` for the neurons of a population that fired in the timestep just simulated. */
export function forEachSpike({ cores }: Machine, population: number, visit: (neuron: number) => void): void {
  for (const core of cores) {
    if (!core.ranges.some((range) => range.population === population)) continue;
    const { somas, neuron } = core;
    for (let spike = 0; spike < somas.spikeCount; spike++) {
      const compartment = somas.spiked[spike]!;
      if (core.population[compartment] === population) visit(neuron[compartment]!);
    }
  }
}

/** Calls `visit` for every neuron of a population and its membrane, core by core. */
export function forEachMembrane(
  { cores }: Machine,
  population: number,
  visit: (neuron: number, value: number) => void,
): void {
  for (const { ranges, neuron, somas } of cores) {
    for (const range of ranges) {
      if (range.population !== population) continue;
      for (let k = range.first; k < range.end; k++) visit(neuron[k]!, somas.membrane[k]!);
    }
  }
}

/** The compartment whose output axons `entry` is one of. */
export function compartmentOf(offsets: Uint32Array, entry: number): number {
  return lastUpTo(offsets, offsets.length - 1, entry);
}

/** The last of the first `count` values, which ascend, that is no greater than `most`: the first of them must be so. */
export function lastUpTo(values: ArrayLike<number>, count: number, most: number): number {
  let low = 0;
  let high = count;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= most) low = middle;
    else high = middle;
  }
  return low;
}
