import type * as tf from '@tensorflow/tfjs';
import type { Heap } from './heap.js';

/** `upstream` where `output` is positive, else 0. */
export function reluGradient(heap: Heap, upstream: tf.Tensor, output: tf.Tensor): tf.Tensor {
  const gradient = heap.allocate(upstream.shape);
  const from = heap.view(upstream);
  const gate = heap.view(output);
  const to = heap.view(gradient);
  for (let k = 0; k < to.length; k += 1) to[k] = gate[k]! > 0 ? from[k]! : 0;
  return gradient;
}
