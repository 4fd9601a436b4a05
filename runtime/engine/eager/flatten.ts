import * as tf from '@tensorflow/tfjs';
import type { FlattenLayer } from '../../../schemas/ann.js';
import type { DeviceLayer, Signal, Step } from './step.js';
import { noGradients, noParameters } from './step.js';

/** [steps·N, H, W, C] → [steps·N, H·W·C], channel last or first. */
export function flattenLayer({ order }: FlattenLayer): DeviceLayer {
  function forward([{ tensor, steps }]: readonly [Signal]): Step {
    const [batch, height, width, channels] = (tensor as tf.Tensor4D).shape;
    const size = height * width * channels;
    const output = tf.tidy(() =>
      tf.reshape(order === 'hwc' ? tensor : tf.transpose(tensor, [0, 3, 1, 2]), [batch, size]),
    );
    return {
      output: { tensor: output, steps },
      saved: [],
      backward: (upstream, wanted) => ({
        inputs: wanted.inputs
          ? [
              tf.tidy(() =>
                order === 'hwc'
                  ? tf.reshape(upstream, [batch, height, width, channels])
                  : tf.transpose(tf.reshape(upstream, [batch, channels, height, width]), [0, 2, 3, 1]),
              ),
            ]
          : [],
        parameters: noGradients,
      }),
    };
  }
  return { parameters: noParameters, forward: (inputs) => forward(inputs as readonly [Signal]) };
}
