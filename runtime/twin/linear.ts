import * as tf from '@tensorflow/tfjs';
import type { MapShape, Padding, Pair } from '../../schemas/tensor.js';

/** A linear map between two grids: sum-pool, zero-pad, cross-correlate. */
export interface LinearGeometry {
  readonly source: MapShape;
  readonly target: MapShape;
  readonly pool: Pair;
  readonly padding: Padding;
  readonly stride: Pair;
  /** [kh, kw, cin, cout]. */
  readonly kernelShape: readonly [number, number, number, number];
}

/**
 * A linear map whose multiply-adds run on the engine's device, in float32: exact as long as every partial sum is an
 * integer below 2^24. Padding, pooling and stride dilation happen here, so that the device sees nothing but unpadded
 * convolutions and matrix products, which every backend has.
 */
export class LinearMap {
  private readonly kernel: tf.Tensor2D | tf.Tensor4D;
  private readonly transposed: tf.Tensor2D | tf.Tensor4D;
  /** [H, W] of the padded, pooled grid. */
  private readonly padded: Pair;
  /** Whether the kernel sees the whole padded grid at its one position. */
  private readonly isDense: boolean;

  /** `kernel` is [kh, kw, cin, cout], copied to the device; the adjoint is that of gain·kernel. */
  constructor(
    private readonly geometry: LinearGeometry,
    kernel: Float32Array,
    gain: number,
  ) {
    const { source, pool, padding, kernelShape } = geometry;
    this.padded = [
      Math.floor(source[0] / pool[0]) + padding.top + padding.bottom,
      Math.floor(source[1] / pool[1]) + padding.left + padding.right,
    ];
    const [height, width, channelsIn, channelsOut] = kernelShape;
    this.isDense = this.padded[0] === height && this.padded[1] === width;
    if (this.isDense) {
      this.kernel = tf.tensor2d(kernel, [height * width * channelsIn, channelsOut]);
      this.transposed = tf.tidy(() => tf.transpose<tf.Tensor2D>(tf.mul(this.kernel, gain)));
    } else {
      this.kernel = tf.tensor4d(kernel, [...kernelShape]);
      this.transposed = tf.tensor4d(rotated(kernel, kernelShape, gain), [height, width, channelsOut, channelsIn]);
    }
  }

  /** [N, ...source] → [N, ...target]. */
  async apply(values: Float32Array | Uint8Array, batch: number): Promise<Float32Array> {
    const { source, kernelShape, stride } = this.geometry;
    const [height, width] = this.padded;
    const grid = this.gather(values, batch);
    const output = tf.tidy(() =>
      this.isDense
        ? tf.matMul(tf.tensor2d(grid, [batch, kernelShape[0] * kernelShape[1] * source[2]]), this.kernel as tf.Tensor2D)
        : tf.conv2d(
            tf.tensor4d(grid, [batch, height, width, source[2]]),
            this.kernel as tf.Tensor4D,
            [...stride],
            'valid',
          ),
    );
    return read(output);
  }

  /** The adjoint times `gain`, [N, ...target] → [N, ...source]: carries the gradient `values` back through `apply`. */
  async applyTransposed(values: Float32Array, batch: number): Promise<Float32Array> {
    const { target, kernelShape, stride } = this.geometry;
    if (this.isDense) {
      const output = tf.tidy(() => tf.matMul(tf.tensor2d(values, [batch, target[2]]), this.transposed as tf.Tensor2D));
      return this.scatter(await read(output), batch, this.padded);
    }
    const height = (target[0] - 1) * stride[0] + 1 + 2 * (kernelShape[0] - 1);
    const width = (target[1] - 1) * stride[1] + 1 + 2 * (kernelShape[1] - 1);
    const spread = new Float32Array(batch * height * width * target[2]);
    for (let n = 0, from = 0; n < batch; n += 1) {
      for (let y = 0; y < target[0]; y += 1) {
        const row = n * height + kernelShape[0] - 1 + y * stride[0];
        for (let x = 0; x < target[1]; x += 1, from += target[2]) {
          const to = (row * width + kernelShape[1] - 1 + x * stride[1]) * target[2];
          for (let c = 0; c < target[2]; c += 1) spread[to + c] = values[from + c]!;
        }
      }
    }
    const output = tf.tidy(() =>
      tf.conv2d(tf.tensor4d(spread, [batch, height, width, target[2]]), this.transposed as tf.Tensor4D, 1, 'valid'),
    );
    const seen: Pair = [height - kernelShape[0] + 1, width - kernelShape[1] + 1];
    return this.scatter(await read(output), batch, seen);
  }

  dispose(): void {
    this.kernel.dispose();
    this.transposed.dispose();
  }

  /** Sum-pools and zero-pads, [N, ...source] → [N, padded height, padded width, C]. */
  private gather(values: Float32Array | Uint8Array, batch: number): Float32Array {
    const { source, pool, padding } = this.geometry;
    const [height, width, channels] = source;
    const pooledHeight = Math.floor(height / pool[0]);
    const pooledWidth = Math.floor(width / pool[1]);
    const grid = new Float32Array(batch * this.padded[0] * this.padded[1] * channels);
    for (let n = 0; n < batch; n += 1) {
      for (let y = 0; y < pooledHeight * pool[0]; y += 1) {
        const row = n * this.padded[0] + padding.top + Math.floor(y / pool[0]);
        for (let x = 0; x < pooledWidth * pool[1]; x += 1) {
          const from = ((n * height + y) * width + x) * channels;
          const to = (row * this.padded[1] + padding.left + Math.floor(x / pool[1])) * channels;
          for (let c = 0; c < channels; c += 1) grid[to + c]! += values[from + c]!;
        }
      }
    }
    return grid;
  }

  /** The adjoint of `gather` for a grid of which only the first `seen` rows and columns are there, the rest zero. */
  private scatter(grid: Float32Array, batch: number, seen: Pair): Float32Array {
    const { source, pool, padding } = this.geometry;
    const [height, width, channels] = source;
    const values = new Float32Array(batch * height * width * channels);
    const rows = Math.min(Math.floor(height / pool[0]), seen[0] - padding.top) * pool[0];
    const columns = Math.min(Math.floor(width / pool[1]), seen[1] - padding.left) * pool[1];
    for (let n = 0; n < batch; n += 1) {
      for (let y = 0; y < rows; y += 1) {
        const row = n * seen[0] + padding.top + Math.floor(y / pool[0]);
        for (let x = 0; x < columns; x += 1) {
          const to = ((n * height + y) * width + x) * channels;
          const from = (row * seen[1] + padding.left + Math.floor(x / pool[1])) * channels;
          for (let c = 0; c < channels; c += 1) values[to + c] = grid[from + c]!;
        }
      }
    }
    return values;
  }
}

async function read(tensor: tf.Tensor): Promise<Float32Array> {
  const values = await tensor.data<'float32'>();
  tensor.dispose();
  return values;
}

/** The kernel turned by 180° with input and output channels exchanged, [kh, kw, cout, cin], times `gain`. */
function rotated(
  kernel: Float32Array,
  [height, width, channelsIn, channelsOut]: LinearGeometry['kernelShape'],
  gain: number,
): Float32Array {
  const turned = new Float32Array(kernel.length);
  const taps = height * width;
  for (let tap = 0, from = 0; tap < taps; tap += 1) {
    for (let ci = 0; ci < channelsIn; ci += 1) {
      for (let co = 0; co < channelsOut; co += 1, from += 1) {
        turned[((taps - 1 - tap) * channelsOut + co) * channelsIn + ci] = gain * kernel[from]!;
      }
    }
  }
  return turned;
}

/** The sum of both, in place of the first; the second itself where there is no first. */
export function addTo(sum: Float32Array | null, values: Float32Array): Float32Array {
  if (sum === null) return values;
  for (let k = 0; k < sum.length; k += 1) sum[k]! += values[k]!;
  return sum;
}
