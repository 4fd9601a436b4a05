import type { AnnLayer } from '../../../schemas/ann.js';
import type { SnnLayer } from '../../../schemas/snn.js';
import { activationLayer } from './activation.js';
import { addLayer } from './add.js';
import { convLayer } from './conv.js';
import { denseLayer } from './dense.js';
import { dropoutLayer } from './dropout.js';
import { flattenLayer } from './flatten.js';
import { gridLayer } from './grid.js';
import { inputLayer } from './input.js';
import type { Kernels } from './kernels.js';
import { neuronLayer } from './neuron.js';
import { normLayer } from './norm.js';
import { outputLayer } from './output.js';
import { poissonLayer } from './poisson.js';
import { poolLayer } from './pool.js';
import type { DeviceLayer } from './step.js';
import { stepNormLayer } from './step-norm.js';

/** Puts a layer on the device. */
export function deviceLayer(layer: AnnLayer | SnnLayer, kernels: Kernels): DeviceLayer {
  switch (layer.kind) {
    case 'input':
      return inputLayer(layer);
    case 'conv2d':
      return convLayer(layer, kernels);
    case 'dense':
      return denseLayer(layer);
    case 'batchNorm':
      return normLayer(layer, kernels);
    case 'activation':
      return activationLayer(kernels);
    case 'neuron':
      return neuronLayer(layer, kernels);
    case 'grid':
      return gridLayer(layer);
    case 'poisson':
      return poissonLayer(layer);
    case 'stepNorm':
      return stepNormLayer(layer, kernels);
    case 'avgPool':
      return poolLayer(layer, kernels);
    case 'add':
      return addLayer(layer);
    case 'flatten':
      return flattenLayer(layer);
    case 'dropout':
      return dropoutLayer(layer);
    case 'output':
      return outputLayer();
  }
}
