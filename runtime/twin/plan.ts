import { failure } from '../../schemas/diagnostic.js';
import type { IntegerSpikeGraph, Numbers, Population, Projection, SpikeGraph } from '../../schemas/spike.js';
import { checkSpikeGraph } from '../../schemas/spike-check.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';

/** Integers beyond ±2^24 have gaps in float32. */
export const EXACT_MAX = 2 ** 24;

/** A projection with the grids it runs between. */
interface ArrangedProjection<N extends Numbers> {
  readonly projection: Projection<N>;
  /** Index of its source in the graph's populations. */
  readonly source: number;
  readonly sourceShape: MapShape;
  readonly targetShape: MapShape;
}

interface ArrangedPopulation<N extends Numbers, P extends ArrangedProjection<N>> {
  readonly population: Population<N>;
  readonly neurons: number;
  readonly projections: readonly P[];
  /** Indices into the graph's drives. */
  readonly drives: readonly number[];
}

/** Populations in an order in which every source comes before its targets, each with everything that flows into it. */
export interface Arrangement<N extends Numbers, P extends ArrangedProjection<N> = ArrangedProjection<N>> {
  readonly populations: readonly ArrangedPopulation<N, P>[];
  /** Index of the one readout population. */
  readonly readout: number;
  readonly inputShape: MapShape;
}

interface PlannedProjection extends ArrangedProjection<Int32Array> {
  /** The largest power of two that divides every weight: sums are taken in this unit, to keep float32 exact. */
  readonly unit: number;
}

export type PlannedPopulation = ArrangedPopulation<Int32Array, PlannedProjection>;

export interface TwinPlan extends Arrangement<Int32Array, PlannedProjection> {
  /** Magnitude at which membranes saturate. */
  readonly membraneMax: number;
}

/**
 * Orders an integer graph for its dense run. Throws what `arrange` throws, SW5003 where the graph is not quantised, and
 * SW5002 where a projection's sums could leave what float32 holds exactly.
 */
export function planTwin(graph: IntegerSpikeGraph): TwinPlan {
  const { membraneMax } = graph;
  if (membraneMax === null) throw inconsistent(graph, 'it is not quantised');
  const ungridded = graph.drives.find(({ grid }) => grid === null);
  if (ungridded !== undefined) throw inconsistent(graph, `the drive of ${ungridded.population} is not quantised`);
  const { populations, ...rest } = arrange(graph);
  return {
    ...rest,
    membraneMax,
    populations: populations.map(({ projections, ...own }) => ({
      ...own,
      projections: projections.map((planned) => ({ ...planned, unit: exactUnit(planned.projection) })),
    })),
  };
}

/**
 * Orders a spike graph for a dense run. The graph must be sound (`checkSpikeGraph`: among others, a projection's delay is
 * the distance of the windows it joins, so that local times agree), have one readout, and drives that all take images of
 * one shape. Throws SW1005 to SW1007 and SW5003 where that does not hold.
 */
export function arrange<N extends Numbers>(graph: SpikeGraph<N>): Arrangement<N> {
  checkSpikeGraph(graph, `spike graph ${graph.name}`);
  const indices = new Map(graph.populations.map(({ name }, index) => [name, index]));
  const readouts = graph.populations.flatMap(({ kind }, index) => (kind === 'readout' ? [index] : []));
  const [readout] = readouts;
  if (readout === undefined || readouts.length > 1) {
    throw inconsistent(graph, `it has ${readouts.length} readout populations, one is needed`);
  }
  const [first, ...rest] = graph.drives;
  if (first === undefined) throw inconsistent(graph, 'no drive brings the image in');
  if (rest.some(({ inputShape }) => String(inputShape) !== String(first.inputShape))) {
    throw inconsistent(graph, 'its drives take images of different shapes');
  }
  const populations = graph.populations.map((population) => ({
    population,
    neurons: elementCount(population.shape),
    projections: graph.projections
      .filter(({ to }) => to === population.name)
      .map((projection) => {
        const source = indices.get(projection.from)!;
        return { projection, source, sourceShape: graph.populations[source]!.shape, targetShape: population.shape };
      }),
    drives: graph.drives.flatMap((drive, index) => (drive.population === population.name ? [index] : [])),
  }));
  return { populations, readout, inputShape: first.inputShape };
}

/**
 * The unit in which a projection's sums are taken. Every partial sum of a neuron's input is a multiple of it and at most
 * Σ|w|·(spikes of a pool window) in magnitude, in whatever order a device adds; float32 is exact up to 2^24 units.
 */
function exactUnit({ name, kernel, pool }: Projection<Int32Array>): number {
  const unit = commonPowerOfTwo(kernel.data);
  const largest = (largestColumn(kernel.data, kernel.shape[3]) * pool[0] * pool[1]) / unit;
  if (largest <= EXACT_MAX) return unit;
  throw failure('SW5002', {
    where: `projection ${name}`,
    what: `a neuron's weights can sum to ${largest.toLocaleString('en')} units, float32 counts to ${EXACT_MAX.toLocaleString('en')}`,
  });
}

/** The largest Σ|w| over the synapses of one neuron. */
export function largestColumn(weights: Int32Array, channelsOut: number): number {
  const sums = new Float64Array(channelsOut);
  for (let k = 0; k < weights.length; k += 1) sums[k % channelsOut]! += Math.abs(weights[k]!);
  return sums.reduce((most, sum) => Math.max(most, sum), 0);
}

/** The largest power of two that divides every value; 1 where all are 0. */
export function commonPowerOfTwo(values: Int32Array): number {
  let bits = 0;
  for (const value of values) bits |= value;
  return bits === 0 ? 1 : Math.abs(bits & -bits);
}

function inconsistent(graph: { readonly name: string }, what: string): Error {
  return failure('SW5003', { where: `spike graph ${graph.name}`, what });
}
