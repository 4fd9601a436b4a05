import type * as tf from '@tensorflow/tfjs';
import type { NeuronBackward, NeuronSettings, NeuronTrajectory } from '../kernels.js';
import type { Heap } from './heap.js';

/** Neurons run in blocks whose membranes stay in the first-level cache over all timesteps. */
const BLOCK = 2048;

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
  const theta = heap.view(threshold)[0]!;
  const a = heap.view(current);
  const s = heap.view(spikes);
  const size = a.length / steps;
  const stride = steps === 1 ? 0 : size;
  const membrane = new Float32Array(BLOCK);
  const z = distance === null ? null : heap.view(distance);
  for (let start = 0; start < size; start += BLOCK) {
    const count = Math.min(BLOCK, size - start);
    membrane.fill(0);
    for (let t = 0; t < timesteps; t += 1) {
      const source = start + t * stride;
      const target = start + t * size;
      for (let k = 0; k < count; k += 1) {
        // Rounded to float32 after each operation, as on every other backend.
        const v = Math.fround(Math.fround(membrane[k]! * leak) + a[source + k]!);
        const fires = v >= theta;
        s[target + k] = fires ? 1 : 0;
        if (z !== null) z[target + k] = v - theta;
        membrane[k] = fires ? (reset === 'hard' ? 0 : v - theta) : v;
      }
    }
  }
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
  const { timesteps } = settings;
  const [rows, ...rest] = distance.shape as [number, ...number[]];
  const current = heap.allocate([(rows / timesteps) * steps, ...rest]);
  const thresholdGradient = heap.allocate([]);
  const theta = heap.view(threshold)[0]!;
  const [up, z, to] = [heap.view(upstream), heap.view(distance), heap.view(current)];
  const size = z.length / timesteps;
  if (steps === 1) to.fill(0);
  const sumOfThreshold =
    surrogate.form === 'rate'
      ? rateBackward(up, z, to, size, timesteps, steps)
      : timeBackward(up, z, to, size, steps, theta, settings, surrogate);
  heap.view(thresholdGradient)[0] = sumOfThreshold;
  return { current, threshold: thresholdGradient };
}

/** Passes the gradient of each step where the neuron fired at all. The threshold has none. */
function rateBackward(
  up: Float32Array,
  z: Float32Array,
  to: Float32Array,
  size: number,
  timesteps: number,
  steps: number,
): number {
  const stride = steps === 1 ? 0 : size;
  for (let k = 0; k < size; k += 1) {
    let fired = false;
    for (let t = 0; t < timesteps; t += 1) fired ||= z[t * size + k]! >= 0;
    for (let t = 0; t < timesteps; t += 1) {
      const passed = fired ? up[t * size + k]! : 0;
      to[t * stride + k] = stride === 0 ? to[k]! + passed : passed;
    }
  }
  return 0;
}

/** Backpropagation through time; returns the threshold's gradient. */
function timeBackward(
  up: Float32Array,
  z: Float32Array,
  to: Float32Array,
  size: number,
  steps: number,
  theta: number,
  { leak, reset, timesteps }: NeuronSettings,
  surrogate: Exclude<NeuronBackward, { form: 'rate' }>,
): number {
  const stride = steps === 1 ? 0 : size;
  const slope = new Float32Array(BLOCK);
  const carried = new Float32Array(BLOCK);
  const isHard = reset === 'hard';
  let thresholdSum = 0;
  for (let start = 0; start < size; start += BLOCK) {
    const count = Math.min(BLOCK, size - start);
    carried.fill(0);
    for (let t = timesteps - 1; t >= 0; t -= 1) {
      const source = start + t * size;
      const target = start + t * stride;
      pseudoDerivative(surrogate, z, source, count, slope);
      for (let k = 0; k < count; k += 1) {
        const difference = z[source + k]!;
        const fired = difference >= 0;
        const afterReset = carried[k]!;
        const atSpike = up[source + k]! - (isHard ? difference + theta : theta) * afterReset;
        const atDistance = slope[k]! * atSpike;
        const atMembrane = atDistance + (isHard && fired ? 0 : afterReset);
        thresholdSum -= atDistance + (!isHard && fired ? afterReset : 0);
        to[target + k] = stride === 0 ? to[target + k]! + atMembrane : atMembrane;
        carried[k] = leak * atMembrane;
      }
    }
  }
  return thresholdSum;
}

/** h'(z) of `count` values from `start` on, into `slope`. */
function pseudoDerivative(
  surrogate: Exclude<NeuronBackward, { form: 'rate' }>,
  z: Float32Array,
  start: number,
  count: number,
  slope: Float32Array,
): void {
  switch (surrogate.form) {
    case 'triangular': {
      const { width } = surrogate;
      const factor = 1 / (width * width);
      for (let k = 0; k < count; k += 1) slope[k] = Math.max(0, width - Math.abs(z[start + k]!)) * factor;
      return;
    }
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
