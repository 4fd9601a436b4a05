import type { ParameterTable, Population } from '../../../schemas/spike.js';
import type { MapShape } from '../../../schemas/tensor.js';
import { emitActivation } from '../../engine/compiled/activation.js';
import type { EmissionContext } from '../../engine/compiled/emission.js';
import type { Graph, Value } from '../../engine/compiled/graph.js';
import { pseudoDerivative } from '../../engine/compiled/neuron.js';
import { Signal } from '../../engine/compiled/signal.js';

/** Of the 12-bit factor of a decay. */
const DECAY_UNIT = 4096;

/** A population's part of a pass. */
export interface PopulationEmission {
  /** Spikes, or in activation mode values; of a readout its membrane after T steps, or the logits. */
  readonly output: Signal;
  /** From the gradient at the output (of a readout: at the logits) to that at the input current, in the graph's own units. */
  backward(upstream: Signal): Signal;
}

/**
 * The integer contract, steps 1 to 5, in float32: every value is an integer that float32 holds (`requireExact`). `inputs`
 * are what arrives, [N, C, H, W] at each of T steps or, from a drive, at all of them alike. Gradient flows through spikes,
 * membrane, reset and decay; rounding and saturation pass it straight through. Surrogates see (v − θ)/scale, the scale
 * being the channel's own.
 * `saturatesAt` is null where no membrane gets that far.
 */
export function emitPopulation(
  population: Population<Int32Array>,
  context: EmissionContext,
  inputs: readonly Signal[],
  saturatesAt: number | null,
): PopulationEmission {
  return context.form === 'activation'
    ? emitRectified(population, context, inputs)
    : emitSpiking(population, context, inputs, saturatesAt);
}

function emitSpiking(
  population: Population<Int32Array>,
  { graph, batch, timesteps, form }: EmissionContext,
  inputs: readonly Signal[],
  saturatesAt: number | null,
): PopulationEmission {
  const { kind, shape, scale, reset } = population;
  const row = (table: ParameterTable<Int32Array>, map: (value: number) => number) => (t: number) =>
    tableRow(graph, table, shape, t, map);
  const threshold = row(population.threshold, (value) => value);
  const shared = inSharedUnits(graph, population);
  const lost = population.decay.data.some((value) => value !== 0) ? population.decay : null;
  const currents = currentsOf(graph, population, [batch, shape[2], shape[0], shape[1]], inputs, timesteps);

  const membranes: Value[] = [];
  const spikes: Value[] = [];
  let kept: Value | null = null;
  for (const [t, current] of currents.entries()) {
    let membrane = current;
    if (kept !== null) {
      const remaining = lost === null ? kept : decayed(graph, kept, row(lost, (value) => DECAY_UNIT - value)(t));
      membrane = graph.add(remaining, current);
    }
    if (saturatesAt !== null) {
      const [low, high] = [graph.constant(-saturatesAt), graph.constant(saturatesAt)];
      membrane = graph.apply('Clip', [membrane, low, high], membrane.shape);
    }
    membranes.push(membrane);
    kept = membrane;
    if (kind === 'readout') continue;
    const spike = graph.asFloat(graph.binary('GreaterOrEqual', membrane, threshold(t)));
    spikes.push(spike);
    kept = graph.sub(membrane, graph.mul(spike, reset === 'hard' ? membrane : threshold(t)));
  }

  /** Times what a step leaves of the membrane. */
  const beforeDecay = (gradient: Value, t: number): Value =>
    lost === null ? gradient : graph.mul(gradient, row(lost, (value) => 1 - value / DECAY_UNIT)(t));

  function readoutBackward(upstream: Signal): Signal {
    const gradients: Value[] = [];
    let carried = graph.scale(upstream.merged, 1 / (scale * timesteps));
    for (let t = timesteps - 1; t >= 0; t -= 1) {
      gradients.unshift(carried);
      carried = beforeDecay(carried, t);
    }
    return Signal.ofParts(graph, gradients);
  }

  /** BPTR: past each neuron that ever fired. */
  function rateBackward(upstream: Signal): Signal {
    const fired = membranes.map((membrane, t) => graph.asFloat(graph.binary('GreaterOrEqual', membrane, threshold(t))));
    const ever = fired.reduce((most, each) => graph.apply('Max', [most, each], each.shape));
    const passed = shared(graph.scale(ever, 1 / scale));
    return upstreamParts(upstream, (part) => graph.mul(part, passed));
  }

  // As for neurons of the float network, but with the gradient taken in membrane units throughout: h'((v − θ)/scale)/scale.
  // Where channels have factors, h' sees its distance in units that they share, and the slope is turned back.
  function backward(upstream: Signal): Signal {
    const gradients: Value[] = [];
    let after: Value | null = null;
    for (let t = timesteps - 1; t >= 0; t -= 1) {
      const membrane = membranes[t]!;
      const slope = pseudoDerivative(graph, form, shared(graph.sub(membrane, threshold(t))), scale);
      const passed = (value: Value): Value => shared(slope === null ? value : graph.mul(value, slope));
      let gradient: Value;
      if (after === null) {
        gradient = passed(upstream.at(t));
      } else if (reset === 'hard') {
        const silent = graph.asFloat(graph.binary('Less', membrane, threshold(t)));
        gradient = graph.add(passed(graph.sub(upstream.at(t), graph.mul(membrane, after))), graph.mul(silent, after));
      } else {
        gradient = graph.add(passed(graph.sub(upstream.at(t), graph.mul(after, threshold(t)))), after);
      }
      gradients.unshift(gradient);
      after = beforeDecay(gradient, t);
    }
    return Signal.ofParts(graph, gradients);
  }

  const upstreamParts = (upstream: Signal, map: (part: Value) => Value): Signal =>
    Signal.ofParts(
      graph,
      membranes.map((_, t) => map(upstream.at(t))),
    );
  if (kind === 'readout') return { output: Signal.merged(graph, membranes.at(-1)!, 1), backward: readoutBackward };
  return { output: Signal.ofParts(graph, spikes), backward: form === 'rate' ? rateBackward : backward };
}

/** Rectified linear units without time, in units of the trained network: the bias is that of a mean step. */
function emitRectified(
  population: Population<Int32Array>,
  context: EmissionContext,
  inputs: readonly Signal[],
): PopulationEmission {
  const { graph, batch } = context;
  const { shape, scale, bias, kind } = population;
  const shared = inSharedUnits(graph, population);
  // Whole numbers are summed before they are divided: what cancels a drive exactly must leave exactly 0, where the unit turns.
  const sums = new Float32Array(bias.columns);
  for (const [k, value] of bias.data.entries()) sums[k % bias.columns]! += value;
  const mean = sums.map((sum) => sum / bias.rows);
  const offset = graph.constant(turned(mean, shape), columnShape(bias.columns, shape));
  const arriving =
    inputs.length === 0 ? [zeros(graph, [batch, shape[2], shape[0], shape[1]])] : inputs.map((input) => input.at(0));
  const current = shared(graph.scale(graph.add(graph.total(arriving), offset), 1 / scale));
  const rectified = kind === 'readout' ? null : emitActivation(context, Signal.merged(graph, current, 1));
  return {
    output: rectified?.output ?? Signal.merged(graph, current, 1),
    backward(upstream) {
      const atCurrent = rectified?.backward(upstream).inputs[0] ?? upstream;
      return atCurrent.map((part) => shared(graph.scale(part, 1 / scale)));
    },
  };
}

/** Divides by each channel's own factor, [N, C, H, W]; returns its argument where channels have none. */
function inSharedUnits(graph: Graph, { channelFactors }: Population<Int32Array>): (value: Value) => Value {
  if (channelFactors === undefined) return (value) => value;
  const inverse = graph.constant(
    channelFactors.map((factor) => 1 / factor),
    [1, channelFactors.length, 1, 1],
  );
  return (value) => graph.mul(value, inverse);
}

/** What a population's membranes are given at each step, bias included. */
function currentsOf(
  graph: Graph,
  { bias, shape }: Population<Int32Array>,
  full: readonly number[],
  inputs: readonly Signal[],
  timesteps: number,
): Value[] {
  const moving = inputs.filter(({ steps }) => steps > 1);
  const steady = inputs.filter(({ steps }) => steps === 1).map((input) => input.at(0));
  const hasBias = bias.data.some((value) => value !== 0);
  const biasRow = (t: number): Value => tableRow(graph, bias, shape, t, (value) => value);
  if (steady.length === 0 && moving.length === 0) steady.push(zeros(graph, full));
  // What is the same at every step is summed once.
  if (hasBias && bias.rows === 1 && steady.length > 0) steady.push(biasRow(0));
  const always = steady.length === 0 ? [] : [graph.total(steady)];
  const perStep = hasBias && !(bias.rows === 1 && steady.length > 0);
  return Array.from({ length: timesteps }, (_, t) =>
    graph.total([...moving.map((input) => input.at(t)), ...always, ...(perStep ? [biasRow(t)] : [])]),
  );
}

/**
 * sgn(v)·((|v|·factor) >> 12) for integers below 2^24: with |v| = 4096·h + l it is h·factor + ((l·factor) >> 12), and no
 * product passes 2^24.
 */
function decayed(graph: Graph, membrane: Value, factor: Value): Value {
  const magnitude = graph.unary('Abs', membrane);
  const high = graph.unary('Floor', graph.scale(magnitude, 1 / DECAY_UNIT));
  const low = graph.sub(magnitude, graph.scale(high, DECAY_UNIT));
  const lowKept = graph.unary('Floor', graph.scale(graph.mul(low, factor), 1 / DECAY_UNIT));
  return graph.mul(graph.unary('Sign', membrane), graph.add(graph.mul(high, factor), lowKept));
}

/** The row of a table for step t, to be broadcast over [N, C, H, W]. */
function tableRow(
  graph: Graph,
  { rows, columns, data }: ParameterTable<Int32Array>,
  shape: MapShape,
  t: number,
  map: (value: number) => number,
): Value {
  const start = rows === 1 ? 0 : t * columns;
  const values = Float32Array.from(data.subarray(start, start + columns), map);
  return graph.constant(turned(values, shape), columnShape(columns, shape));
}

/** Values by neuron from [H, W, C] to [C, H, W]; by channel or for all as they are. */
function turned(values: Float32Array, [height, width, channels]: MapShape): Float32Array {
  if (values.length === 1 || values.length === channels) return values;
  const pixels = height * width;
  return values.map((_, k) => values[(k % pixels) * channels + Math.floor(k / pixels)]!);
}

function columnShape(columns: number, [height, width, channels]: MapShape): readonly number[] {
  if (columns === 1) return [];
  return columns === channels ? [1, channels, 1, 1] : [1, channels, height, width];
}

function zeros(graph: Graph, shape: readonly number[]): Value {
  return graph.apply('Identity', [graph.constant(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)], shape);
}
