import type { EmissionContext, LayerEmission } from './emission.js';
import { noParameters } from './emission.js';
import { Signal } from './signal.js';

/** Rectified linear unit, an ANN's activation and an SNN's in activation mode. */
export function emitActivation({ graph }: EmissionContext, input: Signal): LayerEmission {
  const output = input.map((part) => graph.unary('Relu', part));
  return {
    output,
    backward(upstream) {
      const zero = graph.constant(0);
      const below = upstream.parts.map((part, t) =>
        graph.mul(part, graph.asFloat(graph.binary('Greater', output.at(t), zero))),
      );
      return { inputs: [Signal.ofParts(graph, below)], parameters: noParameters };
    },
  };
}
