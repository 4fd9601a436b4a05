import type * as tf from '@tensorflow/tfjs';
import type { NormGradients, NormStatistics } from '../kernels.js';
import type { Heap } from './heap.js';

/** Mean and variance per channel in float64, and the running statistics that follow. */
export function normStatistics(
  heap: Heap,
  input: tf.Tensor,
  epsilon: number,
  running: { mean: tf.Tensor; variance: tf.Tensor; momentum: number; copies: number },
): { statistics: NormStatistics; mean: tf.Tensor; variance: tf.Tensor } {
  const channels = running.mean.size;
  const statistics = { mean: heap.allocate([channels]), inverseDeviation: heap.allocate([channels]) };
  const followed = { mean: heap.allocate([channels]), variance: heap.allocate([channels]) };
  const x = heap.view(input);
  const rows = x.length / channels;
  // Sums about the first row: squares then cancel no more than the data's own spread demands.
  const origin = Float64Array.from(x.subarray(0, channels));
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let row = 0, k = 0; row < rows; row += 1) {
    for (let c = 0; c < channels; c += 1, k += 1) {
      const difference = x[k]! - origin[c]!;
      sums[c] = sums[c]! + difference;
      squares[c] = squares[c]! + difference * difference;
    }
  }
  const mean = heap.view(statistics.mean);
  const inverseDeviation = heap.view(statistics.inverseDeviation);
  const [oldMean, oldVariance] = [heap.view(running.mean), heap.view(running.variance)];
  const [newMean, newVariance] = [heap.view(followed.mean), heap.view(followed.variance)];
  const count = rows * running.copies;
  const unbiased = count > 1 ? count / (count - 1) : 1;
  for (let c = 0; c < channels; c += 1) {
    const offset = sums[c]! / rows;
    const centre = origin[c]! + offset;
    const variance = Math.max(0, squares[c]! / rows - offset * offset);
    mean[c] = centre;
    inverseDeviation[c] = 1 / Math.sqrt(variance + epsilon);
    newMean[c] = oldMean[c]! + running.momentum * (centre - oldMean[c]!);
    newVariance[c] = oldVariance[c]! + running.momentum * (variance * unbiased - oldVariance[c]!);
  }
  return { statistics, ...followed };
}

/** gamma·(input − mean)·inverseDeviation + beta as one multiplication and one addition per value. */
export function normalise(
  heap: Heap,
  input: tf.Tensor,
  { mean, inverseDeviation }: NormStatistics,
  gamma: tf.Tensor,
  beta: tf.Tensor,
): tf.Tensor {
  const output = heap.allocate(input.shape);
  const factor = Float64Array.from(heap.view(gamma));
  const term = Float64Array.from(heap.view(beta));
  const [means, inverse] = [heap.view(mean), heap.view(inverseDeviation)];
  const channels = factor.length;
  for (let c = 0; c < channels; c += 1) {
    factor[c] = factor[c]! * inverse[c]!;
    term[c] = term[c]! - means[c]! * factor[c]!;
  }
  const x = heap.view(input);
  const y = heap.view(output);
  for (let k = 0; k < x.length; ) {
    for (let c = 0; c < channels; c += 1, k += 1) y[k] = x[k]! * factor[c]! + term[c]!;
  }
  return output;
}

export function normGradients(
  heap: Heap,
  upstream: tf.Tensor,
  input: tf.Tensor,
  { mean, inverseDeviation }: NormStatistics,
  gamma: tf.Tensor,
  from: 'batch' | 'running',
  wantInput: boolean,
): NormGradients {
  const channels = gamma.size;
  const gradients = { gamma: heap.allocate([channels]), beta: heap.allocate([channels]) };
  const inputGradient = wantInput ? heap.allocate(input.shape) : null;
  const [x, g] = [heap.view(input), heap.view(upstream)];
  const means = Float64Array.from(heap.view(mean));
  const inverse = Float64Array.from(heap.view(inverseDeviation));
  const sums = new Float64Array(channels);
  const products = new Float64Array(channels);
  for (let k = 0; k < x.length; ) {
    for (let c = 0; c < channels; c += 1, k += 1) {
      const value = g[k]!;
      sums[c] = sums[c]! + value;
      products[c] = products[c]! + value * (x[k]! - means[c]!);
    }
  }
  const [toGamma, toBeta, scale] = [heap.view(gradients.gamma), heap.view(gradients.beta), heap.view(gamma)];
  for (let c = 0; c < channels; c += 1) {
    toGamma[c] = products[c]! * inverse[c]!;
    toBeta[c] = sums[c]!;
  }
  if (inputGradient === null) return { input: null, ...gradients };
  // dx = γ/σ·(g − mean(g) − x̂·mean(g·x̂)) with x̂ = (x − μ)/σ, written as g·a + x·b + c; b = c = 0 for constants.
  const rows = x.length / channels;
  const a = Float64Array.from(inverse, (value, c) => value * scale[c]!);
  const isBatch = from === 'batch';
  const b = Float64Array.from(a, (value, c) => (isBatch ? (-value * inverse[c]! ** 2 * products[c]!) / rows : 0));
  const c0 = Float64Array.from(a, (value, c) => (isBatch ? (-value * sums[c]!) / rows - b[c]! * means[c]! : 0));
  const dx = heap.view(inputGradient);
  for (let k = 0; k < x.length; ) {
    for (let c = 0; c < channels; c += 1, k += 1) dx[k] = g[k]! * a[c]! + x[k]! * b[c]! + c0[c]!;
  }
  return { input: inputGradient, ...gradients };
}
