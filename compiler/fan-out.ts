import type { IntegerSpikeGraph, Population, Projection } from '../schemas/spike.js';
import type { Target, TargetArithmetic } from '../schemas/target.js';

/** A population whose neurons repeat the spikes of another's one timestep later, each for its own, and how it hears them. */
export interface RelayPopulation {
  readonly population: Population<Int32Array>;
  readonly projection: Projection<Int32Array>;
}

/**
 * Relays of a population's spikes, or null on a chip on which one synapse cannot fire a neuron and leave it at zero.
 * Cores that need many output axons for each neuron hold few of them; with relays the population itself stays together,
 * and so do the cores before it. A relay's neurons fire in their window exactly as those of its source in theirs.
 * `name`: the relay's.
 */
export function relayPopulation(
  source: Population<Int32Array>,
  name: string,
  { arithmetic }: Target,
): RelayPopulation | null {
  const { weight, threshold, compare, resets } = arithmetic;
  const unit = relayWeight(arithmetic);
  const reset = resets.includes('hard') ? 'hard' : 'soft';
  const fires = compare === '>' ? threshold.step + 1 : threshold.step;
  if (unit > weight.mantissaMax * weight.step || (reset === 'soft' && unit !== fires)) return null;
  const [, , channels] = source.shape;
  const identity = new Int32Array(channels * channels);
  for (let c = 0; c < channels; c += 1) identity[c * (channels + 1)] = unit;
  const table = (value: number) => ({ rows: 1, columns: 1, data: Int32Array.of(value) });
  return {
    population: {
      name,
      kind: 'spiking',
      shape: source.shape,
      phase: source.phase + 1,
      reset,
      decay: table(0),
      threshold: table(fires),
      bias: table(0),
      scale: 1,
    },
    projection: {
      name: `${source.name}->${name}`,
      from: source.name,
      to: name,
      delay: 1,
      pool: [1, 1],
      kernel: { shape: [1, 1, channels, channels], data: identity },
      stride: [1, 1],
      padding: { top: 0, bottom: 0, left: 0, right: 0 },
    },
  };
}

/** What one spike adds to the neuron that repeats it, in membrane units: the least weight that fires it. */
export function relayWeight({ weight, threshold, compare }: TargetArithmetic): number {
  return Math.ceil((threshold.step + (compare === '>' ? 1 : 0)) / weight.step) * weight.step;
}

/**
 * The graph with windows late enough for relays of the populations in `relayed`: whatever hears one of them does so a
 * timestep later, what hears that follows, and shorter paths wait: no more than the longest path gains.
 */
export function retimed(graph: IntegerSpikeGraph, relayed: ReadonlySet<string>): IntegerSpikeGraph {
  const later = new Map<string, number>();
  for (const { name } of graph.populations) {
    const own = graph.projections
      .filter(({ to }) => to === name)
      .reduce((most, { from }) => Math.max(most, later.get(from)! + (relayed.has(from) ? 1 : 0)), 0);
    later.set(name, own);
  }
  return {
    ...graph,
    populations: graph.populations.map((population) => {
      return { ...population, phase: population.phase + later.get(population.name)! };
    }),
    projections: graph.projections.map((projection) => {
      return { ...projection, delay: projection.delay + later.get(projection.to)! - later.get(projection.from)! };
    }),
  };
}
