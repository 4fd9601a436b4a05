import type { AddLayer } from '../../../schemas/ann.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { inputName } from './emission.js';
import type { Value } from './graph.js';
import { gradientOver, Signal } from './signal.js';

/** Weighted sum of signals of one shape, a trainable scale each; one of a single step is the same at each timestep. */
export function emitAdd(layer: AddLayer, { graph, device }: EmissionContext, inputs: readonly Signal[]): LayerEmission {
  const parameter = graph.input(inputName(layer.name, 'scales'), [inputs.length], 'parameter');
  const scales = graph.split(parameter, inputs.length);
  const steps = Math.max(...inputs.map((input) => input.steps));
  const alike = inputs.every((input) => input.steps === steps) ? device : 'cpu';
  // A signal of one step is scaled once.
  const scaled = inputs.map((input, k) => input.blocks(alike).map((part) => graph.mul(part, scales[k]!)));
  const pieces = Math.max(...scaled.map(({ length }) => length));
  const outputs = Array.from({ length: pieces }, (_, t) =>
    graph.total(scaled.map((own) => own[own.length === 1 ? 0 : t]!)),
  );
  const output = Signal.ofBlocks(graph, outputs, steps);
  output.keep();
  return {
    output,
    backward(upstream) {
      const perInput = inputs.map((input) =>
        input.steps === steps ? upstream : gradientOver(graph, upstream.parts, input.steps),
      );
      const below = perInput.map((gradient, k) =>
        Signal.ofBlocks(
          graph,
          gradient.blocks(alike).map((part) => graph.mul(part, scales[k]!)),
          gradient.steps,
        ),
      );
      const all = (value: Value): Value => graph.reshape(graph.sum(value), [1]);
      const toScales = perInput.map((gradient, k) => {
        const own = inputs[k]!.blocks(alike);
        return graph.total(gradient.blocks(alike).map((part, t) => all(graph.mul(part, own[t]!))));
      });
      return { inputs: below, parameters: new Map([['scales', graph.concat(toScales, 0)]]) };
    },
  };
}
