import { convolvedSize } from '../schemas/layer-shapes.js';
import type { MapShape, Padding, Pair } from '../schemas/tensor.js';
import { elementCount } from '../schemas/tensor.js';

/** A kernel [kh, kw, cin, cout]: a layer's own numbers where nothing was composed with them, else in double precision. */
export interface WideKernel {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float32Array | Float64Array;
}

/**
 * A linear map from one grid to another: the source is summed over `pool` windows (what does not fill a window is
 * dropped), zero-padded, cross-correlated with `kernel`, and multiplied by `gain`. Without a kernel it is the pooled
 * source itself, times `gain`; stride and padding are then 1 and 0.
 */
export interface LinearMap {
  readonly source: MapShape;
  readonly pool: Pair;
  readonly gain: number;
  readonly kernel: WideKernel | null;
  readonly stride: Pair;
  readonly padding: Padding;
  /** [H, W, C] of what the map gives. */
  readonly output: MapShape;
}

/** A LinearMap whose kernel is there, with `gain` inside it. */
export interface KernelMap extends LinearMap {
  readonly gain: 1;
  readonly kernel: WideKernel;
}

export const unpadded: Padding = { top: 0, bottom: 0, left: 0, right: 0 };

/** The map that changes nothing. */
export function identityMap(source: MapShape): LinearMap {
  return { source, pool: [1, 1], gain: 1, kernel: null, stride: [1, 1], padding: unpadded, output: source };
}

/** [H, W] of a map's source behind its pool. */
export function pooledSize({ source, pool }: LinearMap): Pair {
  return [Math.floor(source[0] / pool[0]), Math.floor(source[1] / pool[1])];
}

/** The same map with a kernel, gain·identity (1×1) where there was none. */
export function materialise(map: LinearMap): KernelMap {
  const { gain, kernel } = map;
  if (kernel === null) return { ...map, gain: 1, kernel: diagonalKernel([1, 1], map.output[2], gain) };
  if (gain === 1) return { ...map, gain, kernel };
  return { ...map, gain: 1, kernel: { shape: kernel.shape, data: Float64Array.from(kernel.data, (w) => gain * w) } };
}

/**
 * Appends a mean over windows. Before any kernel, windows that tile the source become `pool` sums with their mean in
 * `gain` (a pool of pools is one pool); after a kernel, the mean of shifted kernels is a kernel of extent
 * k + (p − 1)·stride with stride·(pool stride). `isPoolable` is false where the source cannot be summed over windows:
 * the image, which drives do not pool.
 */
export function foldAvgPool(
  map: LinearMap,
  { size, stride }: { readonly size: Pair; readonly stride: Pair },
  isPoolable: boolean,
): LinearMap {
  const output: MapShape = [...convolvedSize([map.output[0], map.output[1]], unpadded, size, stride), map.output[2]];
  const gain = map.gain / (size[0] * size[1]);
  const tiles = windowsTile(map.output[0], size[0], stride[0]) && windowsTile(map.output[1], size[1], stride[1]);
  if (map.kernel === null && isPoolable && tiles) {
    return { ...map, pool: [map.pool[0] * size[0], map.pool[1] * size[1]], gain, output };
  }
  if (map.kernel === null) return { ...map, gain, kernel: diagonalKernel(size, map.output[2], 1), stride, output };
  const [kernelHeight, kernelWidth, inputs, outputs] = map.kernel.shape;
  const shape = [
    kernelHeight + (size[0] - 1) * map.stride[0],
    kernelWidth + (size[1] - 1) * map.stride[1],
    inputs,
    outputs,
  ] as const;
  const data = new Float64Array(elementCount(shape));
  for (let py = 0; py < size[0]; py += 1) {
    for (let px = 0; px < size[1]; px += 1) {
      addKernel({ shape, data }, map.kernel, py * map.stride[0], px * map.stride[1]);
    }
  }
  const composed: Pair = [map.stride[0] * stride[0], map.stride[1] * stride[1]];
  return { ...map, gain, kernel: { shape, data }, stride: composed, output };
}

/** A convolution without its bias. */
export interface Convolution {
  readonly kernel: WideKernel;
  readonly stride: Pair;
  readonly padding: Padding;
}

/**
 * Appends a convolution; null where that is no convolution of the source: where the frame of zeros round the map in
 * between is read, and the composed kernel would see the source there.
 */
export function foldConv(map: LinearMap, layer: Convolution): LinearMap | null {
  const { kernel, stride, padding } = layer;
  const size = convolvedSize([map.output[0], map.output[1]], padding, [kernel.shape[0], kernel.shape[1]], stride);
  const output: MapShape = [...size, kernel.shape[3]];
  if (map.kernel === null) return { ...map, kernel, stride, padding, output };
  if (!frameIsBlank(map, map.kernel, layer, output)) return null;
  const [innerHeight, innerWidth, inputs] = map.kernel.shape;
  const [outerHeight, outerWidth, channels, outputs] = kernel.shape;
  const shape = [
    innerHeight + (outerHeight - 1) * map.stride[0],
    innerWidth + (outerWidth - 1) * map.stride[1],
    inputs,
    outputs,
  ] as const;
  const data = new Float64Array(elementCount(shape));
  for (let y = 0; y < outerHeight; y += 1) {
    for (let x = 0; x < outerWidth; x += 1) {
      const tap = (y * outerWidth + x) * channels * outputs;
      const outer = kernel.data.subarray(tap, tap + channels * outputs);
      for (let iy = 0; iy < innerHeight; iy += 1) {
        for (let ix = 0; ix < innerWidth; ix += 1) {
          const row = (y * map.stride[0] + iy) * shape[1] + x * map.stride[1] + ix;
          const from = (iy * innerWidth + ix) * inputs;
          addProduct(map.kernel.data, from, inputs, channels, outer, outputs, data, row * inputs);
        }
      }
    }
  }
  const composed: Pair = [map.stride[0] * stride[0], map.stride[1] * stride[1]];
  const corner = {
    top: map.padding.top + map.stride[0] * padding.top,
    left: map.padding.left + map.stride[1] * padding.left,
  };
  return { ...map, kernel: { shape, data }, ...fitPadding(map, shape, composed, corner, output) };
}

/**
 * Appends a dense layer whose `weights` [H·W·C, outputs] read the map's output in the order height, width, channel:
 * a kernel that covers the whole pooled source.
 */
export function foldDense(map: LinearMap, weights: WideKernel['data'], outputs: number): LinearMap {
  const output: MapShape = [1, 1, outputs];
  const [height, width] = pooledSize(map);
  const inputs = map.source[2];
  const shape = [height, width, inputs, outputs] as const;
  if (map.kernel === null) return { ...map, kernel: { shape, data: weights }, output };
  const data = new Float64Array(elementCount(shape));
  const [kernelHeight, kernelWidth, , channels] = map.kernel.shape;
  for (let y = 0; y < map.output[0]; y += 1) {
    for (let x = 0; x < map.output[1]; x += 1) {
      const start = (y * map.output[1] + x) * channels * outputs;
      const outer = weights.subarray(start, start + channels * outputs);
      for (let ky = 0; ky < kernelHeight; ky += 1) {
        const row = y * map.stride[0] + ky - map.padding.top;
        if (row < 0 || row >= height) continue;
        for (let kx = 0; kx < kernelWidth; kx += 1) {
          const column = x * map.stride[1] + kx - map.padding.left;
          if (column < 0 || column >= width) continue;
          const from = (ky * kernelWidth + kx) * inputs;
          addProduct(map.kernel.data, from, inputs, channels, outer, outputs, data, (row * width + column) * inputs);
        }
      }
    }
  }
  return { ...map, kernel: { shape, data }, stride: [1, 1], padding: unpadded, output };
}

/** Multiplies output channel c by scale[c]. */
export function foldScale(map: LinearMap, scale: Float64Array): LinearMap {
  const { kernel, gain } = map;
  const channels = scale.length;
  if (kernel === null) {
    const diagonal = new Float64Array(channels * channels);
    for (let c = 0; c < channels; c += 1) diagonal[c * channels + c] = gain * scale[c]!;
    return { ...map, gain: 1, kernel: { shape: [1, 1, channels, channels], data: diagonal } };
  }
  const data = new Float64Array(kernel.data.length);
  for (let k = 0; k < data.length; k += channels) {
    for (let c = 0; c < channels; c += 1) data[k + c] = gain * kernel.data[k + c]! * scale[c]!;
  }
  return { ...map, gain: 1, kernel: { shape: kernel.shape, data } };
}

/**
 * The sum of two maps of one source to one output; null where no one kernel has it: where they pool differently, or step
 * differently along an axis on which the output has more than one position.
 */
export function mergeMaps(first: LinearMap, second: LinearMap): LinearMap | null {
  const { pool, output } = first;
  if (pool[0] !== second.pool[0] || pool[1] !== second.pool[1]) return null;
  if (first.kernel === null && second.kernel === null) return { ...first, gain: first.gain + second.gain };
  const [a, b] = [materialise(first), materialise(second)];
  if (a.stride.some((step, axis) => step !== b.stride[axis] && output[axis] !== 1)) return null;
  const corner = {
    top: Math.max(a.padding.top, b.padding.top),
    left: Math.max(a.padding.left, b.padding.left),
  };
  const extent = (axis: 0 | 1, side: 'top' | 'left'): number =>
    corner[side] + Math.max(a.kernel.shape[axis] - a.padding[side], b.kernel.shape[axis] - b.padding[side]);
  const shape = [extent(0, 'top'), extent(1, 'left'), a.kernel.shape[2], a.kernel.shape[3]] as const;
  const data = new Float64Array(elementCount(shape));
  for (const { kernel, padding } of [a, b]) {
    addKernel({ shape, data }, kernel, corner.top - padding.top, corner.left - padding.left);
  }
  return { ...a, kernel: { shape, data }, ...fitPadding(a, shape, a.stride, corner, output) };
}

/** Padding at the far sides such that a kernel with this corner gives `output`: the least that serves. */
function fitPadding(
  map: LinearMap,
  kernel: WideKernel['shape'],
  stride: Pair,
  { top, left }: Pick<Padding, 'top' | 'left'>,
  output: MapShape,
): { readonly padding: Padding; readonly stride: Pair; readonly output: MapShape } {
  const [height, width] = pooledSize(map);
  const bottom = Math.max(0, (output[0] - 1) * stride[0] + kernel[0] - height - top);
  const right = Math.max(0, (output[1] - 1) * stride[1] + kernel[1] - width - left);
  // Where there is but one position, a longer step keeps out a second one.
  const rows = output[0] === 1 ? Math.max(stride[0], height + top + bottom - kernel[0] + 1) : stride[0];
  const columns = output[1] === 1 ? Math.max(stride[1], width + left + right - kernel[1] + 1) : stride[1];
  return { padding: { top, bottom, left, right }, stride: [rows, columns], output };
}

/**
 * True where every position outside the map in between that `layer` reads as zero would be zero if it were computed:
 * the inner kernel lies off the source there.
 */
function frameIsBlank(map: LinearMap, inner: WideKernel, layer: Convolution, output: MapShape): boolean {
  const near = [map.padding.top, map.padding.left] as const;
  const outerNear = [layer.padding.top, layer.padding.left] as const;
  const source = pooledSize(map);
  return ([0, 1] as const).every((axis) => {
    const step = map.stride[axis];
    if (outerNear[axis] > 0 && inner.shape[axis] - 1 - near[axis] - step >= 0) return false;
    const last = (output[axis] - 1) * layer.stride[axis] - outerNear[axis] + layer.kernel.shape[axis] - 1;
    return last < map.output[axis] || step * map.output[axis] - near[axis] >= source[axis];
  });
}

/** target[toRow + r] += Σ_c kernel[fromRow + r, c]·outer[c], rows of length `outputs`, for `rows` rows. */
function addProduct(
  kernel: WideKernel['data'],
  fromRow: number,
  rows: number,
  channels: number,
  outer: WideKernel['data'],
  outputs: number,
  target: Float64Array,
  toRow: number,
): void {
  for (let r = 0; r < rows; r += 1) {
    const to = (toRow + r) * outputs;
    for (let c = 0; c < channels; c += 1) {
      const weight = kernel[(fromRow + r) * channels + c]!;
      if (weight === 0) continue;
      for (let k = 0; k < outputs; k += 1) target[to + k]! += weight * outer[c * outputs + k]!;
    }
  }
}

/** Adds a kernel to a larger one of as many channels, its first tap at (`top`, `left`). */
function addKernel(
  target: { readonly shape: WideKernel['shape']; readonly data: Float64Array },
  { shape, data }: WideKernel,
  top: number,
  left: number,
): void {
  const row = shape[2] * shape[3];
  for (let ky = 0; ky < shape[0]; ky += 1) {
    for (let kx = 0; kx < shape[1]; kx += 1) {
      const to = ((ky + top) * target.shape[1] + kx + left) * row;
      const from = (ky * shape[1] + kx) * row;
      for (let k = 0; k < row; k += 1) target.data[to + k]! += data[from + k]!;
    }
  }
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
