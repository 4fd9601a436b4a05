import type { AnnLayer, InputLayer, SharedLayer } from './ann.js';
import { failure } from './diagnostic.js';
import { spikewright } from './generated/messages.js';
import {
  readKernel,
  readMapShape,
  readPadding,
  readPair,
  readReset,
  wireKernel,
  wireMapShape,
  wirePair,
  wireReset,
} from './geometry-codec.js';
import type { NeuronLayer, SnnLayer } from './snn.js';
import { arrayBytes, readArray, required } from './wire.js';

type WireLayer = spikewright.Layer.$Properties;

/** A layer of either network as its protobuf message. */
export function wireLayer(layer: AnnLayer | SnnLayer): WireLayer {
  const head = { name: layer.name, inputs: layer.kind === 'input' ? [] : [...layer.inputs] };
  switch (layer.kind) {
    case 'input':
      return {
        ...head,
        input: {
          shape: wireMapShape(layer.shape),
          mean: arrayBytes(Float64Array.from(layer.mean)),
          std: arrayBytes(Float64Array.from(layer.std)),
        },
      };
    case 'conv2d':
      return {
        ...head,
        conv2d: {
          kernel: wireKernel(layer.kernel.shape, layer.kernel.data),
          bias: layer.bias && arrayBytes(layer.bias),
          stride: wirePair(layer.stride),
          padding: layer.padding,
        },
      };
    case 'dense':
      return {
        ...head,
        dense: {
          inputs: layer.kernel.shape[0]!,
          outputs: layer.kernel.shape[1]!,
          kernel: arrayBytes(layer.kernel.data),
          bias: layer.bias && arrayBytes(layer.bias),
        },
      };
    case 'batchNorm':
      return {
        ...head,
        batchNorm: {
          gamma: arrayBytes(layer.gamma),
          beta: arrayBytes(layer.beta),
          mean: arrayBytes(layer.mean),
          variance: arrayBytes(layer.variance),
          epsilon: layer.epsilon,
          momentum: layer.momentum,
        },
      };
    case 'avgPool':
      return { ...head, avgPool: { size: wirePair(layer.size), stride: wirePair(layer.stride) } };
    case 'add':
      return { ...head, add: { scales: arrayBytes(layer.scales) } };
    case 'flatten': {
      const { CHW, HWC } = spikewright.Flatten.Order;
      return { ...head, flatten: { order: layer.order === 'chw' ? CHW : HWC } };
    }
    case 'dropout':
      return { ...head, dropout: { rate: layer.rate } };
    case 'output':
      return { ...head, output: {} };
    case 'activation':
      return { ...head, activation: { function: spikewright.Activation.Function.RELU } };
    case 'grid':
      return { ...head, grid: { step: layer.step, mantissaMax: layer.mantissaMax } };
    case 'poisson':
      return { ...head, poisson: { gain: layer.gain } };
    case 'stepNorm': {
      const steps = layer.steps.map(({ gamma, mean, variance }) => {
        return { gamma: arrayBytes(gamma), mean: arrayBytes(mean), variance: arrayBytes(variance) };
      });
      return { ...head, stepNorm: { steps, epsilon: layer.epsilon, momentum: layer.momentum } };
    }
    case 'neuron':
      return {
        ...head,
        neuron: {
          leak: layer.leak,
          reset: wireReset(layer.reset),
          threshold: layer.threshold,
          unit: layer.unit ?? null,
        },
      };
  }
}

/** A layer of an ANN; a neuron layer is refused (SW1006). */
export function readAnnLayer(message: WireLayer): AnnLayer {
  const where = `layer ${message.name}`;
  const shared = readSharedLayer(message, where);
  if (shared !== null) return shared;
  if (!message.activation) throw failure('SW1006', { where, what: 'is no layer of an ANN.' });
  if (message.activation.function !== spikewright.Activation.Function.RELU) {
    throw failure('SW1005', { where, what: `activation function number ${message.activation.function} is unknown.` });
  }
  return { kind: 'activation', ...single(message, where), function: 'relu' };
}

/** A layer of an SNN; an activation layer is refused (SW1006). */
export function readSnnLayer(message: WireLayer): SnnLayer {
  const where = `layer ${message.name}`;
  const shared = readSharedLayer(message, where);
  if (shared !== null) return shared;
  if (message.grid) {
    const { step, mantissaMax } = message.grid;
    return { kind: 'grid', ...single(message, where), step: step ?? 0, mantissaMax: mantissaMax ?? 0 };
  }
  if (message.poisson) return { kind: 'poisson', ...single(message, where), gain: message.poisson.gain ?? 0 };
  if (message.stepNorm) {
    const { steps, epsilon, momentum } = message.stepNorm;
    const read = (steps ?? []).map(({ gamma, mean, variance }) => ({
      gamma: readFloats(gamma, `${where}, gamma`),
      mean: readFloats(mean, `${where}, mean`),
      variance: readFloats(variance, `${where}, variance`),
    }));
    return { kind: 'stepNorm', ...single(message, where), steps: read, epsilon: epsilon ?? 0, momentum: momentum ?? 0 };
  }
  if (!message.neuron) throw failure('SW1006', { where, what: 'is no layer of an SNN.' });
  const { leak, reset, threshold, unit } = message.neuron;
  return {
    kind: 'neuron',
    ...single(message, where),
    leak: leak ?? 0,
    reset: readReset(reset, where),
    threshold: threshold ?? 0,
    ...(unit === null || unit === undefined ? {} : { unit }),
  } satisfies NeuronLayer;
}

/** The layer, or null where the message holds a kind that only one of the two networks has. */
function readSharedLayer(message: WireLayer, where: string): SharedLayer | null {
  if (message.input) return readInput(message, where);
  if (message.conv2d) {
    const { kernel, bias, stride, padding } = message.conv2d;
    return {
      kind: 'conv2d',
      ...single(message, where),
      kernel: readKernel(Float32Array, kernel, where),
      bias: readOptional(bias, `${where}, bias`),
      stride: readPair(stride, `${where}, stride`),
      padding: readPadding(padding, where),
    };
  }
  if (message.dense) {
    const { inputs = 0, outputs = 0, kernel, bias } = message.dense;
    return {
      kind: 'dense',
      ...single(message, where),
      kernel: { shape: [inputs ?? 0, outputs ?? 0], data: readFloats(kernel, `${where}, kernel`) },
      bias: readOptional(bias, `${where}, bias`),
    };
  }
  if (message.batchNorm) {
    const { gamma, beta, mean, variance, epsilon, momentum } = message.batchNorm;
    return {
      kind: 'batchNorm',
      ...single(message, where),
      gamma: readFloats(gamma, `${where}, gamma`),
      beta: readFloats(beta, `${where}, beta`),
      mean: readFloats(mean, `${where}, mean`),
      variance: readFloats(variance, `${where}, variance`),
      epsilon: epsilon ?? 0,
      momentum: momentum ?? 0,
    };
  }
  if (message.avgPool) {
    const { size, stride } = message.avgPool;
    return {
      kind: 'avgPool',
      ...single(message, where),
      size: readPair(size, `${where}, size`),
      stride: readPair(stride, `${where}, stride`),
    };
  }
  if (message.add) {
    return {
      kind: 'add',
      name: message.name ?? '',
      inputs: message.inputs ?? [],
      scales: readFloats(message.add.scales, `${where}, scales`),
    };
  }
  if (message.flatten) {
    const { order = 0 } = message.flatten;
    const names = { [spikewright.Flatten.Order.HWC]: 'hwc', [spikewright.Flatten.Order.CHW]: 'chw' } as const;
    const name = names[order as spikewright.Flatten.Order];
    if (name === undefined) throw failure('SW1005', { where, what: `flatten order number ${order} is unknown.` });
    return { kind: 'flatten', ...single(message, where), order: name };
  }
  if (message.dropout) return { kind: 'dropout', ...single(message, where), rate: message.dropout.rate ?? 0 };
  if (message.output) return { kind: 'output', ...single(message, where) };
  return null;
}

function readInput(message: WireLayer, where: string): InputLayer {
  const { shape, mean, std } = required(message.input, where);
  return {
    kind: 'input',
    name: message.name ?? '',
    shape: readMapShape(shape, `${where}, shape`),
    mean: [...readArray(Float64Array, mean ?? new Uint8Array(), `${where}, mean`)],
    std: [...readArray(Float64Array, std ?? new Uint8Array(), `${where}, std`)],
  };
}

function single(message: WireLayer, where: string): { name: string; inputs: [string] } {
  const [input, ...more] = message.inputs ?? [];
  if (input === undefined || more.length > 0) {
    throw failure('SW1006', {
      where,
      what: `reads from ${message.inputs?.length ?? 0} layers; its kind reads from 1.`,
    });
  }
  return { name: message.name ?? '', inputs: [input] };
}

function readFloats(bytes: Uint8Array | null | undefined, where: string): Float32Array {
  return readArray(Float32Array, bytes ?? new Uint8Array(), where);
}

function readOptional(bytes: Uint8Array | null | undefined, where: string): Float32Array | null {
  return bytes === null || bytes === undefined ? null : readArray(Float32Array, bytes, where);
}
