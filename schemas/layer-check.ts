import type { AnnLayer } from './ann.js';
import { failure } from './diagnostic.js';
import { layerShapes } from './layer-shapes.js';
import type { NeuronLayer, SnnLayer, StepNormLayer } from './snn.js';
import { elementCount, type Padding, type Pair } from './tensor.js';
import { requireFinite } from './wire.js';

/** Largest stride, window or padding in pixels; beyond it a value is taken for damage. */
const EXTENT_MAX = 2 ** 20;

/**
 * Checks everything that a list of layers promises: one input first, one output last, unique names, inputs before their
 * readers, parameter lengths and ranges, finite numbers, fitting shapes.
 * Throws SW1005 (a value), SW1006 (names and order), SW1007 (shapes).
 */
export function checkLayers(layers: readonly (AnnLayer | SnnLayer)[], where: string): void {
  const names = new Set<string>();
  layers.forEach((layer, index) => {
    const place = layer.name === '' ? `${where}, layer number ${index}` : `layer ${layer.name}`;
    if (layer.name === '') throw failure('SW1006', { where: place, what: 'has no name.' });
    if (names.has(layer.name)) throw failure('SW1006', { where: place, what: 'this name occurs twice.' });
    names.add(layer.name);
    if ((layer.kind === 'input') !== (index === 0) || (layer.kind === 'output') !== (index === layers.length - 1)) {
      throw failure('SW1006', {
        where: place,
        what: `layer ${index + 1} of ${layers.length} is of kind ${layer.kind}; the input comes first, the output last, one of each.`,
      });
    }
    checkLayer(layer, place);
  });
  if (layers.length < 2) {
    throw failure('SW1006', {
      where,
      what: `the network has ${layers.length} layers; it needs an input and an output.`,
    });
  }
  layerShapes(layers);
}

function checkLayer(layer: AnnLayer | SnnLayer, where: string): void {
  if (layer.kind !== 'input' && layer.kind !== 'add' && layer.inputs.length !== 1) {
    throw failure('SW1006', {
      where,
      what: `reads from ${layer.inputs.length} layers; a ${layer.kind} layer reads from 1.`,
    });
  }
  switch (layer.kind) {
    case 'input':
      checkNormalisation(layer.shape[2], layer.mean, layer.std, where);
      break;
    case 'conv2d':
      checkStride(layer.stride, where);
      checkPadding(layer.padding, where);
      checkKernel(layer.kernel, 4, where);
      checkBias(layer.bias, layer.kernel.shape[3]!, where);
      break;
    case 'dense':
      checkKernel(layer.kernel, 2, where);
      checkBias(layer.bias, layer.kernel.shape[1]!, where);
      break;
    case 'batchNorm':
      for (const part of ['gamma', 'beta', 'mean', 'variance'] as const) {
        requireLength(layer[part], layer.gamma.length, `${where}, ${part}`);
        requireFinite(layer[part], `${where}, ${part}`);
      }
      requirePositive(layer.variance, `${where}, variance`);
      requireRange(layer.epsilon, [Number.MIN_VALUE, 1], `${where}, epsilon`);
      requireRange(layer.momentum, [0, 1], `${where}, momentum`);
      break;
    case 'avgPool':
      checkStride(layer.size, where);
      checkStride(layer.stride, where);
      break;
    case 'add':
      requireLength(layer.scales, layer.inputs.length, `${where}, scales`);
      requireFinite(layer.scales, `${where}, scales`);
      break;
    case 'dropout':
      requireRange(layer.rate, [0, 1], `${where}, rate`);
      if (layer.rate === 1) throw failure('SW1005', { where, what: 'a dropout rate of 1 leaves nothing.' });
      break;
    case 'neuron':
      checkNeuron(layer, where);
      break;
    case 'grid':
      requireRange(layer.step, [Number.MIN_VALUE, Number.MAX_VALUE], `${where}, step`);
      requireWhole(layer.mantissaMax, [1, 2 ** 31], `${where}, largest mantissa`);
      break;
    case 'poisson':
      requireRange(layer.gain, [Number.MIN_VALUE, Number.MAX_VALUE], `${where}, gain`);
      break;
    case 'stepNorm':
      checkStepNorm(layer, where);
      break;
    case 'flatten':
    case 'output':
    case 'activation':
      break;
  }
}

function checkStepNorm({ steps, epsilon, momentum }: StepNormLayer, where: string): void {
  if (steps.length === 0) throw failure('SW1005', { where, what: 'has a norm for no timestep.' });
  for (const [t, step] of steps.entries()) {
    for (const part of ['gamma', 'mean', 'variance'] as const) {
      requireLength(step[part], steps[0]!.gamma.length, `${where}, ${part} of step ${t}`);
      requireFinite(step[part], `${where}, ${part} of step ${t}`);
    }
    requirePositive(step.variance, `${where}, variance of step ${t}`);
  }
  requireRange(epsilon, [Number.MIN_VALUE, 1], `${where}, epsilon`);
  requireRange(momentum, [0, 1], `${where}, momentum`);
}

function requirePositive(variance: Float32Array, where: string): void {
  const least = variance.reduce((low, value) => Math.min(low, value), 0);
  requireRange(least, [0, Number.MAX_VALUE], where);
}

function checkNeuron(layer: NeuronLayer, where: string): void {
  requireRange(layer.leak, [Number.MIN_VALUE, 1], `${where}, leak`);
  requireRange(layer.threshold, [Number.MIN_VALUE, Number.MAX_VALUE], `${where}, threshold`);
  requireRange(layer.unit ?? 1, [Number.MIN_VALUE, Number.MAX_VALUE], `${where}, unit`);
}

/** Throws SW1005 unless mean and std are finite, one per channel, and every std is positive. */
export function checkNormalisation(
  channels: number,
  mean: readonly number[],
  std: readonly number[],
  where: string,
): void {
  requireLength(mean, channels, `${where}, mean`);
  requireLength(std, channels, `${where}, std`);
  requireFinite(mean, `${where}, mean`);
  for (const value of std) requireRange(value, [Number.MIN_VALUE, Number.MAX_VALUE], `${where}, std`);
}

/** Throws SW1005 unless both are whole and at least 1. */
export function checkStride(stride: Pair, where: string): void {
  for (const extent of stride) requireWhole(extent, [1, EXTENT_MAX], `${where}, stride or window`);
}

/** Throws SW1005 unless all four are whole and at least 0. */
export function checkPadding(padding: Padding, where: string): void {
  for (const side of ['top', 'bottom', 'left', 'right'] as const) {
    requireWhole(padding[side], [0, EXTENT_MAX], `${where}, padding ${side}`);
  }
}

/** Throws SW1007 where shape and data disagree, SW1005 where a weight is not finite. */
export function checkKernel(
  kernel: { readonly shape: readonly number[]; readonly data: ArrayLike<number> },
  rank: number,
  where: string,
): void {
  const { shape, data } = kernel;
  if (shape.length !== rank || shape.some((extent) => !Number.isInteger(extent) || extent < 1)) {
    throw failure('SW1007', {
      where,
      what: `kernel shape [${shape.join(', ')}]; ${rank} extents of at least 1 are needed.`,
    });
  }
  if (elementCount(shape) !== data.length) {
    throw failure('SW1007', {
      where,
      what: `kernel shape [${shape.join(', ')}] needs ${elementCount(shape)} weights, there are ${data.length}.`,
    });
  }
  requireFinite(data, `${where}, kernel`);
}

/** Throws SW1005 unless `values` has `length` elements. */
export function requireLength(values: ArrayLike<unknown>, length: number, where: string): void {
  if (values.length !== length) {
    throw failure('SW1005', { where, what: `has ${values.length} elements, ${length} are needed.` });
  }
}

/** Throws SW1005 unless `value` is finite and within [least, most]. */
export function requireRange(value: number, [least, most]: readonly [number, number], where: string): void {
  if (!(value >= least && value <= most)) {
    const low = least === Number.MIN_VALUE ? 'above 0' : `at least ${least}`;
    const high = most === Number.MAX_VALUE ? 'finite' : `at most ${most}`;
    throw failure('SW1005', { where, what: `is ${value}; it must be ${low} and ${high}.` });
  }
}

/** Throws SW1005 unless `value` is a whole number within [least, most]. */
export function requireWhole(value: number, range: readonly [number, number], where: string): void {
  requireRange(value, range, where);
  if (!Number.isInteger(value)) throw failure('SW1005', { where, what: `is ${value}; it must be a whole number.` });
}

function checkBias(bias: Float32Array | null, length: number, where: string): void {
  if (bias === null) return;
  requireLength(bias, length, `${where}, bias`);
  requireFinite(bias, `${where}, bias`);
}
