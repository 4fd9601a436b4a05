import type { SnnGraph, SnnLayer } from '../schemas/snn.js';
import type { FloatSpikeGraph } from '../schemas/spike.js';
import type { Target, TargetArithmetic } from '../schemas/target.js';
import { tapRates } from './calibration.js';
import { biasExponent, DECAY_UNIT, integerDecay, integerThreshold, nearestMantissa, roundHalfAway } from './grid.js';
import { type LayerInputs, layerInputs } from './layer-inputs.js';
import { lower } from './lower.js';
import { doesNotFit, requireSupported } from './quantise.js';
import { type Raised, raise } from './raise.js';
import { chooseScale, exactScale, type LayerScale, scaleAt, weightUnit } from './scale.js';

/** Arrays by parameter name, as engines name them: `${layer}.kernel|bias|threshold|scales`. */
export type NamedArrays = ReadonlyMap<string, Float32Array>;

/** A network in the form in which it can be trained on a chip's grid. */
export interface TrainingGrid {
  /** Its layers are what the chip holds (`raise`); weights lie off the grid still. */
  readonly snn: SnnGraph;
  /** The parameters that the chip would hold for these, all of `snn`'s. Those of drives, which the host computes, stay. */
  round(parameters: NamedArrays): Map<string, Float32Array>;
}

/**
 * Prepares a network for training on a target's grid. Every population gets a scale that is a power of two, so that
 * float32 sums are the chip's integers times that power: for it a spiking population is multiplied, weights, bias, drive
 * and threshold together, by a factor within ±√2, which changes no spike; a readout, whose logits cannot change, takes
 * the next lower power. Leaks become the target's. Norms are folded with the statistics they have and are not trained on.
 * Throws SW2001, SW2002, SW2010…SW2013, SW2015 and SW2016.
 */
export function trainingGrid(snn: SnnGraph, target: Target): TrainingGrid {
  const { arithmetic } = target;
  let graph = lower(snn);
  const scales = new Map<string, LayerScale>();
  for (const { name, kind } of graph.populations) {
    const inputs = inputsOf(graph, name);
    requireSupported(inputs.population, graph, target);
    const best = chooseScale(inputs, arithmetic, graph.timesteps);
    if (best === null) throw doesNotFit(inputs, target);
    const exponent = Math.log2(best.scale);
    const power = 2 ** (kind === 'readout' ? Math.floor(exponent) : Math.round(exponent));
    graph = scaled(graph, name, kind === 'readout' ? 1 : best.scale / power, arithmetic);
    const found = scaleAt(power, best.weightExponent, inputsOf(graph, name), arithmetic);
    if (found === null) throw doesNotFit(inputs, target);
    scales.set(name, found);
  }
  const drives = graph.drives.map((drive) => {
    const { scale, driveExponent } = scales.get(drive.population)!;
    return { ...drive, scale, grid: { mantissaMax: arithmetic.bias!.mantissaMax, exponent: driveExponent } };
  });
  const leaking = graph.populations.filter(({ decay }) => decay.data.some((value) => value !== 0));
  const units = new Map(leaking.map(({ name }) => [name, 1 / scales.get(name)!.scale]));
  const raised = raise({ ...graph, drives }, units);
  return { snn: raised.snn, round: (parameters) => roundAll(raised, scales, parameters, arithmetic) };
}

/**
 * The network with drives rounded and membranes cut as the compiler will have it; of one whose parameters are on the
 * target's grid.
 */
export function withChipUnits(snn: SnnGraph, { arithmetic }: Target): SnnGraph {
  const graph = lower(snn);
  const scales = new Map<string, LayerScale>();
  for (const { name } of graph.populations) {
    const exact = exactScale(inputsOf(graph, name), arithmetic, graph.timesteps);
    if (exact !== null) scales.set(name, exact);
  }
  const layers = snn.layers.map((layer): SnnLayer => {
    const own = scales.get(layer.kind === 'grid' ? layer.name.slice(0, -'.grid'.length) : layer.name);
    if (own === undefined) return layer;
    if (layer.kind === 'grid') return { ...layer, step: 2 ** own.driveExponent / own.scale };
    return layer.kind === 'neuron' && layer.unit !== undefined ? { ...layer, unit: 1 / own.scale } : layer;
  });
  return { ...snn, layers };
}

function inputsOf(graph: FloatSpikeGraph, name: string): LayerInputs {
  const rates = graph.projections.filter(({ to }) => to === name).map((own) => tapRates(graph, own, null));
  return layerInputs(graph, graph.populations.find((population) => population.name === name)!, rates);
}

/** A population times a factor, its leak the one nearest that the target has. */
function scaled(graph: FloatSpikeGraph, name: string, factor: number, arithmetic: TargetArithmetic): FloatSpikeGraph {
  const times = (data: Float32Array): Float32Array => data.map((value) => value * factor);
  return {
    ...graph,
    populations: graph.populations.map((population) => {
      if (population.name !== name) return population;
      const { threshold, bias, decay } = population;
      return {
        ...population,
        threshold: { ...threshold, data: times(threshold.data) },
        bias: { ...bias, data: times(bias.data) },
        decay: { ...decay, data: decay.data.map((value) => integerDecay(value, arithmetic) / DECAY_UNIT) },
      };
    }),
    projections: graph.projections.map((projection) => {
      const { kernel } = projection;
      return projection.to === name ? { ...projection, kernel: { ...kernel, data: times(kernel.data) } } : projection;
    }),
    drives: graph.drives.map((drive) => {
      if (drive.population !== name) return drive;
      return { ...drive, kernel: { ...drive.kernel, data: times(drive.kernel.data) }, bias: times(drive.bias) };
    }),
  };
}

function roundAll(
  { snn, terms, biases }: Raised,
  scales: ReadonlyMap<string, LayerScale>,
  parameters: NamedArrays,
  arithmetic: TargetArithmetic,
): Map<string, Float32Array> {
  const rounded = new Map(parameters);
  const change = (name: string, values: (given: Float32Array) => Float32Array): void => {
    const given = parameters.get(name);
    if (given !== undefined) rounded.set(name, values(given));
  };
  for (const [population, grids] of scales) {
    const unit = weightUnit(arithmetic, grids) / grids.scale;
    for (const { layer, gain } of terms.get(population)!) {
      const step = unit / gain;
      const { mantissaMax } = arithmetic.weight;
      change(`${layer}.kernel`, (data) => data.map((value) => nearestMantissa(value / step, mantissaMax) * step));
    }
    const bias = biases.get(population);
    if (bias !== undefined) change(`${bias}.bias`, (data) => roundBias(data, grids.scale, arithmetic));
    change(`${population}.threshold`, (data) =>
      data.map((value) => heldThreshold(value * grids.scale, arithmetic) / grids.scale),
    );
  }
  // Sums of projections have no weights of their own.
  for (const { kind, name } of snn.layers) if (kind === 'add') change(`${name}.scales`, (data) => data.map(() => 1));
  return rounded;
}

function roundBias(data: Float32Array, scale: number, { bias, biasGate, weight }: TargetArithmetic): Float32Array {
  if (!biasGate || bias === null) {
    return data.map((value) => (roundHalfAway((value * scale) / weight.step) * weight.step) / scale);
  }
  const most = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) * scale;
  const unit = 2 ** (biasExponent(most, bias) ?? bias.exponentMax);
  return data.map((value) => (nearestMantissa((value * scale) / unit, bias.mantissaMax) * unit) / scale);
}

/** The threshold nearest to `wanted` that the chip can hold. */
function heldThreshold(wanted: number, arithmetic: TargetArithmetic): number {
  const { mantissaMax, step } = arithmetic.threshold;
  return integerThreshold(wanted, 1, arithmetic) ?? mantissaMax * step + (arithmetic.compare === '>' ? 1 : 0);
}
