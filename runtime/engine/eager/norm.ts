import * as tf from '@tensorflow/tfjs';
import type { BatchNormLayer } from '../../../schemas/ann.js';
import type { Kernels, NormStatistics } from './kernels.js';
import { Parameter } from './parameter.js';
import type { DeviceLayer, ForwardContext, Signal, Step } from './step.js';
import { noGradients } from './step.js';

/**
 * Batch norm over all axes but the channel's; in an SNN that is tdBN, batch and time together. A signal that is the same
 * at all T steps has the statistics of its one copy; only the unbiased factor n/(n − 1) of the running variance counts
 * the copies: n = T·N·H·W.
 */
export function normLayer(layer: BatchNormLayer, kernels: Kernels): DeviceLayer {
  const shape = [layer.gamma.length];
  const gamma = new Parameter(layer.gamma, shape);
  const beta = new Parameter(layer.beta, shape);
  const mean = new Parameter(layer.mean, shape, false);
  const variance = new Parameter(layer.variance, shape, false);
  const parameters = new Map(Object.entries({ gamma, beta, mean, variance }));

  function batchStatistics({ tensor, steps }: Signal, timesteps: number): NormStatistics {
    const { epsilon, momentum } = layer;
    const running = { mean: mean.tensor, variance: variance.tensor, momentum, copies: timesteps / steps };
    const found = kernels.normStatistics(tensor, epsilon, running);
    mean.replace(found.mean);
    variance.replace(found.variance);
    return found.statistics;
  }

  function runningStatistics(): NormStatistics {
    return {
      mean: mean.tensor.clone(),
      inverseDeviation: tf.tidy(() => tf.rsqrt(tf.add(variance.tensor, layer.epsilon))),
    };
  }

  function forward([signal]: readonly [Signal], { mode, timesteps }: ForwardContext): Step {
    const isTraining = mode === 'train';
    const statistics = isTraining ? batchStatistics(signal, timesteps) : runningStatistics();
    const output = kernels.normalise(signal.tensor, statistics, gamma.tensor, beta.tensor);
    const input = signal.tensor.clone();
    return {
      output: { tensor: output, steps: signal.steps },
      saved: [input, statistics.mean, statistics.inverseDeviation],
      backward(upstream, wanted) {
        const from = isTraining ? 'batch' : 'running';
        const gradients = kernels.normGradients(upstream, input, statistics, gamma.tensor, from, wanted.inputs);
        const inputs = gradients.input === null ? [] : [gradients.input];
        if (wanted.parameters) {
          return { inputs, parameters: new Map(Object.entries({ gamma: gradients.gamma, beta: gradients.beta })) };
        }
        gradients.gamma.dispose();
        gradients.beta.dispose();
        return { inputs, parameters: noGradients };
      },
    };
  }

  return { parameters, forward: (inputs, context) => forward(inputs as readonly [Signal], context) };
}
