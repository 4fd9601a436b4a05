import type { Tensor } from 'onnxruntime-node';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { AnnLayer } from '../../../schemas/ann.js';
import { layerShapes } from '../../../schemas/layer-shapes.js';
import type { PoissonLayer, SnnLayer } from '../../../schemas/snn.js';
import { elementCount } from '../../../schemas/tensor.js';
import { poissonDraws } from '../poisson-draws.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { inputName, noParameters } from './emission.js';
import { float32Tensor } from './program.js';
import { gradientOver, Signal } from './signal.js';

/** Spikes drawn at random from a constant map, or its mean where time has no axis. */
export function emitPoisson(layer: PoissonLayer, context: EmissionContext, input: Signal): LayerEmission {
  const { graph, timesteps, form } = context;
  const { gain } = layer;
  if (form === 'activation') {
    return {
      output: input.map((part) => graph.scale(part, gain)),
      backward: (upstream) => ({
        inputs: [upstream.map((part) => graph.scale(part, gain))],
        parameters: noParameters,
      }),
    };
  }
  const [, channels, height, width] = input.shape as readonly [number, number, number, number];
  const given = graph.input(inputName(layer.name, 'draws'), [timesteps, height, width, channels], 'pass');
  const draws = graph.split(graph.transpose(given, [0, 3, 1, 2]), timesteps);
  const spikes = draws.map((draw, t) => {
    const likely = graph.scale(graph.unary('Abs', input.at(t)), gain);
    return graph.mul(graph.unary('Sign', input.at(t)), graph.asFloat(graph.binary('Greater', likely, draw)));
  });
  return {
    output: Signal.ofParts(graph, spikes),
    backward(upstream) {
      const below = upstream.parts.map((part) => graph.scale(part, gain));
      return { inputs: [gradientOver(graph, below, input.steps)], parameters: noParameters };
    },
  };
}

/** The draws of a pass by graph input. */
export function poissonThresholds(
  layers: readonly (AnnLayer | SnnLayer)[],
  timesteps: number,
  seed: number,
): [string, Tensor][] {
  const own = layers.filter((layer) => layer.kind === 'poisson');
  if (own.length === 0) return [];
  const shapes = layerShapes(layers);
  const random = xoroshiro128plus(seed);
  return own.map(({ name }) => {
    const shape = shapes.get(name)!;
    return [
      inputName(name, 'draws'),
      float32Tensor(poissonDraws(timesteps, elementCount(shape), random), [timesteps, ...shape]),
    ];
  });
}
