import type { InputLayer } from '../schemas/ann.js';
import { failure } from '../schemas/diagnostic.js';
import type { NeuronLayer, SnnGraph, SnnLayer } from '../schemas/snn.js';
import type { Drive, FloatSpikeGraph, ParameterTable, Population, Projection } from '../schemas/spike.js';
import {
  type FoldedMap,
  foldAvgPool,
  foldConv,
  foldDense,
  foldNorm,
  identityMap,
  type LinearMap,
  materialise,
} from './fold.js';

/** Where the walk along the chain stands: behind which spiking layer, and what has been composed since. */
interface Position {
  /** null while the image is the source. */
  readonly source: string | null;
  readonly map: LinearMap;
  /** Flattening moves nothing; how the next dense layer numbers its inputs is remembered here. */
  readonly order: 'hwc' | 'chw';
}

/**
 * A chain of layers as populations and projections.
 *
 * Before: a sound SnnGraph whose layers each read the one before (else SW2001). After: one population per neuron layer
 * and one readout named after the output layer, each fed by exactly one projection (or, first, by the drive), which
 * composes everything linear in between (SW2002 where that would multiply weights); population n opens its window at
 * timestep n, since a spike takes one timestep per hop. Right because all that is composed is linear, so that the order
 * of summation is all that changes.
 */
export function lower(snn: SnnGraph): FloatSpikeGraph {
  const input = requireChain(snn);
  const populations: Population<Float32Array>[] = [];
  const projections: Projection<Float32Array>[] = [];
  const drives: Drive[] = [];
  let position: Position = { source: null, map: identityMap(input.shape), order: 'hwc' };

  const close = (name: string, neuron: NeuronLayer | null, folded: FoldedMap): void => {
    const { source, kernel, bias, pool, stride, padding, output } = folded;
    const driven = position.source === null;
    populations.push({
      name,
      kind: neuron === null ? 'readout' : 'spiking',
      shape: output,
      phase: populations.length,
      reset: neuron?.reset ?? 'hard',
      decay: constant(1 - (neuron?.leak ?? 1)),
      threshold: constant(neuron?.threshold ?? 0),
      bias: driven ? constant(0) : { rows: 1, columns: bias.length, data: Float32Array.from(bias) },
      scale: 1,
    });
    const linear = { kernel: { shape: kernel.shape, data: Float32Array.from(kernel.data) }, stride, padding };
    if (position.source === null) {
      drives.push({
        population: name,
        inputShape: source,
        mean: input.mean,
        std: input.std,
        ...linear,
        bias: Float32Array.from(bias),
        scale: 1,
        grid: null,
      });
    } else {
      projections.push({
        name: `${position.source}->${name}`,
        from: position.source,
        to: name,
        delay: 1,
        pool,
        ...linear,
      });
    }
  };

  for (const layer of snn.layers) {
    if (layer.kind === 'neuron') {
      const folded = materialise(position.map);
      close(layer.name, layer, folded);
      position = { ...position, source: layer.name, map: identityMap(folded.output) };
    } else if (layer.kind === 'output') {
      close(layer.name, null, flattened(position, layer.name));
    } else {
      position = append(position, layer);
    }
  }
  return {
    kind: 'spike',
    name: snn.name,
    timesteps: snn.timesteps,
    populations,
    projections,
    drives,
    membraneMax: null,
  };
}

/** The position behind a layer that is neither neuron nor output. */
function append(position: Position, layer: SnnLayer): Position {
  const { map, source, order } = position;
  switch (layer.kind) {
    case 'conv2d':
      return { ...position, map: foldConv(map, layer) };
    case 'dense':
      return { ...position, map: foldDense(map, layer, order), order: 'hwc' };
    case 'batchNorm':
      return { ...position, map: foldNorm(map, normOf(map, layer, order)) };
    case 'avgPool':
      return { ...position, map: foldAvgPool(map, layer, source !== null) };
    case 'flatten':
      return { ...position, order: layer.order };
    default:
      return position;
  }
}

/** A norm on a flattened map has one channel per neuron, which a kernel shared by positions cannot hold. */
function normOf(map: LinearMap, layer: SnnLayer & { kind: 'batchNorm' }, order: string): typeof layer {
  if (layer.gamma.length === map.output[2]) return layer;
  throw failure('SW2002', {
    where: `layer ${layer.name}`,
    what: `normalises each of ${layer.gamma.length} values of a map flattened in ${order} order by itself.`,
    fix: 'Put the norm before the flatten layer, or a dense layer between them.',
  });
}

/** Logits are a vector: where the grid is not 1×1 it is numbered as the flatten layer says. */
function flattened({ map, order }: Position, name: string): FoldedMap {
  const [height, width, channels] = map.output;
  if (height * width === 1) return materialise(map);
  const count = height * width * channels;
  const data = new Float32Array(count * count);
  for (let k = 0; k < count; k += 1) data[k * count + k] = 1;
  const identity = { kind: 'dense', name, inputs: [''], kernel: { shape: [count, count], data }, bias: null } as const;
  return materialise(foldDense(map, identity, order));
}

/** Throws SW2001 unless the first layer is the only input, the last the only output, and each reads the one before. */
function requireChain(snn: SnnGraph): InputLayer {
  const [input] = snn.layers;
  if (input?.kind !== 'input') {
    throw failure('SW2001', { where: snn.name, what: 'its first layer is no input layer.' });
  }
  snn.layers.forEach((layer, index) => {
    const before = snn.layers[index - 1];
    if (before === undefined) return;
    const last = index === snn.layers.length - 1;
    if (layer.kind === 'input' || (layer.kind === 'output') !== last) {
      throw failure('SW2001', {
        where: `layer ${layer.name}`,
        what: `an ${layer.kind} layer at this place of the chain.`,
      });
    }
    if (layer.kind === 'add') {
      throw failure('SW2001', { where: `layer ${layer.name}`, what: `adds ${layer.inputs.join(' and ')}.` });
    }
    if (layer.inputs[0] !== before.name) {
      throw failure('SW2001', {
        where: `layer ${layer.name}`,
        what: `reads "${layer.inputs[0]}", the layer before it is "${before.name}".`,
      });
    }
  });
  if (snn.layers.length < 2) throw failure('SW2001', { where: snn.name, what: 'it has no output layer.' });
  return input;
}

function constant(value: number): ParameterTable<Float32Array> {
  return { rows: 1, columns: 1, data: Float32Array.of(value) };
}
