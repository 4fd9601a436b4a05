import type * as tf from '@tensorflow/tfjs';
import type { Heap } from './heap.js';

/** `upstream` where `output` is positive, else 0. */
export function reluGradient(heap: Heap, upstream: tf.Tensor, output: tf.Tensor): tf.Tensor {
  const gradient = heap.allocate(upstream.shape);
  heap.loops.passPositive(heap.address(upstream), heap.address(output), heap.address(gradient), upstream.size);
  return gradient;
}
