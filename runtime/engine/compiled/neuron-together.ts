import type { NeuronLayer } from '../../../schemas/snn.js';
import { emitActivation } from './activation.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { inputName } from './emission.js';
import type { Value } from './graph.js';
import { leaked, pseudoDerivative, rateBackward } from './neuron.js';
import { gradientOver, Signal } from './signal.js';

/**
 * Spiking neurons as `emitNeuron` has them, for a GPU: what need not wait for the step before is computed for all steps
 * at once, which leaves three nodes for a step forward and two or three back.
 */
export function emitNeuronTogether(layer: NeuronLayer, context: EmissionContext, input: Signal): LayerEmission {
  const { graph, timesteps, form } = context;
  if (form === 'activation') return emitActivation(context, input);
  const { leak, reset } = layer;
  const threshold = graph.input(inputName(layer.name, 'threshold'), [], 'parameter');
  const none = graph.constant(0);
  const membranes: Value[] = [];
  let kept: Value | null = null;
  for (let t = 0; t < timesteps; t += 1) {
    const membrane: Value = kept === null ? input.at(t) : graph.add(leaked(graph, layer, kept), input.at(t));
    const fires = graph.binary('GreaterOrEqual', membrane, threshold);
    const reduced = reset === 'hard' ? none : graph.sub(membrane, threshold);
    kept = graph.apply('Where', [fires, reduced, membrane], membrane.shape);
    membranes.push(membrane);
  }
  const all = graph.concat(membranes, 0);
  const output = Signal.merged(graph, graph.asFloat(graph.binary('GreaterOrEqual', all, threshold)), timesteps);

  // With h' the slope at a step's membrane and q = 1 − s what did not fire, the gradients that emitNeuron takes step by
  // step are gₜ = h'·up + (leak·gₜ₊₁)·k, where k = q − h'·v⁻ for a hard reset and k = 1 − h'·θ for a soft one; θ gets
  // −Σ(gₜ − q·leak·gₜ₊₁) either way. All but g is known for every step beforehand.
  function backward(upstream: Signal) {
    const slope = pseudoDerivative(graph, form, graph.sub(all, threshold), 1);
    const silent = graph.asFloat(graph.binary('Less', all, threshold));
    const sloped = (value: Value): Value => (slope === null ? value : graph.mul(slope, value));
    const direct = graph.split(sloped(upstream.merged), timesteps);
    const factor = reset === 'hard' ? graph.sub(silent, sloped(all)) : graph.sub(graph.constant(1), sloped(threshold));
    // Of a straight slope and a soft reset the factor is the same for all.
    const factors = factor.shape.length === 0 ? null : graph.split(factor, timesteps);
    const gradients: Value[] = [];
    const afters: Value[] = [];
    for (let t = timesteps - 1; t >= 0; t -= 1) {
      const [next] = gradients;
      if (next === undefined) {
        gradients.unshift(direct[t]!);
        continue;
      }
      const after = graph.scale(next, leak);
      afters.unshift(after);
      gradients.unshift(graph.add(direct[t]!, graph.mul(after, factors === null ? factor : factors[t]!)));
    }
    const merged = graph.concat(gradients, 0);
    const last = graph.mul(gradients.at(-1)!, none);
    const held = graph.mul(silent, graph.concat([...afters, last], 0));
    const atThreshold = graph.unary('Neg', graph.sum(graph.sub(merged, held)));
    const below =
      input.steps === timesteps ? Signal.merged(graph, merged, timesteps) : gradientOver(graph, gradients, input.steps);
    return { inputs: [below], parameters: new Map([['threshold', atThreshold]]) };
  }

  return {
    output,
    backward: form === 'rate' ? (upstream) => rateBackward(graph, membranes, threshold, input, upstream) : backward,
  };
}
