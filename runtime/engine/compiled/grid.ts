import type { GridLayer } from '../../../schemas/snn.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { noParameters } from './emission.js';
import type { Signal } from './signal.js';

/** Rounds to a grid, halves away from zero; the gradient passes straight through. */
export function emitGrid({ step, mantissaMax }: GridLayer, { graph }: EmissionContext, input: Signal): LayerEmission {
  const output = input.map((part) => {
    const size = graph.add(graph.scale(graph.unary('Abs', part), 1 / step), graph.constant(0.5));
    const mantissa = graph.apply('Min', [graph.unary('Floor', size), graph.constant(mantissaMax)], part.shape);
    return graph.scale(graph.mul(graph.unary('Sign', part), mantissa), step);
  });
  return { output, backward: (upstream) => ({ inputs: [upstream], parameters: noParameters }) };
}
