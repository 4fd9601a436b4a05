import type { InputLayer } from '../../../schemas/ann.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { noParameters } from './emission.js';
import type { Value } from './graph.js';
import { Signal } from './signal.js';

/** Normalises the image [N, H, W, C] per channel, (x − mean)/std, and turns it to [N, C, H, W]. */
export function emitInput({ mean, std, shape }: InputLayer, { graph }: EmissionContext, image: Value): LayerEmission {
  const perChannel = (values: readonly number[]): Value =>
    graph.constant(Float32Array.from(values), [1, shape[2], 1, 1]);
  const turned = graph.transpose(image, [0, 3, 1, 2]);
  const normalised = graph.binary('Div', graph.sub(turned, perChannel(mean)), perChannel(std));
  return {
    output: Signal.merged(graph, normalised, 1),
    backward(upstream) {
      const gradient = graph.binary('Div', upstream.merged, perChannel(std));
      const back = graph.transpose(gradient, [0, 2, 3, 1]);
      return { inputs: [Signal.merged(graph, back, 1)], parameters: noParameters };
    },
  };
}
