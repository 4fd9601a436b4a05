import type { InputLayer, OutputLayer } from '../schemas/ann.js';
import { failure } from '../schemas/diagnostic.js';
import type { NeuronLayer, SnnGraph, SnnLayer } from '../schemas/snn.js';
import type { Drive, FloatSpikeGraph, ParameterTable, Population, Projection } from '../schemas/spike.js';
import type { MapShape } from '../schemas/tensor.js';
import { elementCount } from '../schemas/tensor.js';
import {
  type Analog,
  appendAdd,
  appendAvgPool,
  appendConv,
  appendDense,
  appendNorm,
  signal,
  spread,
  spreadConstant,
  vector,
} from './analog.js';
import { type KernelMap, materialise } from './fold.js';

/**
 * A network as populations and projections.
 *
 * Before: a sound SnnGraph (`checkLayers`), any DAG of layers. After: one population per neuron layer and one readout
 * named after the output layer. Everything linear between them is composed: a population receives one projection (rarely
 * more: `mergeMaps`) from every spiking layer that reaches it through linear layers alone, a drive if the image does, and
 * the constants that norms and biases bring as its bias. A population's window opens one timestep after the last of its
 * sources' windows (the longest path), and a projection's delay is the distance of the windows it joins.
 * A composition that is no convolution becomes a matrix, and the population a vector of the same neurons in the same
 * order; SW2002 where that matrix is too large. Right because all that is composed is linear, so that the order of
 * summation is all that changes, and local times agree.
 */
export function lower(snn: SnnGraph): FloatSpikeGraph {
  const input = requireInput(snn);
  const values = new Map<string, Analog>();
  const populations: Population<Float32Array>[] = [];
  const projections: Projection<Float32Array>[] = [];
  const drives: Drive[] = [];
  const phases = new Map<string, number>();
  for (const layer of snn.layers) {
    if (layer.kind !== 'neuron' && layer.kind !== 'output') {
      values.set(layer.name, behind(layer, values));
      continue;
    }
    const value = closed(layer, values.get(layer.inputs[0])!);
    const isDriven = value.terms.some(({ source }) => source === null);
    const phase = value.terms.reduce((most, { source }) => Math.max(most, 1 + (phases.get(source ?? '') ?? -1)), 0);
    const { shape, constant } = populationForm(value);
    const inDrive = isDriven && constant.length === shape[2];
    populations.push({
      name: layer.name,
      kind: layer.kind === 'output' ? 'readout' : 'spiking',
      shape,
      phase,
      ...parameters(layer),
      bias: inDrive ? single(0) : { rows: 1, columns: constant.length, data: Float32Array.from(constant) },
      scale: 1,
    });
    for (const [index, { source, map }] of value.terms.entries()) {
      const linear = convolutionOf(materialise(map));
      if (source === null) {
        const { shape: inputShape, mean, std } = input;
        const bias = inDrive ? Float32Array.from(constant) : new Float32Array(shape[2]);
        drives.push({ population: layer.name, inputShape, mean, std, ...linear, bias, scale: 1, grid: null });
      } else {
        const before = value.terms.slice(0, index).filter((term) => term.source === source).length;
        const name = `${source}->${layer.name}${before === 0 ? '' : ` #${before + 1}`}`;
        const delay = phase - phases.get(source)!;
        projections.push({ name, from: source, to: layer.name, delay, pool: map.pool, ...linear });
      }
    }
    phases.set(layer.name, phase);
    values.set(layer.name, signal(layer.name, shape, value));
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

/** The value behind a layer that is neither neuron nor output. */
function behind(layer: Exclude<SnnLayer, NeuronLayer | OutputLayer>, values: ReadonlyMap<string, Analog>): Analog {
  if (layer.kind === 'input') {
    return signal(null, layer.shape, { grid: layer.shape, order: 'hwc', isFlat: false, isSpread: false });
  }
  if (layer.kind === 'add')
    return appendAdd(
      layer.inputs.map((name) => values.get(name)!),
      layer,
    );
  const value = values.get(layer.inputs[0])!;
  switch (layer.kind) {
    case 'conv2d':
      return appendConv(value, layer);
    case 'dense':
      return appendDense(value, layer);
    case 'batchNorm':
      return appendNorm(value, layer);
    case 'avgPool':
      return appendAvgPool(value, layer);
    case 'flatten':
      return { ...value, order: layer.order, isFlat: true };
    // The chip's grid is the quantiser's to choose.
    case 'dropout':
    case 'grid':
      return value;
    case 'poisson':
    case 'stepNorm':
      throw failure('SW2020', {
        where: `layer ${layer.name}`,
        what: layer.kind === 'poisson' ? 'draws its spikes at random.' : 'has a norm for each timestep.',
      });
  }
}

/** A population's input: logits as a vector, and the image through one map, since a population has one drive. */
function closed(layer: NeuronLayer | OutputLayer, input: Analog): Analog {
  const value = layer.kind === 'output' ? vector(input, layer.name) : input;
  return value.terms.filter(({ source }) => source === null).length > 1 ? spread(value, layer.name) : value;
}

/** Shape and constant of the population with this input: of a spread one, a vector. */
function populationForm(value: Analog): { readonly shape: MapShape; readonly constant: Float64Array } {
  if (!value.isSpread) return { shape: value.grid, constant: value.constant };
  return { shape: [1, 1, elementCount(value.grid)], constant: spreadConstant(value) };
}

function parameters(layer: NeuronLayer | OutputLayer): Pick<Population<Float32Array>, 'reset' | 'decay' | 'threshold'> {
  if (layer.kind === 'output') return { reset: 'hard', decay: single(0), threshold: single(0) };
  return { reset: layer.reset, decay: single(1 - layer.leak), threshold: single(layer.threshold) };
}

/** A map's convolution in single precision; a layer's own kernel is handed on as it is. */
function convolutionOf({ kernel: { shape, data }, stride, padding }: KernelMap) {
  return { kernel: { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) }, stride, padding };
}

/** Throws SW2001 unless the network starts with its image. */
function requireInput(snn: SnnGraph): InputLayer {
  const [input] = snn.layers;
  if (input?.kind === 'input') return input;
  throw failure('SW2001', { where: snn.name, what: 'its first layer is no input layer.' });
}

function single(value: number): ParameterTable<Float32Array> {
  return { rows: 1, columns: 1, data: Float32Array.of(value) };
}
