import type { AnnLayer } from '../../schemas/ann.js';
import { failure } from '../../schemas/diagnostic.js';
import type { LayerShape } from '../../schemas/layer-shapes.js';
import type { MapShape, Padding, Pair } from '../../schemas/tensor.js';
import type { KerasConfig } from './keras-config.js';

/** A Keras layer, what it reads, and its weights. */
export interface KerasContext {
  readonly where: string;
  readonly config: KerasConfig;
  readonly shapes: readonly LayerShape[];
  readonly inputs: readonly string[];
  readonly name: string;
  readonly isLast: boolean;
  /** The layer's next weight; throws SW1040 where it is missing or of another shape. */
  weight(shape: readonly number[]): Float32Array;
}

/** The layers that a Keras layer becomes; the last one gives its output, and without any its input passes. */
type Build = (context: KerasContext) => readonly AnnLayer[];

const none: Padding = { top: 0, bottom: 0, left: 0, right: 0 };
/** Largest stride, window or number of units; beyond it a value is taken for damage. */
const NUMBER_MAX = 2 ** 20;

/** By Keras class. */
export const kerasLayers: Readonly<Record<string, Build>> = {
  Conv2D(context) {
    const { config, inputs, name } = context;
    requirePlain(context, { data_format: ['channels_last'], groups: [1], dilation_rate: [1] });
    const [height, width, channels] = mapOf(context);
    const [kernelHeight, kernelWidth] = pair(context, 'kernel_size');
    const stride = pair(context, 'strides', 1);
    const filters = whole(context, 'filters');
    const shape = [kernelHeight, kernelWidth, channels, filters];
    const kernel = { shape, data: context.weight(shape) };
    const bias = config.use_bias === false ? null : context.weight([filters]);
    const padding = paddingOf(context, [height, width], [kernelHeight, kernelWidth], stride);
    return activated(context, { kind: 'conv2d', name, inputs: [inputs[0]!], kernel, bias, stride, padding });
  },
  Dense(context) {
    const { config, inputs, name, shapes, where } = context;
    const [shape] = shapes;
    if (shape?.length !== 1)
      throw failure('SW1041', { where, what: 'reads a map; a Flatten layer is needed before it.' });
    const units = whole(context, 'units');
    const kernel = { shape: [shape[0], units], data: context.weight([shape[0], units]) };
    const bias = config.use_bias === false ? null : context.weight([units]);
    return activated(context, { kind: 'dense', name, inputs: [inputs[0]!], kernel, bias });
  },
  BatchNormalization(context) {
    const { config, inputs, name, shapes, where } = context;
    const channels = shapes[0]!.at(-1)!;
    const axis = Array.isArray(config.axis) ? config.axis[0] : (config.axis ?? -1);
    if (axis !== -1 && axis !== shapes[0]!.length) {
      throw failure('SW1041', { where, what: `normalises axis ${JSON.stringify(axis)}; the channels come last.` });
    }
    const gamma = config.scale === false ? new Float32Array(channels).fill(1) : context.weight([channels]);
    const beta = config.center === false ? new Float32Array(channels) : context.weight([channels]);
    const mean = context.weight([channels]);
    const variance = context.weight([channels]);
    const epsilon = typeof config.epsilon === 'number' ? config.epsilon : 1e-3;
    // Keras weighs the old statistics where networks here weigh the newest batch.
    const momentum = 1 - (typeof config.momentum === 'number' ? config.momentum : 0.99);
    return [{ kind: 'batchNorm', name, inputs: [inputs[0]!], gamma, beta, mean, variance, epsilon, momentum }];
  },
  Activation: (context) => activation(context, context.inputs[0]!, context.config.activation, context.name),
  ReLU(context) {
    const { config, inputs, name } = context;
    requirePlain(context, { max_value: [], negative_slope: [0], threshold: [0] });
    if (config.max_value !== undefined && config.max_value !== null) throw unsupported(context, 'max_value');
    return activation(context, inputs[0]!, 'relu', name);
  },
  Softmax: (context) => activation(context, context.inputs[0]!, 'softmax', context.name),
  AveragePooling2D(context) {
    const { inputs, name } = context;
    requirePlain(context, { data_format: ['channels_last'] });
    const size = pair(context, 'pool_size');
    const stride = context.config.strides == null ? size : pair(context, 'strides');
    const [height, width] = mapOf(context);
    const padding = paddingOf(context, [height, width], size, stride);
    if (Object.values(padding).some((side) => side > 0)) throw unsupported(context, 'padding');
    return [{ kind: 'avgPool', name, inputs: [inputs[0]!], size, stride }];
  },
  GlobalAveragePooling2D(context) {
    const { config, inputs, name } = context;
    requirePlain(context, { data_format: ['channels_last'] });
    const [height, width] = mapOf(context);
    const size: Pair = [height, width];
    const pool: AnnLayer = { kind: 'avgPool', name, inputs: [inputs[0]!], size, stride: size };
    if (config.keepdims === true) return [pool];
    return [pool, { kind: 'flatten', name: `${name}/flat`, inputs: [name], order: 'hwc' }];
  },
  Flatten(context) {
    requirePlain(context, { data_format: ['channels_last'] });
    const { inputs, name, shapes } = context;
    return shapes[0]!.length === 1 ? [] : [{ kind: 'flatten', name, inputs: [inputs[0]!], order: 'hwc' }];
  },
  Dropout({ config, inputs, name }) {
    const rate = typeof config.rate === 'number' ? config.rate : Number.NaN;
    return [{ kind: 'dropout', name, inputs: [inputs[0]!], rate }];
  },
  Add: ({ inputs, name }) => [{ kind: 'add', name, inputs, scales: new Float32Array(inputs.length).fill(1) }],
};

/** A linear layer and the activation that its options name. */
function activated(context: KerasContext, layer: AnnLayer): readonly AnnLayer[] {
  return [layer, ...activation(context, layer.name, context.config.activation, `${layer.name}/activation`)];
}

function activation(context: KerasContext, from: string, kind: unknown, name: string): readonly AnnLayer[] {
  switch (kind) {
    case 'relu':
      return [{ kind: 'activation', name, inputs: [from], function: 'relu' }];
    case 'linear':
    case undefined:
    case null:
      return [];
    default:
      // After the logits a softmax changes no prediction.
      if (kind === 'softmax' && context.isLast) return [];
      throw failure('SW1041', {
        where: context.where,
        what: `activation ${JSON.stringify(kind)?.slice(0, 64)}; neurons stand for relu alone.`,
      });
  }
}

/** Throws SW1041 where an option that is set is none of those listed. */
function requirePlain(context: KerasContext, allowed: Readonly<Record<string, readonly unknown[]>>): void {
  for (const [option, values] of Object.entries(allowed)) {
    const given = context.config[option];
    const all = Array.isArray(given) ? given : [given];
    if (given != null && values.length > 0 && !all.every((value) => values.includes(value))) {
      throw unsupported(context, option);
    }
  }
}

function unsupported({ config, where }: KerasContext, option: string) {
  return failure('SW1041', {
    where,
    what: `${option} ${JSON.stringify(config[option])?.slice(0, 64)} is not supported.`,
  });
}

function whole(context: KerasContext, option: string): number {
  const value = context.config[option];
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= NUMBER_MAX) return Number(value);
  throw failure('SW1040', { where: context.where, what: `${option} is ${JSON.stringify(value)?.slice(0, 64)}.` });
}

function pair(context: KerasContext, option: string, fallback?: number): Pair {
  const given = context.config[option] ?? fallback;
  const values = Array.isArray(given) ? given : [given, given];
  if (values.length === 2 && values.every((n) => Number.isInteger(n) && n >= 1 && n <= NUMBER_MAX)) {
    return [values[0], values[1]];
  }
  throw failure('SW1040', { where: context.where, what: `${option} is ${JSON.stringify(given)?.slice(0, 64)}.` });
}

/** "same" puts half of what is missing before, and the rest after. */
function paddingOf(context: KerasContext, size: Pair, window: Pair, stride: Pair): Padding {
  const { padding } = context.config;
  if (padding === 'valid' || padding === undefined) return none;
  if (padding !== 'same') throw unsupported(context, 'padding');
  const missing = ([0, 1] as const).map((axis) =>
    Math.max(0, (Math.ceil(size[axis] / stride[axis]) - 1) * stride[axis] + window[axis] - size[axis]),
  ) as [number, number];
  const [top, left] = missing.map((extent) => Math.floor(extent / 2)) as [number, number];
  return { top, bottom: missing[0] - top, left, right: missing[1] - left };
}

/** The extents of a map; throws SW1041 where the layer reads a vector. */
function mapOf({ shapes, where }: KerasContext): MapShape {
  const [shape] = shapes;
  if (shape?.length === 3) return shape;
  throw failure('SW1041', { where, what: 'reads a vector where a map is needed.' });
}
