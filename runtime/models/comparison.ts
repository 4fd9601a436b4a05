import type { SnnGraph, SnnLayer } from '../../schemas/snn.js';

/** Half of all chances for an input of 1, as in the published code of BNTT. */
const POISSON_GAIN = 0.5;

/** The SNN with its normalised image drawn as spikes (method: baselines); to compare with, not for chips. */
export function withPoissonInput(graph: SnnGraph): SnnGraph {
  const [input, ...rest] = graph.layers as readonly [SnnLayer, ...SnnLayer[]];
  const poisson: SnnLayer = { kind: 'poisson', name: `${input.name}/spikes`, inputs: [input.name], gain: POISSON_GAIN };
  const readers = rest.map((layer): SnnLayer => {
    if (layer.kind === 'input') return layer;
    const inputs = layer.inputs.map((name) => (name === input.name ? poisson.name : name));
    return { ...layer, inputs } as SnnLayer;
  });
  return { ...graph, layers: [input, poisson, ...readers] };
}

/** The SNN with a norm for each timestep where it had one for all (BNTT), every step starting with the same. */
export function withStepNorms(graph: SnnGraph): SnnGraph {
  const layers = graph.layers.map((layer): SnnLayer => {
    if (layer.kind !== 'batchNorm') return layer;
    const { name, inputs, gamma, mean, variance, epsilon, momentum } = layer;
    const steps = Array.from({ length: graph.timesteps }, () => ({ gamma, mean, variance }));
    return { kind: 'stepNorm', name, inputs, steps, epsilon, momentum };
  });
  return { ...graph, layers };
}
