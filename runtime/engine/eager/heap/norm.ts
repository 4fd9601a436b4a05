import * as tf from '@tensorflow/tfjs';
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
  const rows = input.size / channels;
  const statistics = { mean: heap.allocate([channels]), inverseDeviation: heap.allocate([channels]) };
  const followed = { mean: heap.allocate([channels]), variance: heap.allocate([channels]) };
  const [sumRoom, squareRoom] = [heap.allocateDoubles(channels), heap.allocateDoubles(channels)];
  // Sums about the first row: squares then cancel no more than the data's own spread demands.
  const x = heap.address(input);
  heap.loops.spreadSums(x, rows, channels, x, heap.address(sumRoom), heap.address(squareRoom));
  const [sums, squares] = [heap.viewDoubles(sumRoom), heap.viewDoubles(squareRoom)];
  const origin = heap.view(input);
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
  tf.dispose([sumRoom, squareRoom]);
  return { statistics, ...followed };
}

/** (input − mean)·(gamma·inverseDeviation) + beta. */
export function normalise(
  heap: Heap,
  input: tf.Tensor,
  { mean, inverseDeviation }: NormStatistics,
  gamma: tf.Tensor,
  beta: tf.Tensor,
): tf.Tensor {
  const channels = gamma.size;
  const output = heap.allocate(input.shape);
  const factorRoom = heap.allocate([channels]);
  const factor = heap.view(factorRoom);
  const [scale, inverse] = [heap.view(gamma), heap.view(inverseDeviation)];
  for (let c = 0; c < channels; c += 1) factor[c] = scale[c]! * inverse[c]!;
  const [x, y, origin] = [heap.address(input), heap.address(output), heap.address(mean)];
  const rows = input.size / channels;
  heap.loops.scaleAbout(x, y, rows, channels, origin, heap.address(factorRoom), heap.address(beta));
  factorRoom.dispose();
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
  const rows = input.size / channels;
  const gradients = { gamma: heap.allocate([channels]), beta: heap.allocate([channels]) };
  const inputGradient = wantInput ? heap.allocate(input.shape) : null;
  const [sumRoom, productRoom] = [heap.allocateDoubles(channels), heap.allocateDoubles(channels)];
  const [aRoom, bRoom, offsetRoom] = [heap.allocate([channels]), heap.allocate([channels]), heap.allocate([channels])];
  const [g, x, origin] = [heap.address(upstream), heap.address(input), heap.address(mean)];
  heap.loops.gradientSums(g, x, rows, channels, origin, heap.address(sumRoom), heap.address(productRoom));
  const [sums, products] = [heap.viewDoubles(sumRoom), heap.viewDoubles(productRoom)];
  const [toGamma, toBeta] = [heap.view(gradients.gamma), heap.view(gradients.beta)];
  const [scale, inverse] = [heap.view(gamma), heap.view(inverseDeviation)];
  const [a, b, offset] = [heap.view(aRoom), heap.view(bRoom), heap.view(offsetRoom)];
  const isBatch = from === 'batch';
  for (let c = 0; c < channels; c += 1) {
    toGamma[c] = products[c]! * inverse[c]!;
    toBeta[c] = sums[c]!;
    // dx = γ/σ·(g − mean(g) − x̂·mean(g·x̂)) with x̂ = (x − μ)/σ, written as g·a + (x − μ)·b + offset.
    const factor = scale[c]! * inverse[c]!;
    a[c] = factor;
    b[c] = isBatch ? (-factor * inverse[c]! * inverse[c]! * products[c]!) / rows : 0;
    offset[c] = isBatch ? (-factor * sums[c]!) / rows : 0;
  }
  if (inputGradient !== null) {
    const [atA, atB, atOffset] = [heap.address(aRoom), heap.address(bRoom), heap.address(offsetRoom)];
    heap.loops.mixGradient(g, x, heap.address(inputGradient), rows, channels, origin, atA, atB, atOffset);
  }
  tf.dispose([sumRoom, productRoom, aRoom, bRoom, offsetRoom]);
  return { input: inputGradient, ...gradients };
}
