import * as tf from '@tensorflow/tfjs';
import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import type { DropoutLayer } from '../../../schemas/ann.js';
import { overSteps, overTime } from './merged-time.js';
import type { DeviceLayer, ForwardContext, Signal, Step } from './step.js';
import { noGradients, noParameters } from './step.js';

/** Zeroes a share of its input and scales the rest up, each timestep with its own draws; the identity without a generator. */
export function dropoutLayer({ rate }: DropoutLayer): DeviceLayer {
  function forward([signal]: readonly [Signal], { mode, timesteps, dropout }: ForwardContext): Step {
    if (mode === 'eval' || dropout === null || rate === 0) {
      return {
        output: { tensor: signal.tensor.clone(), steps: signal.steps },
        saved: [],
        backward: (upstream, wanted) => ({
          inputs: wanted.inputs ? [upstream.clone()] : [],
          parameters: noGradients,
        }),
      };
    }
    const kept = Float32Array.from({ length: (signal.tensor.size * timesteps) / signal.steps }, () =>
      uniformFloat32(dropout) < rate ? 0 : 1 / (1 - rate),
    );
    const [batch, ...rest] = signal.tensor.shape as [number, ...number[]];
    const mask = tf.tensor(kept, [(batch * timesteps) / signal.steps, ...rest]);
    return {
      output: { tensor: tf.tidy(() => tf.mul(overSteps(signal, timesteps), mask)), steps: timesteps },
      saved: [mask],
      backward: (upstream, wanted) => ({
        inputs: wanted.inputs ? [tf.tidy(() => overTime(tf.mul(upstream, mask), timesteps, signal.steps))] : [],
        parameters: noGradients,
      }),
    };
  }
  return { parameters: noParameters, forward: (inputs, context) => forward(inputs as readonly [Signal], context) };
}
