import * as tf from '@tensorflow/tfjs';
import { overSteps, overTime } from './merged-time.js';
import type { DeviceLayer, Signal, Step } from './step.js';
import { noGradients, noParameters } from './step.js';

/** The logits [N, classes]: the mean of the input over time. */
export function outputLayer(): DeviceLayer {
  function forward([{ tensor, steps }]: readonly [Signal]): Step {
    return {
      output: { tensor: tf.tidy(() => tf.div(overTime(tensor, steps, 1), steps)), steps: 1 },
      saved: [],
      backward: (upstream, wanted) => ({
        inputs: wanted.inputs ? [tf.tidy(() => overSteps({ tensor: tf.div(upstream, steps), steps: 1 }, steps))] : [],
        parameters: noGradients,
      }),
    };
  }
  return { parameters: noParameters, forward: (inputs) => forward(inputs as readonly [Signal]) };
}
