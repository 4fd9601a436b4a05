import type { DropoutLayer } from '../../../schemas/ann.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { inputName, noParameters } from './emission.js';
import { gradientOver, Signal } from './signal.js';

/**
 * Multiplies by a mask that the pass is given, [T·N, …] in the order of maps elsewhere (channel last), each timestep with
 * its own draws; the identity where the pass has no masks.
 */
export function emitDropout(layer: DropoutLayer, context: EmissionContext, input: Signal): LayerEmission {
  const { graph, timesteps, batch } = context;
  if (!drawsMask(layer, context)) {
    return { output: input, backward: (upstream) => ({ inputs: [upstream], parameters: noParameters }) };
  }
  const [, ...own] = input.shape;
  const [channels, pixels] = [own[0]!, own.slice(1)];
  const given = graph.input(inputName(layer.name, 'mask'), [timesteps * batch, ...pixels, channels], 'pass');
  const mask = Signal.merged(graph, pixels.length === 0 ? given : graph.transpose(given, [0, 3, 1, 2]), timesteps);
  return {
    output: Signal.ofParts(
      graph,
      mask.parts.map((part, t) => graph.mul(part, input.at(t))),
    ),
    backward(upstream) {
      const below = mask.parts.map((part, t) => graph.mul(part, upstream.at(t)));
      return { inputs: [gradientOver(graph, below, input.steps)], parameters: noParameters };
    },
  };
}

/** Whether a dropout layer takes part in a pass. */
function drawsMask({ rate }: DropoutLayer, { mode, dropsOut }: Pick<EmissionContext, 'mode' | 'dropsOut'>): boolean {
  return mode === 'train' && dropsOut && rate > 0;
}
