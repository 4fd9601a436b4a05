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
  return tf.tidy(() => total(tf.split(gradient, from)));
}

/** The sum of a tensor per step. Over an axis WebGPU would transpose it, and fail on a million values of a step. */
export function total(perStep: readonly tf.Tensor[]): tf.Tensor {
  return perStep.reduce((sum, part) => tf.add(sum, part));
}
