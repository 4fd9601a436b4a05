import * as tf from '@tensorflow/tfjs';
import type { Signal } from './step.js';

/** A signal's tensor at `steps` timesteps: repeated where it has one step, else itself (then not a new tensor). */
export function overSteps({ tensor, steps: own }: Signal, steps: number): tf.Tensor {
  if (own === steps) return tensor;
  return tf.tile(
    tensor,
    tensor.shape.map((_, axis) => (axis === 0 ? steps : 1)),
  );
}

/** The adjoint: sums a gradient [from·N, …] over time where the signal has `to` = 1 step. Always a new tensor. */
export function overTime(gradient: tf.Tensor, from: number, to: number): tf.Tensor {
  if (from === to) return gradient.clone();
  const [batch, ...rest] = gradient.shape as [number, ...number[]];
  return tf.tidy(() =>
    tf.reshape(tf.sum(tf.reshape(gradient, [from, gradient.size / from]), 0), [batch / from, ...rest]),
  );
}
