import type { AddLayer } from '../../../schemas/ann.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { inputName } from './emission.js';
import type { Value } from './graph.js';
import { gradientOver, Signal } from './signal.js';

/** Weighted sum of signals of one shape, a trainable scale each; one of a single step is the same at each timestep. */
export function emitAdd(layer: AddLayer, { graph }: EmissionContext, inputs: readonly Signal[]): LayerEmission {
  const parameter = graph.input(inputName(layer.name, 'scales'), [inputs.length], 'parameter');
  const scales = graph.split(parameter, inputs.length);
  const steps = Math.max(...inputs.map((input) => input.steps));
  // A signal of one step is scaled once.
  const scaled = inputs.map((input, k) =>
    Signal.ofParts(
      graph,
      input.parts.map((part) => graph.mul(part, scales[k]!)),
    ),
  );
  const outputs = Array.from({ length: steps }, (_, t) => graph.total(scaled.map((input) => input.at(t))));
  const output = Signal.ofParts(graph, outputs);
  output.keep();
  return {
    output,
    backward(upstream) {
      const perInput = inputs.map((input) => gradientOver(graph, upstream.parts, input.steps));
      const below = perInput.map((gradient, k) =>
        Signal.ofParts(
          graph,
          gradient.parts.map((part) => graph.mul(part, scales[k]!)),
        ),
      );
      const all = (value: Value): Value =>
        graph.reshape(
          graph.reduce(
            'ReduceSum',
            value,
            value.shape.map((_, axis) => axis),
            false,
          ),
          [1],
        );
      const toScales = perInput.map((gradient, k) =>
        graph.total(gradient.parts.map((part, t) => all(graph.mul(part, inputs[k]!.at(t))))),
      );
      return { inputs: below, parameters: new Map([['scales', graph.concat(toScales, 0)]]) };
    },
  };
}
