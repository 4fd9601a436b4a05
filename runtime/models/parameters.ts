import type { AnnGraph, AnnLayer, SharedLayer } from '../../schemas/ann.js';
import type { SnnGraph, SnnLayer } from '../../schemas/snn.js';
import type { ParameterMap } from '../engine/engine.js';

/**
 * The graph with those parameters replaced that `values` names (`${layer}.kernel` …, as engines name them); lengths must
 * match, which is what a model of the same graph returns.
 */
export function withParameters<Graph extends AnnGraph | SnnGraph>(graph: Graph, values: ParameterMap): Graph {
  const pick = (layer: string, part: string, old: Float32Array): Float32Array => {
    const value = values.get(`${layer}.${part}`);
    if (value !== undefined && value.length !== old.length) {
      throw new RangeError(`${layer}.${part} has ${value.length} values, the graph ${old.length}`);
    }
    return value ?? old;
  };
  const layers = (graph.layers as readonly (AnnLayer | SnnLayer)[]).map((layer) => replaced(layer, pick));
  return { ...graph, layers };
}

type Pick = (layer: string, part: string, old: Float32Array) => Float32Array;

function replaced(layer: AnnLayer | SnnLayer, pick: Pick): AnnLayer | SnnLayer {
  if (layer.kind === 'activation' || layer.kind === 'grid' || layer.kind === 'poisson') return layer;
  if (layer.kind === 'stepNorm') {
    const steps = layer.steps.map(({ gamma, mean, variance }, t) => ({
      gamma: pick(layer.name, `gamma${t}`, gamma),
      mean: pick(layer.name, `mean${t}`, mean),
      variance: pick(layer.name, `variance${t}`, variance),
    }));
    return { ...layer, steps };
  }
  if (layer.kind !== 'neuron') return replacedShared(layer, pick);
  const [threshold] = pick(layer.name, 'threshold', Float32Array.of(layer.threshold));
  return { ...layer, threshold: threshold! };
}

function replacedShared(layer: SharedLayer, pick: Pick): SharedLayer {
  const { name } = layer;
  switch (layer.kind) {
    case 'conv2d':
    case 'dense':
      return {
        ...layer,
        kernel: { shape: layer.kernel.shape, data: pick(name, 'kernel', layer.kernel.data) },
        bias: layer.bias === null ? null : pick(name, 'bias', layer.bias),
      };
    case 'batchNorm':
      return {
        ...layer,
        gamma: pick(name, 'gamma', layer.gamma),
        beta: pick(name, 'beta', layer.beta),
        mean: pick(name, 'mean', layer.mean),
        variance: pick(name, 'variance', layer.variance),
      };
    case 'add':
      return { ...layer, scales: pick(name, 'scales', layer.scales) };
    default:
      return layer;
  }
}
