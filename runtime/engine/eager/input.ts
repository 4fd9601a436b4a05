import * as tf from '@tensorflow/tfjs';
import type { InputLayer } from '../../../schemas/ann.js';
import type { DeviceLayer, Signal, Step } from './step.js';
import { noGradients, noParameters } from './step.js';

/** Normalises the image per channel: (x − mean)/std. */
export function inputLayer({ mean, std }: InputLayer): DeviceLayer {
  function forward([{ tensor }]: readonly [Signal]): Step {
    return {
      output: {
        tensor: tf.tidy(() => tf.div(tf.sub(tensor, tf.tensor1d([...mean])), tf.tensor1d([...std]))),
        steps: 1,
      },
      saved: [],
      backward: (upstream, wanted) => ({
        inputs: wanted.inputs ? [tf.tidy(() => tf.div(upstream, tf.tensor1d([...std])))] : [],
        parameters: noGradients,
      }),
    };
  }
  return { parameters: noParameters, forward: (inputs) => forward(inputs as readonly [Signal]) };
}
