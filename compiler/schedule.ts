import type { HostAxon } from '../schemas/program.js';
import type { IntegerSpikeGraph } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import type { PlacedPopulation } from './partition.js';
import type { Slot } from './route.js';
import type { WiredCore } from './wire.js';

/** When what happens in the timesteps of one sample, and when the next one starts. */
export interface Schedule {
  readonly stepsPerSample: number;
  readonly sampleInterval: number;
  readonly hostAxons: readonly HostAxon[];
}

/**
 * A sample lasts until the last window closes; the host axons of a population's bias, the last input axons of each of its
 * cores, are driven from the timestep at which its window opens.
 *
 * Where the target can clear a population's membranes while others go on, a sample starts T timesteps after the one
 * before: no interval is shorter, since windows of one population must not overlap, and none needs to be longer, since a
 * delay is the distance of the windows that it joins: what is sent in a window arrives in the same sample's, and the
 * drive, the bias and the cleared membrane of a window are the next sample's when that opens. Elsewhere samples follow
 * one another, and all is reset in between.
 */
export function schedule(
  graph: IntegerSpikeGraph,
  placed: readonly PlacedPopulation[],
  cores: readonly WiredCore[],
  slots: readonly Slot[],
  { arithmetic }: Target,
): Schedule {
  const lastPhase = graph.populations.reduce((last, { phase }) => Math.max(last, phase), 0);
  const hostAxons = cores.flatMap(({ layer, axons }, index) => {
    const { biasAxons, population } = placed[layer]!;
    const { chip, core } = slots[index]!;
    return biasAxons.map((_, n): HostAxon => {
      return { chip, core, axon: axons - biasAxons.length + n, firstStep: population.phase };
    });
  });
  const stepsPerSample = lastPhase + graph.timesteps;
  return { stepsPerSample, sampleInterval: arithmetic.windowReset ? graph.timesteps : stepsPerSample, hostAxons };
}
