import type { AvgPoolLayer } from '../schemas/ann.js';
import { convolvedSize } from '../schemas/layer-shapes.js';
import type { MapShape } from '../schemas/tensor.js';
import { elementCount } from '../schemas/tensor.js';
import { type Convolution, unpadded, type WideKernel } from './fold.js';

/** A linear layer at work on the values of one grid, position by position: what no kernel needs to express. */
export interface GridMap {
  readonly output: MapShape;
  /** [H, W, C] of the grid before to [H, W, C] of the grid behind, flat. */
  readonly apply: (values: Float64Array) => Float64Array;
}

/** A convolution whose kernel may hold integers. */
interface AnyConvolution extends Omit<Convolution, 'kernel'> {
  readonly kernel: { readonly shape: WideKernel['shape']; readonly data: WideKernel['data'] | Int32Array };
}

/** A zero-padded cross-correlation. */
export function convolution(grid: MapShape, { kernel, stride, padding }: AnyConvolution): GridMap {
  const [kernelHeight, kernelWidth, channels, outputs] = kernel.shape;
  const [height, width] = grid;
  const [rows, columns] = convolvedSize([height, width], padding, [kernelHeight, kernelWidth], stride);
  const apply = (values: Float64Array): Float64Array => {
    const found = new Float64Array(rows * columns * outputs);
    // Scattering skips the zeros, and a row of a composed matrix is nearly all zeros.
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at]!;
      if (value === 0) continue;
      const channel = at % channels;
      const y = Math.floor(at / channels / width) + padding.top;
      const x = (Math.floor(at / channels) % width) + padding.left;
      for (let ky = y % stride[0]; ky < kernelHeight && ky <= y; ky += stride[0]) {
        const row = (y - ky) / stride[0];
        if (row >= rows) continue;
        for (let kx = x % stride[1]; kx < kernelWidth && kx <= x; kx += stride[1]) {
          const column = (x - kx) / stride[1];
          if (column >= columns) continue;
          const to = (row * columns + column) * outputs;
          const from = ((ky * kernelWidth + kx) * channels + channel) * outputs;
          for (let k = 0; k < outputs; k += 1) found[to + k]! += value * kernel.data[from + k]!;
        }
      }
    }
    return found;
  };
  return { output: [rows, columns, outputs], apply };
}

/** A mean over windows. */
export function averagePool(grid: MapShape, { size, stride }: AvgPoolLayer): GridMap {
  const [height, width, channels] = grid;
  const [rows, columns] = convolvedSize([height, width], unpadded, size, stride);
  const mean = 1 / (size[0] * size[1]);
  const apply = (values: Float64Array): Float64Array => {
    const found = new Float64Array(rows * columns * channels);
    for (let y = 0; y < rows; y += 1) {
      for (let x = 0; x < columns; x += 1) {
        for (let dy = 0; dy < size[0]; dy += 1) {
          for (let dx = 0; dx < size[1]; dx += 1) {
            const from = ((y * stride[0] + dy) * width + x * stride[1] + dx) * channels;
            const to = (y * columns + x) * channels;
            for (let c = 0; c < channels; c += 1) found[to + c]! += mean * values[from + c]!;
          }
        }
      }
    }
    return found;
  };
  return { output: [rows, columns, channels], apply };
}

/** A factor for each channel. */
export function channelScale(grid: MapShape, scale: Float64Array): GridMap {
  return { output: grid, apply: (values) => values.map((value, k) => value * scale[k % scale.length]!) };
}

/** Value k goes to position order[k] of a vector. */
export function permutation(order: Int32Array): GridMap {
  const apply = (values: Float64Array): Float64Array => {
    const found = new Float64Array(values.length);
    for (let k = 0; k < values.length; k += 1) found[order[k]!] = values[k]!;
    return found;
  };
  return { output: [1, 1, order.length], apply };
}

/** Where flattening in `order` puts the values of a grid that are numbered by height, width, channel. */
export function flattenOrder([height, width, channels]: MapShape, order: 'hwc' | 'chw'): Int32Array {
  const positions = height * width;
  return Int32Array.from({ length: elementCount([height, width, channels]) }, (_, k) =>
    order === 'hwc' ? k : (k % channels) * positions + Math.floor(k / channels),
  );
}
