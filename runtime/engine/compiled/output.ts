import type { EmissionContext, LayerEmission } from './emission.js';
import { noParameters } from './emission.js';
import { Signal } from './signal.js';

/** The logits [N, classes]: the mean of the input over time. */
export function emitOutput({ graph }: EmissionContext, input: Signal): LayerEmission {
  const { steps } = input;
  const mean = graph.scale(graph.total(input.parts), 1 / steps);
  return {
    output: Signal.merged(graph, mean, 1),
    backward(upstream) {
      const share = graph.scale(upstream.merged, 1 / steps);
      return {
        inputs: [
          Signal.ofParts(
            graph,
            Array.from({ length: steps }, () => share),
          ),
        ],
        parameters: noParameters,
      };
    },
  };
}
