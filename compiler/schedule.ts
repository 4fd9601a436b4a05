import type { HostAxon } from '../schemas/program.js';
import type { IntegerSpikeGraph } from '../schemas/spike.js';
import type { PlacedPopulation } from './partition.js';
import type { Slot } from './route.js';
import type { WiredCore } from './wire.js';

/** When what happens in the timesteps of one sample. */
export interface Schedule {
  readonly stepsPerSample: number;
  readonly hostAxons: readonly HostAxon[];
}

/**
 * A sample lasts until the last window closes; the host axons of a population's bias, the last input axons of each of its
 * cores, are driven from the timestep at which its window opens.
 */
export function schedule(
  graph: IntegerSpikeGraph,
  placed: readonly PlacedPopulation[],
  cores: readonly WiredCore[],
  slots: readonly Slot[],
): Schedule {
  const lastPhase = graph.populations.reduce((last, { phase }) => Math.max(last, phase), 0);
  const hostAxons = cores.flatMap(({ layer, axons }, index) => {
    const { biasAxons, population } = placed[layer]!;
    const { chip, core } = slots[index]!;
    return biasAxons.map((_, n): HostAxon => {
      return { chip, core, axon: axons - biasAxons.length + n, firstStep: population.phase };
    });
  });
  return { stepsPerSample: lastPhase + graph.timesteps, hostAxons };
}
