import type { AnnGraph, AnnLayer } from '../../../schemas/ann.js';
import type { SnnGraph, SnnLayer } from '../../../schemas/snn.js';
import type { Tensor } from '../../../schemas/tensor.js';
import { stepNorms } from '../step-norms.js';
import { inputName } from './emission.js';

/** The arrays of a network by graph input, in layer order. */
export function parametersOf({ layers }: AnnGraph | SnnGraph): ReadonlyMap<string, Tensor> {
  return new Map(
    layers.flatMap((layer) =>
      ownParameters(layer).map(([own, value]): [string, Tensor] => [inputName(layer.name, own), value]),
    ),
  );
}

function ownParameters(layer: AnnLayer | SnnLayer): readonly (readonly [string, Tensor])[] {
  const list = (data: Float32Array): Tensor => ({ shape: [data.length], data });
  switch (layer.kind) {
    case 'conv2d':
    case 'dense':
      return [['kernel', layer.kernel], ...(layer.bias === null ? [] : [['bias', list(layer.bias)] as const])];
    case 'batchNorm':
      return (['gamma', 'beta', 'mean', 'variance'] as const).map((own) => [own, list(layer[own])]);
    case 'stepNorm':
      return stepNorms(layer).flatMap((norm, t) =>
        (['gamma', 'beta', 'mean', 'variance'] as const).map((own) => [`${own}${t}`, list(norm[own])] as const),
      );
    case 'neuron':
      return [['threshold', { shape: [], data: Float32Array.of(layer.threshold) }]];
    case 'add':
      return [['scales', list(layer.scales)]];
    default:
      return [];
  }
}
