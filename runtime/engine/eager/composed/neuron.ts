import * as tf from '@tensorflow/tfjs';
import type { NeuronBackward, NeuronSettings, NeuronTrajectory } from '../kernels.js';
import { total } from '../merged-time.js';

export function neuron(
  current: tf.Tensor,
  steps: number,
  threshold: tf.Tensor,
  { leak, reset, timesteps, unit }: NeuronSettings,
  keep: boolean,
): NeuronTrajectory {
  const [rows, ...rest] = current.shape as [number, ...number[]];
  const shape = [(rows / steps) * timesteps, ...rest];
  const size = current.size / steps;
  const result = tf.tidy((): { spikes: tf.Tensor; distance?: tf.Tensor } => {
    const inputs = tf.unstack(tf.reshape(current, [steps, size]));
    const spikes: tf.Tensor[] = [];
    const distances: tf.Tensor[] = [];
    let membrane: tf.Tensor = tf.zeros([size]);
    for (let t = 0; t < timesteps; t += 1) {
      const before = tf.add(leaked(membrane, leak, unit), inputs[steps === 1 ? 0 : t]!);
      const spike = tf.cast(tf.greaterEqual(before, threshold), 'float32');
      membrane = reset === 'hard' ? tf.mul(before, tf.sub(1, spike)) : tf.sub(before, tf.mul(spike, threshold));
      spikes.push(spike);
      if (keep) distances.push(tf.sub(before, threshold));
    }
    const merged = tf.reshape(tf.stack(spikes), shape);
    return keep ? { spikes: merged, distance: tf.reshape(tf.stack(distances), shape) } : { spikes: merged };
  });
  return { spikes: result.spikes, distance: result.distance ?? null };
}

/** What a step leaves of the membrane. */
function leaked(membrane: tf.Tensor, leak: number, unit: number | null): tf.Tensor {
  const left = tf.mul(membrane, leak);
  if (unit === null || leak === 1) return left;
  return tf.mul(tf.mul(tf.sign(left), tf.floor(tf.mul(tf.abs(left), 1 / unit))), unit);
}

export function neuronGradients(
  upstream: tf.Tensor,
  distance: tf.Tensor,
  steps: number,
  threshold: tf.Tensor,
  { leak, reset, timesteps }: NeuronSettings,
  surrogate: NeuronBackward,
): { current: tf.Tensor; threshold: tf.Tensor } {
  const [rows, ...rest] = distance.shape as [number, ...number[]];
  const shape = [(rows / timesteps) * steps, ...rest];
  const byTime = [timesteps, distance.size / timesteps];
  return tf.tidy(() => {
    const up = tf.reshape(upstream, byTime);
    const z = tf.reshape(distance, byTime);
    const fired = tf.cast(tf.greaterEqual(z, 0), 'float32');
    const merge = (perStep: tf.Tensor[]): tf.Tensor =>
      tf.reshape(steps === 1 ? total(perStep) : tf.stack(perStep), shape);
    const [ups, zs, spikes] = [tf.unstack(up), tf.unstack(z), tf.unstack(fired)];
    if (surrogate.form === 'rate') {
      const ever = spikes.reduce((most, each) => tf.maximum(most, each));
      return { current: merge(ups.map((each) => tf.mul(each, ever))), threshold: tf.scalar(0) };
    }
    const slopes = tf.unstack(pseudoDerivative(surrogate, z));
    const gradients: tf.Tensor[] = [];
    let thresholdGradient: tf.Tensor = tf.scalar(0);
    let afterReset: tf.Tensor = tf.zeros([byTime[1]!]);
    for (let t = timesteps - 1; t >= 0; t -= 1) {
      const atReset = reset === 'hard' ? tf.mul(tf.add(zs[t]!, threshold), afterReset) : tf.mul(threshold, afterReset);
      const atDistance = tf.mul(slopes[t]!, tf.sub(ups[t]!, atReset));
      const kept = reset === 'hard' ? tf.mul(afterReset, tf.sub(1, spikes[t]!)) : afterReset;
      const atMembrane = tf.add(atDistance, kept);
      const toThreshold = reset === 'hard' ? atDistance : tf.add(atDistance, tf.mul(spikes[t]!, afterReset));
      thresholdGradient = tf.sub(thresholdGradient, tf.sum(toThreshold));
      gradients.unshift(atMembrane);
      afterReset = tf.mul(atMembrane, leak);
    }
    return { current: merge(gradients), threshold: thresholdGradient };
  });
}

/** h'(z). */
function pseudoDerivative(surrogate: Exclude<NeuronBackward, { form: 'rate' }>, z: tf.Tensor): tf.Tensor {
  const size = tf.abs(z);
  switch (surrogate.form) {
    case 'triangular':
      return tf.mul(tf.relu(tf.sub(surrogate.width, size)), 1 / surrogate.width ** 2);
    case 'exponential':
      return tf.mul(tf.exp(tf.mul(size, -surrogate.slope)), surrogate.dampening);
    case 'rectangular':
      return tf.mul(tf.cast(tf.less(size, surrogate.width / 2), 'float32'), 1 / surrogate.width);
    case 'straightThrough':
      return tf.onesLike(z);
  }
}
