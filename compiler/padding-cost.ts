import type { Target } from '../schemas/target.js';
import { elementCount } from '../schemas/tensor.js';
import type { SplitTask } from './split-search.js';
import { type Axis, axisReach } from './tiling.js';

/**
 * What a layer's energy grows by, as a factor ≥ 1, where its cores take so many synaptic operations if every source fires
 * once: those of its synapses alone are 1. Neuron updates, each neuron in all of its T timesteps, are the part that no
 * padding changes. By the target's default energy profile; where that gives no energies, by the operations alone.
 */
export function paddingCost(
  { population, incoming, timesteps }: SplitTask,
  { energyProfiles, defaultEnergyProfile }: Target,
): (operations: number) => number {
  const profile = energyProfiles[defaultEnergyProfile]!;
  const operation = profile.synapticOperation;
  const update = profile.neuronUpdateInactive;
  const updates = elementCount(population.shape) * timesteps;
  const isKnown = operation.value !== null && operation.value > 0 && update.value !== null;
  const fixed = isKnown && operation.unit === update.unit ? (updates * update.value) / operation.value : 0;
  const [height, width] = population.shape;
  let least = fixed;
  for (const { projection, rows, columns, density } of incoming) {
    const { kernel, pool } = projection;
    const synapses = tapsOf(rows, height) * tapsOf(columns, width) * kernel.shape[2] * kernel.shape[3] * density;
    least += synapses * pool[0] * pool[1];
  }
  return (operations) => Math.max(1, least === 0 ? 1 : (fixed + operations) / least);
}

/** Pairs of a source and a target coordinate that a tap joins. */
function tapsOf(axis: Axis, extent: number): number {
  return axisReach(axis, [0, extent]).reduce((sum, { taps }) => sum + taps, 0);
}
