import type { AnnLayer } from '../../../schemas/ann.js';
import type { SnnLayer } from '../../../schemas/snn.js';
import { emitActivation } from './activation.js';
import { emitAdd } from './add.js';
import { emitConv } from './conv.js';
import { emitDense } from './dense.js';
import { emitDropout } from './dropout.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { emitFlatten } from './flatten.js';
import { emitGrid } from './grid.js';
import { emitInput } from './input.js';
import { emitNeuron } from './neuron.js';
import { emitNeuronTogether } from './neuron-together.js';
import { emitNorm } from './norm.js';
import { emitOutput } from './output.js';
import { emitPoisson } from './poisson.js';
import { emitPool } from './pool.js';
import type { Signal } from './signal.js';
import { emitStepNorm } from './step-norm.js';

/** Adds a layer to the graph. `inputs` are the signals it reads; the input layer reads the image [N, H, W, C]. */
export function emitLayer(
  layer: AnnLayer | SnnLayer,
  context: EmissionContext,
  inputs: readonly Signal[],
): LayerEmission {
  const first = inputs[0]!;
  switch (layer.kind) {
    case 'input':
      return emitInput(layer, context, first.merged);
    case 'conv2d':
      return emitConv(layer, context, first);
    case 'dense':
      return emitDense(layer, context, first);
    case 'batchNorm':
      return emitNorm(layer, context, first);
    case 'activation':
      return emitActivation(context, first);
    case 'neuron':
      return context.device === 'gpu' ? emitNeuronTogether(layer, context, first) : emitNeuron(layer, context, first);
    case 'grid':
      return emitGrid(layer, context, first);
    case 'poisson':
      return emitPoisson(layer, context, first);
    case 'stepNorm':
      return emitStepNorm(layer, context, first);
    case 'avgPool':
      return emitPool(layer, context, first);
    case 'add':
      return emitAdd(layer, context, inputs);
    case 'flatten':
      return emitFlatten(layer, context, first);
    case 'dropout':
      return emitDropout(layer, context, first);
    case 'output':
      return emitOutput(context, first);
  }
}
