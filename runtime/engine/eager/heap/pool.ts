import type * as tf from '@tensorflow/tfjs';
import type { Pair } from '../../../../schemas/tensor.js';
import type { PoolGeometry } from '../kernels.js';
import type { Heap } from './heap.js';

/** The gradient of an average pool: each output's gradient, divided by the window's size, added to its window. */
export function averagePoolGradient(
  heap: Heap,
  upstream: tf.Tensor4D,
  [height, width]: Pair,
  geometry: PoolGeometry,
): tf.Tensor4D {
  const [batch, pooledHeight, pooledWidth, channels] = upstream.shape;
  const gradient = heap.allocate<tf.Rank.R4>([batch, height, width, channels]);
  const { size, stride } = geometry;
  const tiles =
    size[0] === stride[0] &&
    size[1] === stride[1] &&
    pooledHeight * size[0] === height &&
    pooledWidth * size[1] === width;
  if (tiles) spreadTiles(heap, upstream, gradient, size);
  else addWindows(heap, upstream, gradient, geometry);
  return gradient;
}

/** Windows that tile the map: each pixel is written once. */
function spreadTiles(heap: Heap, upstream: tf.Tensor4D, gradient: tf.Tensor4D, [down, across]: Pair): void {
  const [batch, pooledHeight, pooledWidth, channels] = upstream.shape;
  const share = 1 / (down * across);
  const [from, to] = [heap.address(upstream), heap.address(gradient)];
  const fromRow = pooledWidth * channels * Float32Array.BYTES_PER_ELEMENT;
  const toRow = fromRow * across;
  for (let row = 0; row < batch * pooledHeight; row += 1) {
    for (let copy = 0; copy < down; copy += 1) {
      const target = to + (row * down + copy) * toRow;
      heap.loops.spreadRow(from + row * fromRow, target, pooledWidth, across, channels, share);
    }
  }
}

/** Windows that overlap or leave pixels out: they add up in a cleared map. */
function addWindows(heap: Heap, upstream: tf.Tensor4D, gradient: tf.Tensor4D, { size, stride }: PoolGeometry): void {
  const [batch, pooledHeight, pooledWidth, channels] = upstream.shape;
  const [, height, width] = gradient.shape;
  const from = heap.view(upstream);
  const to = heap.view(gradient).fill(0);
  const share = 1 / (size[0] * size[1]);
  for (let n = 0, source = 0; n < batch; n += 1) {
    for (let y = 0; y < pooledHeight; y += 1) {
      for (let x = 0; x < pooledWidth; x += 1, source += channels) {
        for (let dy = 0; dy < size[0]; dy += 1) {
          let target = ((n * height + y * stride[0] + dy) * width + x * stride[1]) * channels;
          for (let dx = 0; dx < size[1]; dx += 1) {
            for (let c = 0; c < channels; c += 1, target += 1) to[target] = to[target]! + from[source + c]! * share;
          }
        }
      }
    }
  }
}
