import * as tf from '@tensorflow/tfjs';
import type { NormGradients, NormStatistics } from '../kernels.js';

/** Values as rows of channels, [rows, C]. */
function rowsOf(tensor: tf.Tensor): tf.Tensor2D {
  const channels = tensor.shape.at(-1)!;
  return tf.reshape(tensor, [tensor.size / channels, channels]);
}

export function normStatistics(
  input: tf.Tensor,
  epsilon: number,
  running: { mean: tf.Tensor; variance: tf.Tensor; momentum: number; copies: number },
): { statistics: NormStatistics; mean: tf.Tensor; variance: tf.Tensor } {
  const [mean, inverseDeviation, newMean, newVariance] = tf.tidy(() => {
    const rows = rowsOf(input);
    const centre = tf.mean(rows, 0);
    const spread = tf.mean(tf.square(tf.sub(rows, centre)), 0);
    const count = rows.shape[0] * running.copies;
    const unbiased = count > 1 ? count / (count - 1) : 1;
    const follow = (old: tf.Tensor, now: tf.Tensor): tf.Tensor =>
      tf.add(old, tf.mul(tf.sub(now, old), running.momentum));
    return [
      centre,
      tf.rsqrt(tf.add(spread, epsilon)),
      follow(running.mean, centre),
      follow(running.variance, tf.mul(spread, unbiased)),
    ] as const;
  }) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  return { statistics: { mean, inverseDeviation }, mean: newMean, variance: newVariance };
}

export function normalise(
  input: tf.Tensor,
  { mean, inverseDeviation }: NormStatistics,
  gamma: tf.Tensor,
  beta: tf.Tensor,
): tf.Tensor {
  return tf.tidy(() => tf.add(tf.mul(tf.sub(input, mean), tf.mul(inverseDeviation, gamma)), beta));
}

export function normGradients(
  upstream: tf.Tensor,
  input: tf.Tensor,
  { mean, inverseDeviation }: NormStatistics,
  gamma: tf.Tensor,
  from: 'batch' | 'running',
  wantInput: boolean,
): NormGradients {
  const gradients = tf.tidy(() => {
    const g = rowsOf(upstream);
    const normalised = tf.mul(tf.sub(rowsOf(input), mean), inverseDeviation);
    const toGamma = tf.sum(tf.mul(g, normalised), 0);
    const toBeta = tf.sum(g, 0);
    if (!wantInput) return { gamma: toGamma, beta: toBeta };
    const rows = g.shape[0];
    const centred =
      from === 'running' ? g : tf.sub(tf.sub(g, tf.div(toBeta, rows)), tf.mul(normalised, tf.div(toGamma, rows)));
    const toInput = tf.reshape(tf.mul(centred, tf.mul(gamma, inverseDeviation)), input.shape);
    return { gamma: toGamma, beta: toBeta, input: toInput };
  });
  return { ...gradients, input: 'input' in gradients ? (gradients.input ?? null) : null };
}
