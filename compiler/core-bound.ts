import type { IntegerSpikeGraph, ParameterTable, Projection } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { elementCount } from '../schemas/tensor.js';
import { coreLimits } from './core-need.js';
import { axisReach, projectionAxes } from './tiling.js';

/** Cores that a network takes at least, and the title of the limit that asks for so many. */
export interface CoreBound {
  readonly cores: number;
  readonly limit: string;
}

/**
 * The fewest cores that any mapping could do with: of every limit the network's whole need over a core's share, and the
 * largest of those. Needs are what no mapping can avoid: each neuron a compartment, each non-zero weight stored once (and
 * each bias that axons bring), each source window of a projection heard by one input axon or atom, each neuron that is
 * heard sending to one output axon per projection.
 */
export function coreBound(graph: IntegerSpikeGraph, target: Target): CoreBound {
  const { limits, arithmetic } = target;
  const atoms = limits.populationAxon?.atomsMax.value ?? 1;
  const shapeOf = new Map(graph.populations.map(({ name, shape }) => [name, shape]));
  const need = { compartments: 0, synapseBits: 0, inputAxons: 0, outputAxons: 0 };
  for (const { shape, bias } of graph.populations) {
    need.compartments += elementCount(shape);
    if (!arithmetic.biasGate) need.synapseBits += biasedNeurons(bias, shape) * arithmetic.weight.bits;
  }
  for (const projection of graph.projections) {
    const { weights, channels } = nonZeroWeights(projection);
    need.synapseBits += weights * arithmetic.weight.bits;
    const [rows, columns] = projectionAxes(projection, shapeOf.get(projection.from)!);
    const [height, width] = shapeOf.get(projection.to)!;
    const windows = axisReach(rows, [0, height]).length * axisReach(columns, [0, width]).length * channels;
    need.inputAxons += windows / atoms;
    need.outputAxons += windows * projection.pool[0] * projection.pool[1];
  }
  const wanted = {
    compartments: need.compartments,
    synapseWords: need.synapseBits / 64,
    inputAxons: need.inputAxons,
    outputAxons: need.outputAxons,
  };
  let bound: CoreBound = { cores: graph.populations.length > 0 ? 1 : 0, limit: 'one core' };
  for (const { resource, title, limit } of coreLimits(target)) {
    const cores = resource in wanted ? Math.ceil(wanted[resource as keyof typeof wanted] / limit) : 0;
    if (cores > bound.cores) bound = { cores, limit: title };
  }
  return bound;
}

/** Non-zero weights, and source channels that have any. */
function nonZeroWeights({ kernel: { shape, data } }: Projection<Int32Array>): { weights: number; channels: number } {
  const [, , inputs, outputs] = shape;
  const heard = new Uint8Array(inputs);
  let weights = 0;
  for (let row = 0, k = 0; k < data.length; row += 1) {
    for (let output = 0; output < outputs; output += 1, k += 1) {
      if (data[k] === 0) continue;
      weights += 1;
      heard[row % inputs] = 1;
    }
  }
  return { weights, channels: heard.reduce((sum, channel) => sum + channel, 0) };
}

/** Neurons with a bias other than 0. */
function biasedNeurons({ columns, data }: ParameterTable<Int32Array>, shape: readonly number[]): number {
  let count = 0;
  for (let column = 0; column < columns; column += 1) if (data[column] !== 0) count += 1;
  return (count * elementCount(shape)) / columns;
}
