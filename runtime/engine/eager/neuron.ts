import type { NeuronLayer } from '../../../schemas/snn.js';
import { rectify } from './activation.js';
import type { Kernels } from './kernels.js';
import { Parameter } from './parameter.js';
import type { DeviceLayer, ForwardContext, Signal, Step } from './step.js';
import { noGradients } from './step.js';

/**
 * Spiking neurons over all T steps: [steps·N, …] → [T·N, …]. Gradient flows through spikes and membrane, the reset
 * included. In activation mode a rectified linear unit stands in their place.
 */
export function neuronLayer(layer: NeuronLayer, kernels: Kernels): DeviceLayer {
  const threshold = new Parameter(Float32Array.of(layer.threshold), []);

  function forward(signal: Signal, { surrogate, timesteps, differentiable }: ForwardContext): Step {
    if (surrogate.form === 'activation') return rectify(signal, kernels);
    const { leak, reset, unit = null } = layer;
    const { steps } = signal;
    const settings = { leak, reset, timesteps, unit };
    const { spikes, distance } = kernels.neuron(signal.tensor, steps, threshold.tensor, settings, differentiable);
    return {
      output: { tensor: spikes, steps: timesteps },
      saved: distance === null ? [] : [distance],
      backward(upstream, wanted) {
        if (distance === null) throw new Error(`layer ${layer.name} kept nothing for a backward pass`);
        const gradients = kernels.neuronGradients(upstream, distance, steps, threshold.tensor, settings, surrogate);
        if (!wanted.inputs) gradients.current.dispose();
        if (!wanted.parameters) gradients.threshold.dispose();
        return {
          inputs: wanted.inputs ? [gradients.current] : [],
          parameters: wanted.parameters ? new Map([['threshold', gradients.threshold]]) : noGradients,
        };
      },
    };
  }

  return {
    parameters: new Map([['threshold', threshold]]),
    forward: (inputs, context) => forward(inputs[0]!, context),
  };
}
