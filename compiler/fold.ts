import type { AvgPoolLayer, BatchNormLayer, ConvLayer, DenseLayer } from '../schemas/ann.js';
import { failure } from '../schemas/diagnostic.js';
import { convolvedSize } from '../schemas/layer-shapes.js';
import type { MapShape, Padding, Pair } from '../schemas/tensor.js';
import { elementCount } from '../schemas/tensor.js';

/** A kernel [kh, kw, cin, cout] in double precision. */
export interface WideKernel {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float64Array;
}

/**
 * What lies between two spiking layers, composed so far: the source is summed over `pool` windows, the sums are scaled by
 * `gain`, zero-padded, and cross-correlated with `kernel`; `bias` [cout] is added at every timestep.
 * Without a kernel the map is the pooled source itself, scaled by `gain`.
 */
export interface LinearMap {
  readonly source: MapShape;
  readonly pool: Pair;
  readonly gain: number;
  readonly kernel: WideKernel | null;
  readonly bias: Float64Array | null;
  readonly stride: Pair;
  readonly padding: Padding;
  /** [H, W, C] of what the map gives. */
  readonly output: MapShape;
}

/** A LinearMap whose kernel is there, with `gain` inside it. */
export type FoldedMap = LinearMap & { readonly kernel: WideKernel; readonly bias: Float64Array };

const unpadded: Padding = { top: 0, bottom: 0, left: 0, right: 0 };

/** The map that changes nothing. */
export function identityMap(source: MapShape): LinearMap {
  return {
    source,
    pool: [1, 1],
    gain: 1,
    kernel: null,
    bias: null,
    stride: [1, 1],
    padding: unpadded,
    output: source,
  };
}

/** Gives a map without kernel the 1×1 kernel gain·identity, and every map a bias. */
export function materialise(map: LinearMap): FoldedMap {
  const channels = map.output[2];
  const bias = map.bias ?? new Float64Array(channels);
  if (map.kernel !== null) return { ...map, kernel: map.kernel, bias };
  const kernel = diagonalKernel([1, 1], channels, map.gain);
  return { ...map, gain: 1, kernel, bias };
}

/**
 * Appends a mean over windows. Before any kernel, windows that tile the source become `pool` sums with their mean in
 * `gain` (a pool of pools is one pool); after a kernel, the mean of shifted kernels is a kernel of extent
 * k + (p − 1)·stride with stride·(pool stride). `spikes` is false where the source is the image, which is not pooled.
 */
export function foldAvgPool(map: LinearMap, { size, stride }: AvgPoolLayer, spikes: boolean): LinearMap {
  const output: MapShape = [...convolvedSize([map.output[0], map.output[1]], unpadded, size, stride), map.output[2]];
  const mean = 1 / (size[0] * size[1]);
  const tiles = windowsTile(map.output[0], size[0], stride[0]) && windowsTile(map.output[1], size[1], stride[1]);
  if (map.kernel === null && spikes && tiles) {
    return { ...map, pool: [map.pool[0] * size[0], map.pool[1] * size[1]], gain: map.gain * mean, output };
  }
  if (map.kernel === null) {
    const kernel = diagonalKernel(size, map.output[2], map.gain * mean);
    return { ...map, gain: 1, kernel, stride, output };
  }
  const [kernelHeight, kernelWidth, inputs, outputs] = map.kernel.shape;
  const shape = [
    kernelHeight + (size[0] - 1) * map.stride[0],
    kernelWidth + (size[1] - 1) * map.stride[1],
    inputs,
    outputs,
  ] as const;
  const row = inputs * outputs;
  const data = new Float64Array(elementCount(shape));
  for (let py = 0; py < size[0]; py += 1) {
    for (let px = 0; px < size[1]; px += 1) {
      for (let ky = 0; ky < kernelHeight; ky += 1) {
        for (let kx = 0; kx < kernelWidth; kx += 1) {
          const target = ((ky + py * map.stride[0]) * shape[1] + kx + px * map.stride[1]) * row;
          const source = (ky * kernelWidth + kx) * row;
          for (let k = 0; k < row; k += 1) data[target + k]! += mean * map.kernel.data[source + k]!;
        }
      }
    }
  }
  const composed: Pair = [map.stride[0] * stride[0], map.stride[1] * stride[1]];
  return { ...map, kernel: { shape, data }, stride: composed, output };
}

/** Appends a convolution. After another kernel only a 1×1 one composes without growing; throws SW2002 otherwise. */
export function foldConv(map: LinearMap, layer: ConvLayer): LinearMap {
  const { stride, padding } = layer;
  const shape = layer.kernel.shape as WideKernel['shape'];
  const size = convolvedSize([map.output[0], map.output[1]], padding, [shape[0], shape[1]], stride);
  const output: MapShape = [...size, shape[3]];
  if (map.kernel !== null) {
    const pointwise = shape[0] === 1 && shape[1] === 1 && stride[0] === 1 && stride[1] === 1;
    if (!pointwise || Object.values(padding).some((width) => width > 0)) throw notComposable(layer.name, map.kernel);
    return foldPointwise(map, map.kernel, layer.kernel.data, layer.bias, output);
  }
  const data = Float64Array.from(layer.kernel.data, (weight) => weight * map.gain);
  const bias = layer.bias === null ? null : Float64Array.from(layer.bias);
  return { ...map, gain: 1, kernel: { shape, data }, bias, stride, padding, output };
}

/**
 * Appends a dense layer that reads the map's output flattened in `order`: a kernel that covers the whole grid, its rows
 * put in the order height, width, channel. After a kernel only a grid of 1×1 composes; throws SW2002 otherwise.
 */
export function foldDense(map: LinearMap, layer: DenseLayer, order: 'hwc' | 'chw'): LinearMap {
  const [height, width, channels] = map.output;
  const outputs = layer.kernel.shape[1]!;
  const output: MapShape = [1, 1, outputs];
  if (map.kernel !== null) {
    if (height * width !== 1) throw notComposable(layer.name, map.kernel);
    return foldPointwise(map, map.kernel, layer.kernel.data, layer.bias, output);
  }
  const data = new Float64Array(layer.kernel.data.length);
  for (let position = 0; position < height * width; position += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const target = (position * channels + channel) * outputs;
      const source = (order === 'hwc' ? position * channels + channel : channel * height * width + position) * outputs;
      for (let k = 0; k < outputs; k += 1) data[target + k] = map.gain * layer.kernel.data[source + k]!;
    }
  }
  const kernel: WideKernel = { shape: [height, width, channels, outputs], data };
  const bias = layer.bias === null ? null : Float64Array.from(layer.bias);
  return { ...map, gain: 1, kernel, bias, output };
}

/** Appends a norm with inference statistics: W' = W·γ/√(σ² + ε), b' = (b − μ)·γ/√(σ² + ε) + β, at every timestep. */
export function foldNorm(map: LinearMap, { gamma, beta, mean, variance, epsilon }: BatchNormLayer): FoldedMap {
  const { kernel, bias, ...rest } = materialise(map);
  const scale = Float64Array.from(gamma, (factor, c) => factor / Math.sqrt(variance[c]! + epsilon));
  const channels = scale.length;
  const data = kernel.data.map((weight, k) => weight * scale[k % channels]!);
  const shifted = bias.map((value, c) => (value - mean[c]!) * scale[c]! + beta[c]!);
  return { ...rest, kernel: { shape: kernel.shape, data }, bias: shifted };
}

/** `weights` [channels, outputs] on every position of the map's output. */
function foldPointwise(
  map: LinearMap,
  kernel: WideKernel,
  weights: Float32Array,
  bias: Float32Array | null,
  output: MapShape,
): LinearMap {
  const [kernelHeight, kernelWidth, inputs, channels] = kernel.shape;
  const outputs = output[2];
  const rows = kernelHeight * kernelWidth * inputs;
  const data = new Float64Array(rows * outputs);
  const sum = Float64Array.from(bias ?? new Float32Array(outputs));
  for (let channel = 0; channel < channels; channel += 1) {
    for (let k = 0; k < outputs; k += 1) {
      const weight = weights[channel * outputs + k]!;
      for (let row = 0; row < rows; row += 1) {
        data[row * outputs + k]! += kernel.data[row * channels + channel]! * weight;
      }
      sum[k]! += (map.bias?.[channel] ?? 0) * weight;
    }
  }
  return { ...map, kernel: { shape: [kernelHeight, kernelWidth, inputs, outputs], data }, bias: sum, output };
}

/** Windows that do not overlap and leave out at most what does not fill one: pool sums drop the rest in the same way. */
function windowsTile(extent: number, size: number, stride: number): boolean {
  const single = Math.floor((extent - size) / stride) === 0 && extent < 2 * size;
  return size === stride || single;
}

function diagonalKernel(size: Pair, channels: number, value: number): WideKernel {
  const shape = [size[0], size[1], channels, channels] as const;
  const data = new Float64Array(elementCount(shape));
  for (let tap = 0; tap < size[0] * size[1]; tap += 1) {
    for (let c = 0; c < channels; c += 1) data[(tap * channels + c) * channels + c] = value;
  }
  return { shape, data };
}

function notComposable(layer: string, before: WideKernel): Error {
  return failure('SW2002', {
    where: `layer ${layer}`,
    what: `follows a linear map with a kernel of [${before.shape.join(', ')}] without a neuron layer in between.`,
  });
}
