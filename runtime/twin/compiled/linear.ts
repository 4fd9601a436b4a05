import type { Padding, Tensor } from '../../../schemas/tensor.js';
import { emitConv } from '../../engine/compiled/conv.js';
import { emitDense } from '../../engine/compiled/dense.js';
import type { EmissionContext } from '../../engine/compiled/emission.js';
import { emitPool } from '../../engine/compiled/pool.js';
import type { Signal } from '../../engine/compiled/signal.js';
import type { LinearGeometry } from '../linear.js';

/** A linear map's part of a pass. */
export interface LinearEmission {
  readonly output: Signal;
  /** Its adjoint. */
  backward(upstream: Signal): Signal;
}

/**
 * A map between grids, [steps·N, Cin, H, W] → [steps·N, Cout, H', W']: sum-pool, zero-pad, cross-correlate. Its kernel is the
 * graph input `name`, of the shape that `linearParameter` gives. Sums over pool windows are integers where spikes come in;
 * a mean over a window that is no power of two is rounded back to one unless `form` is activation.
 */
export function emitLinear(
  name: string,
  { source, target, pool, padding, stride, kernelShape }: LinearGeometry,
  context: EmissionContext,
  input: Signal,
): LinearEmission {
  const { graph } = context;
  const window = pool[0] * pool[1];
  const mean =
    window === 1 ? null : emitPool({ kind: 'avgPool', name, inputs: [name], size: pool, stride: pool }, context, input);
  const isExact = (window & (window - 1)) === 0 || context.form === 'activation';
  const pooled =
    mean?.output.map((part) => {
      const sum = graph.scale(part, window);
      return isExact ? sum : graph.unary('Round', sum);
    }) ?? input;

  const grid = pooledGrid(source, pool);
  const features = grid[0] * grid[1] * source[2];
  const inner = isDense(grid, padding, kernelShape)
    ? (() => {
        const flat = pooled.map((part) => graph.reshape(part, [part.shape[0]!, features]));
        const kernel = { shape: [features, kernelShape[3]], data: new Float32Array() };
        return emitDense({ kind: 'dense', name, inputs: [name], kernel, bias: null }, context, flat);
      })()
    : emitConv(
        {
          kind: 'conv2d',
          name,
          inputs: [name],
          kernel: { shape: kernelShape, data: new Float32Array() },
          bias: null,
          stride,
          padding,
        },
        context,
        pooled,
      );
  const shaped = (signal: Signal, shape: readonly number[]): Signal =>
    signal.map((part) => graph.reshape(part, [part.shape[0]!, ...shape]));
  return {
    output: shaped(inner.output, [target[2], target[0], target[1]]),
    backward(upstream) {
      const [, ...own] = inner.output.merged.shape;
      const [atGrid] = inner.backward(shaped(upstream, own)).inputs;
      const below = shaped(atGrid!, [source[2], ...grid]);
      if (mean === null) return below;
      return mean.backward(below.map((part) => graph.scale(part, window))).inputs[0]!;
    },
  };
}

/** A kernel [kh, kw, cin, cout] as `emitLinear` reads it. */
export function linearParameter({ source, pool, padding, kernelShape }: LinearGeometry, kernel: Float32Array): Tensor {
  const grid = pooledGrid(source, pool);
  if (!isDense(grid, padding, kernelShape)) return { shape: kernelShape, data: kernel };
  // Rows in the order of a grid [C, H, W]; those that would meet padding alone are left out.
  const [height, width] = grid;
  const [, kernelWidth, channels, outputs] = kernelShape;
  const data = new Float32Array(channels * height * width * outputs);
  for (let c = 0, to = 0; c < channels; c += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1, to += outputs) {
        const from = (((y + padding.top) * kernelWidth + x + padding.left) * channels + c) * outputs;
        data.set(kernel.subarray(from, from + outputs), to);
      }
    }
  }
  return { shape: [channels * height * width, outputs], data };
}

function pooledGrid(source: LinearGeometry['source'], pool: LinearGeometry['pool']): readonly [number, number] {
  return [Math.floor(source[0] / pool[0]), Math.floor(source[1] / pool[1])];
}

/** Whether the kernel sees the whole padded grid at its one position. */
function isDense(
  [height, width]: readonly [number, number],
  { top, bottom, left, right }: Padding,
  [kernelHeight, kernelWidth]: LinearGeometry['kernelShape'],
): boolean {
  return height + top + bottom === kernelHeight && width + left + right === kernelWidth;
}
