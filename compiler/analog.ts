import type { AddLayer, AvgPoolLayer, BatchNormLayer, ConvLayer, DenseLayer } from '../schemas/ann.js';
import { failure } from '../schemas/diagnostic.js';
import type { MapShape } from '../schemas/tensor.js';
import { elementCount } from '../schemas/tensor.js';
import {
  type Convolution,
  foldAvgPool,
  foldConv,
  foldDense,
  foldScale,
  identityMap,
  type LinearMap,
  materialise,
  mergeMaps,
  pooledSize,
  type WideKernel,
} from './fold.js';
import { averagePool, channelScale, convolution, flattenOrder, type GridMap, permutation } from './grid-map.js';

/** The most weights that one projection may have where composing layers needs a matrix (128 MiB in double precision). */
const MATRIX_MAX = 2 ** 24;

/** What one source brings to an analog value. */
export interface Term {
  /** The spiking layer whose spikes are mapped; null for the normalised image. */
  readonly source: string | null;
  /** To the value's grid or, of a spread value, to the vector [1, 1, H·W·C] of that grid. */
  readonly map: LinearMap;
}

/**
 * What flows between spiking layers, at every timestep: Σ terms + constant. A residual stream is one with many terms.
 *
 * A value is `isSpread` where its terms are matrices, whose kernels cover their sources: that is what is left where a
 * composition is no convolution. It is exact, and costs a weight for each pair of neurons.
 */
export interface Analog {
  /** [H, W, C]; a flattened value keeps the grid that it had. */
  readonly grid: MapShape;
  /** How dense layers and norms number a flattened grid. */
  readonly order: 'hwc' | 'chw';
  readonly isFlat: boolean;
  readonly isSpread: boolean;
  readonly terms: readonly Term[];
  /** [C], or [H·W·C] where it differs by position. */
  readonly constant: Float64Array;
}

/** The signal of a source itself. `grid` is that of the layer, `shape` that of the source: a vector where it was spread. */
export function signal(
  source: string | null,
  shape: MapShape,
  { grid, order, isFlat, isSpread }: Pick<Analog, 'grid' | 'order' | 'isFlat' | 'isSpread'>,
): Analog {
  const terms = [{ source, map: identityMap(shape) }];
  return { grid, order, isFlat, isSpread, terms, constant: new Float64Array(grid[2]) };
}

/** The value behind a convolution. Throws SW2002 where that takes too large a matrix. */
export function appendConv(value: Analog, layer: ConvLayer): Analog {
  const kernel: WideKernel = { shape: layer.kernel.shape as WideKernel['shape'], data: layer.kernel.data };
  const own: Convolution = { kernel, stride: layer.stride, padding: layer.padding };
  const folded = value.isSpread ? null : mapTerms(value.terms, (map) => foldConv(map, own));
  const grid = convolution(value.grid, own);
  const constant = addBias(convolvedConstant(value, own, grid), layer.bias);
  if (folded !== null) return settle({ ...value, grid: grid.output, terms: folded, constant });
  return settle({ ...spreadBy(spread(value, layer.name), grid, layer.name), constant });
}

/** The value behind a mean over windows. */
export function appendAvgPool(value: Analog, layer: AvgPoolLayer): Analog {
  const grid = averagePool(value.grid, layer);
  const uniform = value.constant.length === value.grid[2];
  const constant = uniform ? value.constant : grid.apply(value.constant);
  if (value.isSpread) return settle({ ...spreadBy(value, grid, layer.name), constant });
  const terms = value.terms.map(({ source, map }) => ({ source, map: foldAvgPool(map, layer, source !== null) }));
  return settle({ ...value, grid: grid.output, terms, constant });
}

/** The value behind a norm with inference statistics: y = γ·(x − μ)/√(σ² + ε) + β at every timestep. */
export function appendNorm(flat: Analog, layer: BatchNormLayer): Analog {
  const { gamma, beta, mean, variance, epsilon, name } = layer;
  const value = flat.isFlat ? vector(flat, name) : flat;
  const scale = Float64Array.from(gamma, (factor, c) => factor / Math.sqrt(variance[c]! + epsilon));
  const constant = value.constant.map((x, k) => {
    const c = k % scale.length;
    return (x - mean[c]!) * scale[c]! + beta[c]!;
  });
  if (value.isSpread) return { ...spreadBy(value, channelScale(value.grid, scale), name), constant };
  const terms = value.terms.map(({ source, map }) => ({ source, map: foldScale(map, scale) }));
  return { ...value, terms, constant };
}

/** The value behind a dense layer. Throws SW2002 where that takes too large a matrix. */
export function appendDense(value: Analog, layer: DenseLayer): Analog {
  const outputs = layer.kernel.shape[1]!;
  const order = flattenOrder(value.grid, value.order);
  const weights = inGridOrder(layer.kernel.data, order, value, outputs);
  const constant = Float64Array.from(layer.bias ?? new Float32Array(outputs));
  const full = spreadConstant(value);
  for (let k = 0; k < full.length; k += 1) {
    if (full[k] === 0) continue;
    for (let o = 0; o < outputs; o += 1) constant[o]! += full[k]! * weights[k * outputs + o]!;
  }
  const terms = value.terms.map(({ source, map }) => {
    if (map.kernel !== null) requireMatrix(elementCount([...pooledSize(map), map.source[2]]), outputs, layer.name);
    return { source, map: foldDense(map, weights, outputs) };
  });
  return { grid: [1, 1, outputs], order: 'hwc', isFlat: true, isSpread: false, terms, constant };
}

/** Σ scales[i]·values[i]; terms of one source become one where a kernel can hold both. */
export function appendAdd(values: readonly Analog[], { scales, name }: AddLayer): Analog {
  const alike = alignGrids(values, name);
  const [first] = alike;
  const { grid } = first!;
  const isUniform = alike.every(({ constant }) => constant.length === grid[2]);
  const constant = new Float64Array(isUniform ? grid[2] : elementCount(grid));
  let terms: readonly Term[] = [];
  alike.forEach((value, index) => {
    const scale = scales[index]!;
    const own = isUniform ? value.constant : spreadConstant(value);
    for (let k = 0; k < constant.length; k += 1) constant[k]! += scale * own[k]!;
    terms = value.terms.reduce(
      (sum, { source, map }) => addTerm(sum, { source, map: { ...map, gain: scale * map.gain } }),
      terms,
    );
  });
  return settle({ ...first!, terms, constant });
}

/** A flattened value as a vector in the order that flattening gives, 1×1 in height and width. */
export function vector(value: Analog, layer: string): Analog {
  const { grid, order, constant } = value;
  if (grid[0] * grid[1] === 1) return value;
  const moved = permutation(flattenOrder(grid, order));
  const own = constant.some((entry) => entry !== 0)
    ? moved.apply(spreadConstant(value))
    : new Float64Array(elementCount(grid));
  const spreaded = spreadBy(spread(value, layer), moved, layer);
  return { ...spreaded, grid: moved.output, order: 'hwc', isSpread: false, constant: own };
}

/** Every term as a matrix. Throws SW2002 where one has more than MATRIX_MAX weights. */
export function spread(value: Analog, layer: string): Analog {
  if (value.isSpread) return value;
  const neurons = elementCount(value.grid);
  const terms = value.terms.map(({ source, map }) => {
    requireMatrix(elementCount([...pooledSize(map), map.source[2]]), neurons, layer);
    return { source, map: matrix(map) };
  });
  return { ...value, isSpread: true, terms: terms.reduce<readonly Term[]>(addTerm, []) };
}

/** A constant entry for each neuron of the grid, [H·W·C]. */
export function spreadConstant({ grid, constant }: Pick<Analog, 'grid' | 'constant'>): Float64Array {
  const neurons = elementCount(grid);
  if (constant.length === neurons) return constant;
  return Float64Array.from({ length: neurons }, (_, k) => constant[k % constant.length]!);
}

/** The matrix of a map, [pooled H, pooled W, C, neurons of the output]. */
function matrix(map: LinearMap): LinearMap {
  const { kernel, gain, stride, padding, output } = materialise(map);
  const [height, width] = pooledSize(map);
  const [kernelHeight, kernelWidth, inputs, outputs] = kernel.shape;
  const neurons = elementCount(output);
  const data = new Float64Array(height * width * inputs * neurons);
  for (let y = 0; y < output[0]; y += 1) {
    for (let x = 0; x < output[1]; x += 1) {
      for (let ky = 0; ky < kernelHeight; ky += 1) {
        const row = y * stride[0] + ky - padding.top;
        if (row < 0 || row >= height) continue;
        for (let kx = 0; kx < kernelWidth; kx += 1) {
          const column = x * stride[1] + kx - padding.left;
          if (column < 0 || column >= width) continue;
          for (let c = 0; c < inputs; c += 1) {
            const from = ((ky * kernelWidth + kx) * inputs + c) * outputs;
            const to = ((row * width + column) * inputs + c) * neurons + (y * output[1] + x) * outputs;
            for (let k = 0; k < outputs; k += 1) data[to + k] = kernel.data[from + k]!;
          }
        }
      }
    }
  }
  const shape = [height, width, inputs, neurons] as const;
  const wide = { ...identityMap(map.source), pool: map.pool, gain };
  return { ...wide, kernel: { shape, data }, output: [1, 1, neurons] };
}

/** A spread value behind a layer, which works on each row of the matrices; the constant is left to the caller. */
function spreadBy(value: Analog, grid: GridMap, layer: string): Analog {
  const neurons = elementCount(grid.output);
  const terms = value.terms.map(({ source, map }) => {
    const [height, width] = pooledSize(map);
    const rows = height * width * map.source[2];
    requireMatrix(rows, Math.max(neurons, map.output[2]), layer);
    const { kernel } = materialise(map);
    const data = new Float64Array(rows * neurons);
    for (let row = 0; row < rows; row += 1) {
      const values = kernel.data.subarray(row * map.output[2], (row + 1) * map.output[2]);
      data.set(grid.apply(Float64Array.from(values)), row * neurons);
    }
    const shape = [height, width, map.source[2], neurons] as const;
    return { source, map: { ...map, gain: 1, kernel: { shape, data }, output: [1, 1, neurons] as const } };
  });
  return { ...value, grid: grid.output, terms };
}

/** The values on one grid in one form, so that their terms can be added. */
function alignGrids(values: readonly Analog[], layer: string): readonly Analog[] {
  const [first] = values;
  const differs = values.some(
    ({ grid, order, isFlat }) => isFlat && (String(grid) !== String(first!.grid) || order !== first!.order),
  );
  const alike = differs ? values.map((value) => vector(value, layer)) : values;
  return alike.some(({ isSpread }) => isSpread) ? alike.map((value) => spread(value, layer)) : alike;
}

function addTerm(terms: readonly Term[], term: Term): readonly Term[] {
  for (const [index, { source, map }] of terms.entries()) {
    if (source !== term.source) continue;
    const sum = mergeMaps(map, term.map);
    if (sum !== null) return terms.with(index, { source, map: sum });
  }
  return [...terms, term];
}

function mapTerms(terms: readonly Term[], fold: (map: LinearMap) => LinearMap | null): readonly Term[] | null {
  const folded: Term[] = [];
  for (const { source, map } of terms) {
    const found = fold(map);
    if (found === null) return null;
    folded.push({ source, map: found });
  }
  return folded;
}

/** What a convolution makes of the constant; by channel where every position sees the same. */
function convolvedConstant(
  { grid: before, constant }: Analog,
  { kernel, padding }: Convolution,
  grid: GridMap,
): Float64Array {
  const outputs = kernel.shape[3];
  if (constant.every((entry) => entry === 0)) return new Float64Array(outputs);
  const isFramed = Object.values(padding).some((width) => width > 0);
  if (isFramed || constant.length !== before[2]) return grid.apply(spreadConstant({ grid: before, constant }));
  const found = new Float64Array(outputs);
  kernel.data.forEach((weight, k) => {
    found[k % outputs]! += weight * constant[Math.floor(k / outputs) % constant.length]!;
  });
  return found;
}

function addBias(constant: Float64Array, bias: Float32Array | null): Float64Array {
  return bias === null ? constant : constant.map((entry, k) => entry + bias[k % bias.length]!);
}

/** A constant that is the same at every position, by channel. */
function settle(value: Analog): Analog {
  const { grid, constant } = value;
  if (constant.length === grid[2] || constant.some((entry, k) => entry !== constant[k % grid[2]])) return value;
  return { ...value, constant: constant.slice(0, grid[2]) };
}

/** A dense layer's rows in the order height, width, channel; the layer's own array where that is its order. */
function inGridOrder(
  data: Float32Array,
  order: Int32Array,
  { grid, order: name }: Analog,
  outputs: number,
): Float32Array {
  if (name === 'hwc' || grid[0] * grid[1] === 1 || grid[2] === 1) return data;
  const moved = new Float32Array(data.length);
  order.forEach((row, k) => {
    moved.set(data.subarray(row * outputs, (row + 1) * outputs), k * outputs);
  });
  return moved;
}

function requireMatrix(rows: number, columns: number, layer: string): void {
  if (rows * columns <= MATRIX_MAX) return;
  throw failure('SW2002', {
    where: `layer ${layer}`,
    what:
      `follows a linear layer without a neuron layer in between, and the two are no convolution together; as a matrix ` +
      `they would have ${rows.toLocaleString('en')} × ${columns.toLocaleString('en')} weights, ` +
      `${MATRIX_MAX.toLocaleString('en')} are possible.`,
  });
}
