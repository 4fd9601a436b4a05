import type { Diagnostic } from '../../schemas/diagnostic.js';
import { failure } from '../../schemas/diagnostic.js';
import { convolvedSize } from '../../schemas/layer-shapes.js';
import type { IntegerSpikeGraph, ParameterTable, Population, Projection } from '../../schemas/spike.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';
import { drivenShape } from '../drive.js';

/** Integers beyond ±2^24 have gaps in float32. */
const EXACT_MAX = 2 ** 24;

/** A projection with the grids it runs between. */
export interface PlannedProjection {
  readonly projection: Projection<Int32Array>;
  /** Index of its source in the graph's populations. */
  readonly source: number;
  readonly sourceShape: MapShape;
  readonly pooledShape: MapShape;
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
}

/**
 * What the dense run of an integer graph needs, checked: names resolve in topological order, shapes fit, every path is
 * as long as the distance of the windows it joins (delay = phase of the target − phase of the source), tables have the
 * rows and columns of the contract, there is one readout and at least one drive.
 * Throws SW5003 where that does not hold and SW5002 where a projection's sums could leave what float32 holds exactly.
 */
export function planTwin(graph: IntegerSpikeGraph): TwinPlan {
  const indices = new Map(graph.populations.map(({ name }, index) => [name, index]));
  if (indices.size !== graph.populations.length) throw inconsistent(graph.name, 'two populations share a name');
  const populations = graph.populations.map((population, index): PlannedPopulation => {
    checkTables(graph, population);
    const projections = graph.projections
      .filter(({ to }) => to === population.name)
      .map((projection) => planProjection(graph, projection, indices.get(projection.from) ?? index, index));
    const drives = [...graph.drives.entries()].filter(([, drive]) => drive.population === population.name);
    for (const [, drive] of drives) {
      requireShape(`drive of ${population.name}`, drivenShape(drive), population.shape);
      if (drive.grid === null) throw inconsistent(`drive of ${population.name}`, 'it is not quantised');
    }
    return {
      population,
      neurons: elementCount(population.shape),
      projections,
      drives: drives.map(([driveIndex]) => driveIndex),
    };
  });
  for (const { name, to } of graph.projections) {
    if (!indices.has(to)) throw inconsistent(`projection ${name}`, `its target "${to}" does not exist`);
  }
  const readouts = [...graph.populations.keys()].filter((index) => graph.populations[index]!.kind === 'readout');
  if (readouts.length !== 1) throw inconsistent(graph.name, `it has ${readouts.length} readout populations, not one`);
  const [first] = graph.drives;
  if (first === undefined || populations.every(({ drives }) => drives.length === 0)) {
    throw inconsistent(graph.name, 'no drive brings the image in');
  }
  if (graph.drives.some(({ inputShape }) => String(inputShape) !== String(first.inputShape))) {
    throw inconsistent(graph.name, 'its drives take images of different shapes');
  }
  return { populations, readout: readouts[0]!, inputShape: first.inputShape };
}

function planProjection(
  graph: IntegerSpikeGraph,
  projection: Projection<Int32Array>,
  source: number,
  target: number,
): PlannedProjection {
  const where = `projection ${projection.name}`;
  const { kernel, pool, stride, padding, delay } = projection;
  if (source >= target) throw inconsistent(where, `"${projection.from}" does not come before "${projection.to}"`);
  const from = graph.populations[source]!;
  const to = graph.populations[target]!;
  if (from.kind !== 'spiking') throw inconsistent(where, `"${from.name}" never fires`);
  if (delay !== to.phase - from.phase || delay < 1) {
    throw inconsistent(where, `its delay is ${delay}, the windows lie ${to.phase - from.phase} timesteps apart`);
  }
  const [height, width, channels] = from.shape;
  const pooledShape: MapShape = [Math.floor(height / pool[0]), Math.floor(width / pool[1]), channels];
  const [kernelHeight, kernelWidth, channelsIn, channelsOut] = kernel.shape;
  const size = convolvedSize([pooledShape[0], pooledShape[1]], padding, [kernelHeight, kernelWidth], stride);
  requireShape(where, [...size, channelsOut], to.shape);
  if (channelsIn !== channels || kernel.data.length !== elementCount(kernel.shape)) {
    throw inconsistent(where, `its kernel is [${kernel.shape.join(', ')}], its source has ${channels} channels`);
  }
  const unit = commonPowerOfTwo(kernel.data);
  const largest = (largestColumn(kernel.data, channelsOut) * pool[0] * pool[1]) / unit;
  if (largest > EXACT_MAX) {
    throw failure('SW5002', {
      where,
      what: `a neuron's weights can sum to ${largest.toLocaleString('en')} units, float32 counts to ${EXACT_MAX.toLocaleString('en')}`,
    });
  }
  return { projection, source, sourceShape: from.shape, pooledShape, targetShape: to.shape, unit };
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

function checkTables(graph: IntegerSpikeGraph, population: Population<Int32Array>): void {
  const where = `population ${population.name}`;
  if (!(population.scale > 0)) throw inconsistent(where, `its scale is ${population.scale}`);
  const columns = [1, population.shape[2], elementCount(population.shape)];
  const check = (name: string, table: ParameterTable<Int32Array>): void => {
    const fits = (table.rows === 1 || table.rows === graph.timesteps) && columns.includes(table.columns);
    if (!fits || table.data.length !== table.rows * table.columns) {
      throw inconsistent(where, `its ${name} table has ${table.rows} rows of ${table.columns} columns`);
    }
  };
  check('decay', population.decay);
  check('threshold', population.threshold);
  check('bias', population.bias);
}

function requireShape(where: string, found: MapShape, wanted: MapShape): void {
  if (String(found) === String(wanted)) return;
  throw inconsistent(where, `it yields [${found.join(', ')}], its population is [${wanted.join(', ')}]`);
}

function inconsistent(where: string, what: Diagnostic['what']): Error {
  return failure('SW5003', { where, what });
}
