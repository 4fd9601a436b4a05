import type { NeuronLayer } from '../../../schemas/snn.js';
import type { Surrogate } from '../surrogate.js';
import { emitActivation } from './activation.js';
import type { EmissionContext, LayerEmission, LayerGradients } from './emission.js';
import { inputName } from './emission.js';
import type { Graph, Value } from './graph.js';
import { gradientOver, Signal } from './signal.js';
import { surrogateInputs } from './surrogate-numbers.js';

/**
 * Spiking neurons over all T steps: v⁻ₜ = leak·v⁺ₜ₋₁ + aₜ, sₜ = (v⁻ₜ ≥ θ). Gradient flows through spikes and membrane, the
 * reset included. In activation mode a rectified linear unit stands in their place.
 */
export function emitNeuron(layer: NeuronLayer, context: EmissionContext, input: Signal): LayerEmission {
  const { graph, timesteps, form } = context;
  if (form === 'activation') return emitActivation(context, input);
  const { leak, reset } = layer;
  const threshold = graph.input(inputName(layer.name, 'threshold'), [], 'parameter');
  const membranes: Value[] = [];
  const spikes: Value[] = [];
  let kept: Value | null = null;
  for (let t = 0; t < timesteps; t += 1) {
    const membrane: Value = kept === null ? input.at(t) : graph.add(leaked(graph, layer, kept), input.at(t));
    const spike = graph.asFloat(graph.binary('GreaterOrEqual', membrane, threshold));
    kept = graph.sub(membrane, graph.mul(spike, reset === 'hard' ? membrane : threshold));
    membranes.push(membrane);
    spikes.push(spike);
  }
  const output = Signal.ofParts(graph, spikes);

  // With g⁺ₜ the gradient at v⁺ₜ, gᵤ that at z through the spike: hard reset v⁺ = v⁻·(1 − s) gives gᵤ = h'(z)·(up − v⁻·g⁺)
  // and g⁻ = gᵤ + (1 − s)·g⁺; soft reset v⁺ = v⁻ − θ·s gives gᵤ = h'(z)·(up − θ·g⁺), g⁻ = gᵤ + g⁺ and −s·g⁺ for θ.
  function backward(upstream: Signal) {
    const gradients: Value[] = [];
    const toThreshold: Value[] = [];
    let after: Value | null = null;
    for (let t = timesteps - 1; t >= 0; t -= 1) {
      const membrane = membranes[t]!;
      const slope = pseudoDerivative(graph, form, graph.sub(membrane, threshold), 1);
      const passed = (value: Value): Value => (slope === null ? value : graph.mul(slope, value));
      let gradient: Value;
      if (after === null) {
        gradient = passed(upstream.at(t));
        toThreshold.push(graph.sum(gradient));
      } else if (reset === 'hard') {
        const atDistance = passed(graph.sub(upstream.at(t), graph.mul(membrane, after)));
        const silent = graph.asFloat(graph.binary('Less', membrane, threshold));
        gradient = graph.add(atDistance, graph.mul(silent, after));
        toThreshold.push(graph.sum(atDistance));
      } else {
        const atDistance = passed(graph.sub(upstream.at(t), graph.mul(threshold, after)));
        const spike = graph.asFloat(graph.binary('GreaterOrEqual', membrane, threshold));
        gradient = graph.add(atDistance, after);
        toThreshold.push(graph.sum(graph.add(atDistance, graph.mul(spike, after))));
      }
      gradients.unshift(gradient);
      after = graph.scale(gradient, leak);
    }
    const atThreshold = graph.unary('Neg', graph.total(toThreshold));
    return { inputs: [gradientOver(graph, gradients, input.steps)], parameters: new Map([['threshold', atThreshold]]) };
  }

  return {
    output,
    backward: form === 'rate' ? (upstream) => rateBackward(graph, membranes, threshold, input, upstream) : backward,
  };
}

/** What a step leaves of the membrane. */
export function leaked(graph: Graph, { leak, unit }: NeuronLayer, membrane: Value): Value {
  const left = graph.scale(membrane, leak);
  if (unit === undefined || leak === 1) return left;
  const units = graph.unary('Floor', graph.scale(graph.unary('Abs', left), 1 / unit));
  return graph.scale(graph.mul(graph.unary('Sign', left), units), unit);
}

/** BPTR: past each neuron that ever fired. */
export function rateBackward(
  graph: Graph,
  membranes: readonly Value[],
  threshold: Value,
  input: Signal,
  upstream: Signal,
): LayerGradients {
  const fired = membranes.map((membrane) => graph.asFloat(graph.binary('GreaterOrEqual', membrane, threshold)));
  const ever = fired.reduce((most, each) => graph.apply('Max', [most, each], each.shape));
  const gradients = upstream.parts.map((part) => graph.mul(part, ever));
  const none = graph.apply('Identity', [graph.constant(0)], []);
  return { inputs: [gradientOver(graph, gradients, input.steps)], parameters: new Map([['threshold', none]]) };
}

/**
 * The spike's pseudo-derivative by its membrane, h'(distance/scale)/scale, where `scale` is the number of the distance's
 * units in one of the surrogate's; null is 1.
 */
export function pseudoDerivative(graph: Graph, form: Surrogate['form'], distance: Value, scale: number): Value | null {
  const number = (name: string): Value => graph.input(name, [], 'pass');
  switch (form) {
    case 'triangular': {
      const width = graph.scale(number(surrogateInputs.width), scale);
      const height = graph.unary('Reciprocal', graph.mul(width, width));
      return graph.mul(graph.unary('Relu', graph.sub(width, graph.unary('Abs', distance))), height);
    }
    case 'exponential': {
      const slope = graph.scale(number(surrogateInputs.slope), 1 / scale);
      const falling = graph.mul(graph.unary('Abs', distance), graph.unary('Neg', slope));
      return graph.mul(graph.unary('Exp', falling), graph.scale(number(surrogateInputs.dampening), 1 / scale));
    }
    case 'rectangular': {
      const width = graph.scale(number(surrogateInputs.width), scale);
      const isInside = graph.binary('Less', graph.unary('Abs', distance), graph.scale(width, 0.5));
      return graph.mul(graph.asFloat(isInside), graph.unary('Reciprocal', width));
    }
    case 'straightThrough':
      return scale === 1 ? null : graph.constant(1 / scale);
    case 'rate':
    case 'activation':
      throw new Error(`the form ${form} has no pseudo-derivative`);
  }
}
