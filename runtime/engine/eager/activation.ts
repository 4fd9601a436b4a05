import type { Kernels } from './kernels.js';
import type { DeviceLayer, Signal, Step } from './step.js';
import { noGradients, noParameters } from './step.js';

/** Rectified linear unit, an ANN's activation and an SNN's in activation mode. */
export function rectify({ tensor, steps }: Signal, kernels: Kernels): Step {
  const output = kernels.relu(tensor);
  const saved = output.clone();
  return {
    output: { tensor: output, steps },
    saved: [saved],
    backward: (upstream, wanted) => ({
      inputs: wanted.inputs ? [kernels.reluGradient(upstream, saved)] : [],
      parameters: noGradients,
    }),
  };
}

export function activationLayer(kernels: Kernels): DeviceLayer {
  return { parameters: noParameters, forward: (inputs) => rectify(inputs[0]!, kernels) };
}
