import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { neuron as composedNeuron } from '../composed/neuron.js';
import type { Kernels } from '../kernels.js';
import { reluGradient } from './activation.js';
import { convInputGradient, convKernelGradient } from './conv.js';
import { Heap } from './heap.js';
import { neuron, neuronGradients } from './neuron.js';
import { normalise, normGradients, normStatistics } from './norm.js';
import { averagePoolGradient } from './pool.js';

/** Own loops over the memory of the wasm backend, which lacks or is slow at what training needs. */
export function heapKernels(backend: BackendWasm): Kernels {
  const heap = new Heap(backend);
  return {
    convInputGradient: (...args) => convInputGradient(heap, ...args),
    convKernelGradient: (...args) => convKernelGradient(heap, ...args),
    averagePool: (input, { size, stride }) => tf.avgPool(input, [...size], [...stride], 'valid'),
    averagePoolGradient: (...args) => averagePoolGradient(heap, ...args),
    relu: (input) => tf.relu(input),
    reluGradient: (...args) => reluGradient(heap, ...args),
    normStatistics: (...args) => normStatistics(heap, ...args),
    normalise: (...args) => normalise(heap, ...args),
    normGradients: (...args) => normGradients(heap, ...args),
    // Membranes that are cut are those of networks for one chip: rare, and left to tensor operations.
    neuron: (current, steps, threshold, settings, keep) =>
      settings.unit === null || settings.leak === 1
        ? neuron(heap, current, steps, threshold, settings, keep)
        : composedNeuron(current, steps, threshold, settings, keep),
    neuronGradients: (...args) => neuronGradients(heap, ...args),
  };
}
