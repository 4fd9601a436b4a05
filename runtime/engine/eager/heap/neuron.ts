import * as tf from '@tensorflow/tfjs';
import type { NeuronBackward, NeuronSettings, NeuronTrajectory } from '../kernels.js';
import type { Heap } from './heap.js';

/** Neurons run in blocks whose membranes stay in the first-level cache over all timesteps. */
const BLOCK = 2048;
const BYTES = Float32Array.BYTES_PER_ELEMENT;

export function neuron(
  heap: Heap,
  current: tf.Tensor,
  steps: number,
  threshold: tf.Tensor,
  { leak, reset, timesteps }: NeuronSettings,
  keep: boolean,
): NeuronTrajectory {
  const [rows, ...rest] = current.shape as [number, ...number[]];
  const shape = [(rows / steps) * timesteps, ...rest];
  const spikes = heap.allocate(shape);
  const distance = keep ? heap.allocate(shape) : null;
  const membrane = heap.allocate([BLOCK]);
  const theta = heap.view(threshold)[0]!;
  const cleared = heap.view(membrane);
  const [a, v, s] = [heap.address(current), heap.address(membrane), heap.address(spikes)];
  const z = distance === null ? null : heap.address(distance);
  const size = current.size / steps;
  const stride = steps === 1 ? 0 : size;
  for (let start = 0; start < size; start += BLOCK) {
    const count = Math.min(BLOCK, size - start);
    cleared.fill(0);
    for (let t = 0; t < timesteps; t += 1) {
      const source = a + (start + t * stride) * BYTES;
      const offset = (start + t * size) * BYTES;
      heap.loops.stepNeurons(source, v, s + offset, z === null ? 0 : z + offset, count, leak, theta, reset === 'soft');
    }
  }
  membrane.dispose();
  return { spikes, distance };
}

export function neuronGradients(
  heap: Heap,
  upstream: tf.Tensor,
  distance: tf.Tensor,
  steps: number,
  threshold: tf.Tensor,
  settings: NeuronSettings,
  surrogate: NeuronBackward,
): { current: tf.Tensor; threshold: tf.Tensor } {
  const [rows, ...rest] = distance.shape as [number, ...number[]];
  const current = heap.allocate([(rows / settings.timesteps) * steps, ...rest]);
  const thresholdGradient = heap.allocate([]);
  if (steps === 1) heap.view(current).fill(0);
  heap.view(thresholdGradient)[0] = 0;
  if (surrogate.form === 'rate') {
    rateBackward(heap.view(upstream), heap.view(distance), heap.view(current), settings.timesteps, steps);
  } else {
    const theta = heap.view(threshold)[0]!;
    const sum = timeBackward(heap, upstream, distance, current, steps, theta, settings, surrogate);
    heap.view(thresholdGradient)[0] = sum;
  }
  return { current, threshold: thresholdGradient };
}

/** Passes the gradient of each step where the neuron fired at all; the threshold has none. `to` is cleared if steps is 1. */
function rateBackward(up: Float32Array, z: Float32Array, to: Float32Array, timesteps: number, steps: number): void {
  const size = z.length / timesteps;
  const stride = steps === 1 ? 0 : size;
  for (let k = 0; k < size; k += 1) {
    let fired = false;
    for (let t = 0; t < timesteps; t += 1) fired ||= z[t * size + k]! >= 0;
    for (let t = 0; t < timesteps; t += 1) {
      const passed = fired ? up[t * size + k]! : 0;
      to[t * stride + k] = stride === 0 ? to[k]! + passed : passed;
    }
  }
}

/** Backpropagation through time; returns the threshold's gradient. `current` is cleared if steps is 1. */
function timeBackward(
  heap: Heap,
  upstream: tf.Tensor,
  distance: tf.Tensor,
  current: tf.Tensor,
  steps: number,
  theta: number,
  { leak, reset, timesteps }: NeuronSettings,
  surrogate: Exclude<NeuronBackward, { form: 'rate' }>,
): number {
  const [slopeRoom, carriedRoom] = [heap.allocate([BLOCK]), heap.allocate([BLOCK])];
  const cleared = heap.view(carriedRoom);
  const [up, z, to] = [heap.address(upstream), heap.address(distance), heap.address(current)];
  const [slope, carried] = [heap.address(slopeRoom), heap.address(carriedRoom)];
  const [values, slopes] = [heap.view(distance), heap.view(slopeRoom)];
  const size = distance.size / timesteps;
  const isSame = steps === 1;
  const isSoft = reset === 'soft';
  let sum = 0;
  for (let start = 0; start < size; start += BLOCK) {
    const count = Math.min(BLOCK, size - start);
    cleared.fill(0);
    for (let t = timesteps - 1; t >= 0; t -= 1) {
      const at = start + t * size;
      const target = to + (isSame ? start : at) * BYTES;
      if (surrogate.form === 'triangular') heap.loops.triangularSlope(z + at * BYTES, slope, count, surrogate.width);
      else pseudoDerivative(surrogate, values, at, count, slopes);
      const offset = at * BYTES;
      sum += heap.loops.stepBack(up + offset, z + offset, slope, carried, target, count, leak, theta, isSoft, isSame);
    }
  }
  tf.dispose([slopeRoom, carriedRoom]);
  return sum;
}

/** h'(z) of `count` values from `start` on, into `slope`. */
function pseudoDerivative(
  surrogate: Exclude<NeuronBackward, { form: 'rate' } | { form: 'triangular' }>,
  z: Float32Array,
  start: number,
  count: number,
  slope: Float32Array,
): void {
  switch (surrogate.form) {
    case 'exponential': {
      const { slope: beta, dampening } = surrogate;
      for (let k = 0; k < count; k += 1) slope[k] = dampening * Math.exp(-beta * Math.abs(z[start + k]!));
      return;
    }
    case 'rectangular': {
      const half = surrogate.width / 2;
      const height = 1 / surrogate.width;
      for (let k = 0; k < count; k += 1) slope[k] = Math.abs(z[start + k]!) < half ? height : 0;
      return;
    }
    case 'straightThrough':
      slope.fill(1);
      return;
  }
}
