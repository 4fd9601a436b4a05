import { failure } from '../../schemas/diagnostic.js';
import type { IntegerSpikeGraph, Population, Projection } from '../../schemas/spike.js';
import { checkSpikeGraph } from '../../schemas/spike-check.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';

/** Integers beyond ±2^24 have gaps in float32. */
const EXACT_MAX = 2 ** 24;

/** A projection with the grids it runs between. */
interface PlannedProjection {
  readonly projection: Projection<Int32Array>;
  /** Index of its source in the graph's populations. */
  readonly source: number;
  readonly sourceShape: MapShape;
  readonly targetShape: MapShape;
  /** The largest power of two that divides every weight: sums are taken in this unit, to keep float32 exact. */
  readonly unit: number;
}

/** A population with everything that flows into it. */
export interface PlannedPopulation {
  readonly population: Population<Int32Array>;
  readonly neurons: number;
  readonly projections: readonly PlannedProjection[];
  /** Indices into the graph's drives. */
  readonly drives: readonly number[];
}

/** Populations in an order in which every source comes before its targets. */
export interface TwinPlan {
  readonly populations: readonly PlannedPopulation[];
  /** Index of the one readout population. */
  readonly readout: number;
  readonly inputShape: MapShape;
  /** Magnitude at which membranes saturate. */
  readonly membraneMax: number;
}

/**
 * Orders an integer graph for its dense run. The graph must be sound (`checkSpikeGraph`: among others, a projection's
 * delay is the distance of the windows it joins, so that local times agree), have one readout, and drives that all take
 * images of one shape.
 * Throws SW1005 to SW1007 and SW5003 where that does not hold, and SW5002 where a projection's sums could leave what
 * float32 holds exactly.
 */
export function planTwin(graph: IntegerSpikeGraph): TwinPlan {
  checkSpikeGraph(graph, `spike graph ${graph.name}`);
  const { membraneMax } = graph;
  if (membraneMax === null) throw inconsistent(graph, 'it is not quantised');
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
  const ungridded = graph.drives.find(({ grid }) => grid === null);
  if (ungridded !== undefined) throw inconsistent(graph, `the drive of ${ungridded.population} is not quantised`);
  const populations = graph.populations.map(
    (population): PlannedPopulation => ({
      population,
      neurons: elementCount(population.shape),
      projections: graph.projections
        .filter(({ to }) => to === population.name)
        .map((projection) => {
          const source = indices.get(projection.from)!;
          const sourceShape = graph.populations[source]!.shape;
          return { projection, source, sourceShape, targetShape: population.shape, unit: exactUnit(projection) };
        }),
      drives: graph.drives.flatMap((drive, index) => (drive.population === population.name ? [index] : [])),
    }),
  );
  return { populations, readout, inputShape: first.inputShape, membraneMax };
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
function largestColumn(weights: Int32Array, channelsOut: number): number {
  const sums = new Float64Array(channelsOut);
  for (let k = 0; k < weights.length; k += 1) sums[k % channelsOut]! += Math.abs(weights[k]!);
  return sums.reduce((most, sum) => Math.max(most, sum), 0);
}

function commonPowerOfTwo(values: Int32Array): number {
  let bits = 0;
  for (const value of values) bits |= value;
  return bits === 0 ? 1 : Math.abs(bits & -bits);
}

function inconsistent(graph: IntegerSpikeGraph, what: string): Error {
  return failure('SW5003', { where: `spike graph ${graph.name}`, what });
}
