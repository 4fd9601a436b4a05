import * as tf from '@tensorflow/tfjs';
import type { PoissonLayer } from '../../../schemas/snn.js';
import { poissonDraws } from '../poisson-draws.js';
import { overTime } from './merged-time.js';
import type { DeviceLayer, ForwardContext, Signal, Step } from './step.js';
import { noGradients, noParameters } from './step.js';

/** Spikes drawn at random from a constant map, or its mean where time has no axis; the gradient is that of the mean. */
export function poissonLayer({ gain }: PoissonLayer): DeviceLayer {
  function forward([signal]: readonly [Signal], { timesteps, surrogate, encoding }: ForwardContext): Step {
    const { tensor, steps } = signal;
    const isMean = surrogate.form === 'activation';
    const [batch, ...rest] = tensor.shape as [number, ...number[]];
    const output = tf.tidy(() => {
      if (isMean) return tf.mul(tensor, gain);
      const draws = tf.tensor(poissonDraws(timesteps, tensor.size / batch, encoding), [timesteps, ...rest]);
      const [sign, likely] = [tf.sign(tensor), tf.mul(tf.abs(tensor), gain)];
      const spikes = tf
        .split(draws, timesteps)
        .map((draw) => tf.mul(sign, tf.cast(tf.greater(likely, draw), 'float32')));
      return tf.concat(spikes);
    });
    return {
      output: { tensor: output, steps: isMean ? steps : timesteps },
      saved: [],
      backward: (upstream, wanted) => ({
        inputs: wanted.inputs
          ? [tf.tidy(() => overTime(tf.mul(upstream, gain), isMean ? steps : timesteps, steps))]
          : [],
        parameters: noGradients,
      }),
    };
  }
  return { parameters: noParameters, forward: (inputs, context) => forward(inputs as readonly [Signal], context) };
}
