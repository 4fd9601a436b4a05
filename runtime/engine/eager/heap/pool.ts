import type * as tf from '@tensorflow/tfjs';
import type { Pair } from '../../../../schemas/tensor.js';
import type { PoolGeometry } from '../kernels.js';
import type { Heap } from './heap.js';

/** The gradient of an average pool: each output's gradient, divided by the window's size, added to its window. */
export function averagePoolGradient(
  heap: Heap,
  upstream: tf.Tensor4D,
  [height, width]: Pair,
  { size, stride }: PoolGeometry,
): tf.Tensor4D {
  const [batch, pooledHeight, pooledWidth, channels] = upstream.shape;
  const gradient = heap.allocate<tf.Rank.R4>([batch, height, width, channels]);
  const from = heap.view(upstream);
  const to = heap.view(gradient);
  const share = 1 / (size[0] * size[1]);
  const rowLength = width * channels;
  // Windows that tile the map write each pixel once; any others add up in a cleared map.
  const tiles =
    size[0] === stride[0] &&
    size[1] === stride[1] &&
    pooledHeight * size[0] === height &&
    pooledWidth * size[1] === width;
  if (!tiles) to.fill(0);
  for (let n = 0, source = 0; n < batch; n += 1) {
    for (let y = 0; y < pooledHeight; y += 1) {
      for (let x = 0; x < pooledWidth; x += 1, source += channels) {
        const corner = ((n * height + y * stride[0]) * width + x * stride[1]) * channels;
        for (let dy = 0; dy < size[0]; dy += 1) {
          const start = corner + dy * rowLength;
          for (let dx = 0, target = start; dx < size[1]; dx += 1) {
            if (tiles) {
              for (let c = 0; c < channels; c += 1, target += 1) to[target] = from[source + c]! * share;
            } else {
              for (let c = 0; c < channels; c += 1, target += 1) to[target] = to[target]! + from[source + c]! * share;
            }
          }
        }
      }
    }
  }
  return gradient;
}
