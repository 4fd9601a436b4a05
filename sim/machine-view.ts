import type { Core } from './core.js';
import type { Machine } from './machine.js';
import type { Neurons } from './probe.js';

/** Calls `visit` for those of the neurons that fired in the timestep just simulated, core by core. */
export function forEachSpike(machine: Machine, wanted: Neurons, visit: (neuron: number, core: number) => void): void {
  const { population, first, end } = wanted;
  for (const core of coresWith(machine, wanted)) {
    if (!core.ranges.some((range) => range.population === population)) continue;
    const { somas, neuron } = core;
    for (let spike = 0; spike < somas.spikeCount; spike++) {
      const compartment = somas.spiked[spike]!;
      const number = neuron[compartment]!;
      if (core.population[compartment] === population && number >= first && number < end) visit(number, core.number);
    }
  }
}

/** Calls `visit` for each of the neurons and its membrane, core by core. */
export function forEachMembrane(
  machine: Machine,
  wanted: Neurons,
  visit: (neuron: number, value: number, core: number) => void,
): void {
  const { population, first, end } = wanted;
  for (const { number, ranges, neuron, somas } of coresWith(machine, wanted)) {
    for (const range of ranges) {
      if (range.population !== population) continue;
      for (let k = range.first; k < range.end; k++) {
        const found = neuron[k]!;
        if (found >= first && found < end) visit(found, somas.membrane[k]!, number);
      }
    }
  }
}

function coresWith({ cores }: Machine, { core }: Neurons): readonly Core[] {
  return core === null ? cores : [cores[core]!];
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
