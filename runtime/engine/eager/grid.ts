import * as tf from '@tensorflow/tfjs';
import type { GridLayer } from '../../../schemas/snn.js';
import type { DeviceLayer, Signal, Step } from './step.js';
import { noGradients, noParameters } from './step.js';

/** Rounds to a grid, halves away from zero; the gradient passes straight through. */
export function gridLayer({ step, mantissaMax }: GridLayer): DeviceLayer {
  function forward([{ tensor, steps }]: readonly [Signal]): Step {
    const output = tf.tidy(() => {
      const size = tf.floor(tf.add(tf.mul(tf.abs(tensor), 1 / step), 0.5));
      return tf.mul(tf.mul(tf.sign(tensor), tf.minimum(size, mantissaMax)), step);
    });
    return {
      output: { tensor: output, steps },
      saved: [],
      backward: (upstream, wanted) => ({
        inputs: wanted.inputs ? [upstream.clone()] : [],
        parameters: noGradients,
      }),
    };
  }
  return { parameters: noParameters, forward: (inputs) => forward(inputs as readonly [Signal]) };
}
