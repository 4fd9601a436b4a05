import type * as tf from '@tensorflow/tfjs';
import type { AvgPoolLayer } from '../../../schemas/ann.js';
import type { Kernels } from './kernels.js';
import type { DeviceLayer, Signal, Step } from './step.js';
import { noGradients, noParameters } from './step.js';

/** Mean over windows, [steps·N, H, W, C] → [steps·N, H', W', C]. */
export function poolLayer(layer: AvgPoolLayer, kernels: Kernels): DeviceLayer {
  function forward([{ tensor, steps }]: readonly [Signal]): Step {
    const input = tensor as tf.Tensor4D;
    const [, height, width] = input.shape;
    return {
      output: { tensor: kernels.averagePool(input, layer), steps },
      saved: [],
      backward: (upstream, wanted) => ({
        inputs: wanted.inputs ? [kernels.averagePoolGradient(upstream as tf.Tensor4D, [height, width], layer)] : [],
        parameters: noGradients,
      }),
    };
  }
  return { parameters: noParameters, forward: (inputs) => forward(inputs as readonly [Signal]) };
}
