import type { StepNormLayer } from '../../../schemas/snn.js';
import { stepNorms, stepsUsed } from '../step-norms.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import type { Value } from './graph.js';
import { emitNorm } from './norm.js';
import { gradientOver, Signal } from './signal.js';

/** A norm for each timestep, with parameters gamma0, mean0, variance0 … */
export function emitStepNorm(layer: StepNormLayer, context: EmissionContext, input: Signal): LayerEmission {
  const { graph, form } = context;
  const used = stepsUsed([...stepNorms(layer).entries()], form === 'activation');
  const each = used.map(([t, norm], k) => {
    return emitNorm(norm, { ...context, timesteps: 1 }, Signal.ofParts(graph, [input.at(k)]), `${t}`);
  });
  const named = (maps: readonly ReadonlyMap<string, Value>[], left: string): ReadonlyMap<string, Value> =>
    new Map(
      maps.flatMap((map, k) =>
        [...map].flatMap(([name, value]) => (name === left ? [] : [[`${name}${used[k]![0]}`, value] as const])),
      ),
    );
  return {
    output: Signal.ofParts(
      graph,
      each.map(({ output }) => output.at(0)),
    ),
    updates: named(
      each.map(({ updates }) => updates ?? new Map()),
      '',
    ),
    backward(upstream) {
      const found = each.map((norm, k) => norm.backward(Signal.ofParts(graph, [upstream.at(k)])));
      const below = found.map(({ inputs }) => inputs[0]!.at(0));
      return {
        inputs: [gradientOver(graph, below, input.steps)],
        parameters: named(
          found.map(({ parameters }) => parameters),
          'beta',
        ),
      };
    },
  };
}
