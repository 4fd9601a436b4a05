import * as tf from '@tensorflow/tfjs';
import type { Kernels } from '../kernels.js';
import { convInputGradient, convKernelGradient } from './conv.js';
import { neuron, neuronGradients } from './neuron.js';
import { normalise, normGradients, normStatistics } from './norm.js';
import { averagePoolGradient } from './pool.js';

/** Tensor operations that every complete backend has. */
export const composedKernels: Kernels = {
  convInputGradient,
  convKernelGradient,
  averagePool: (input, { size, stride }) => tf.avgPool(input, [...size], [...stride], 'valid'),
  averagePoolGradient,
  relu: (input) => tf.relu(input),
  reluGradient: (upstream, output) => tf.tidy(() => tf.mul(upstream, tf.step(output))),
  normStatistics,
  normalise,
  normGradients,
  neuron,
  neuronGradients,
};
