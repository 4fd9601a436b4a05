import { type Diagnostic, diagnostic, failure, type Result } from '../schemas/diagnostic.js';
import type {
  Drive,
  FloatSpikeGraph,
  IntegerSpikeGraph,
  ParameterTable,
  Population,
  Projection,
} from '../schemas/spike.js';
import type { Target, TargetArithmetic } from '../schemas/target.js';
import { DECAY_UNIT, integerDecay, integerThreshold, nearestMantissa, roundHalfAway } from './grid.js';
import { type LayerInputs, layerInputs } from './layer-inputs.js';
import { bounds, chooseScale, type LayerScale, valueGrid, weightUnit } from './scale.js';

/** What was decided for one population, and what it costs. Errors are in units of the trained network. */
export interface QuantisationRow {
  readonly population: string;
  /** Membrane units per trained unit. */
  readonly scale: number;
  readonly weightExponent: number;
  /** Membrane units of one unit of the weight mantissa. */
  readonly weightUnit: number;
  /** Largest |mantissa| of a weight. */
  readonly weightMax: number;
  /** Root of the mean squared weight error. */
  readonly weightErrorRms: number;
  /** Weights larger than the largest mantissa, in percent of all. */
  readonly clippedPercent: number;
  /** Σw² over Σ(weight error)²; null without weights or without error. */
  readonly sqnrDecibels: number | null;
  /** As the integer graph compares it, in membrane units; null of a readout or where thresholds differ. */
  readonly threshold: number | null;
  readonly biasErrorMax: number;
  /** Of the drive's grid mantissa·2^exponent; null without a drive. */
  readonly driveExponent: number | null;
  /** Largest magnitude of one step's input, whatever fires, in membrane units; proven where the target's bound holds. */
  readonly inputBound: number;
  readonly inputProven: boolean;
  /** Largest magnitude of a membrane, whatever fires, in membrane units; proven where it cannot saturate. */
  readonly membraneBound: number;
  readonly membraneProven: boolean;
}

export interface Quantised {
  readonly graph: IntegerSpikeGraph;
  readonly rows: readonly QuantisationRow[];
}

/**
 * Puts weights, thresholds, biases and drives on the chip's grids, one scale per population.
 *
 * Before: a sound float graph. After: every kernel entry is mantissa·step·2^exponent with one exponent per population;
 * thresholds are what the chip can compare with; a bias is a multiple of the weight step (its axons add it) or, where
 * the chip can gate it, mantissa·2^exponent; the drive's grid is set and no image with pixels in [0, 1] can leave it.
 * Multiplying a population's weights, biases, drive and thresholds by a power of two changes no integer.
 * Throws SW2010 (reset), SW2011 (tables by timestep), SW2012 (no constant current), SW2013 (no scale fits), SW2015 (a
 * leak that the grid has not); warns SW2014
 * where the input's bound, and notes where the membrane's, could not be proven.
 */
export function quantise(graph: FloatSpikeGraph, target: Target): Result<Quantised> {
  const { arithmetic } = target;
  const populations: Population<Int32Array>[] = [];
  const projections: Projection<Int32Array>[] = [];
  const drives: Drive[] = [];
  const rows: QuantisationRow[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const population of graph.populations) {
    requireSupported(population, graph, target);
    const inputs = layerInputs(graph, population);
    const scale = chooseScale(inputs, arithmetic, graph.timesteps);
    if (scale === null) throw doesNotFit(inputs, target);
    const quantised = quantisePopulation(inputs, scale, arithmetic);
    const kernels = inputs.projections.map((projection) => quantiseProjection(projection, scale, arithmetic));
    populations.push(quantised);
    projections.push(...kernels);
    if (inputs.drive !== null) {
      const mantissaMax = arithmetic.bias!.mantissaMax;
      drives.push({ ...inputs.drive, scale: scale.scale, grid: { mantissaMax, exponent: scale.driveExponent } });
    }
    const row = describe(inputs, scale, quantised, kernels, target, graph.timesteps);
    rows.push(row);
    diagnostics.push(...boundDiagnostics(row, target));
  }
  const order = new Map(projections.map((projection) => [projection.name, projection]));
  const integer: IntegerSpikeGraph = {
    kind: 'spike',
    name: graph.name,
    timesteps: graph.timesteps,
    populations,
    projections: graph.projections.map(({ name }) => order.get(name)!),
    drives,
    membraneMax: arithmetic.membraneMax,
  };
  return { value: { graph: integer, rows }, diagnostics };
}

function requireSupported(population: Population<Float32Array>, graph: FloatSpikeGraph, target: Target): void {
  const { arithmetic, name } = target;
  const where = `layer ${population.name}`;
  if (population.kind === 'spiking' && !arithmetic.resets.includes(population.reset)) {
    throw failure('SW2010', {
      where,
      what: `needs ${population.reset} reset; ${name} has ${arithmetic.resets.join(' and ')} reset only.`,
      why:
        population.reset === 'soft'
          ? 'There a soft reset takes a second compartment and a recurrent weight per neuron, which this compiler does not build.'
          : 'The chip’s compartments have other resets only.',
    });
  }
  const tables = ['decay', 'threshold', 'bias'] as const;
  const stepped = tables.find((table) => population[table].rows > 1);
  if (stepped !== undefined && !arithmetic.perStepTables) {
    throw failure('SW2011', {
      where,
      what: `its ${stepped} changes over ${population[stepped].rows} timesteps; ${name} holds one value.`,
    });
  }
  const lost = population.decay.data.find((decay) => {
    return decay > 0 && decay < 1 && integerDecay(decay, arithmetic) % DECAY_UNIT === 0;
  });
  if (lost !== undefined) {
    const bits = `${arithmetic.decayBits} ${arithmetic.decayBits === 1 ? 'bit' : 'bits'}`;
    throw failure('SW2015', {
      where,
      what: `loses ${lost} of its membrane a timestep; ${name} has decays of ${bits}.`,
    });
  }
  const driven = graph.drives.some((drive) => drive.population === population.name);
  if (driven && arithmetic.bias === null) {
    throw failure('SW2012', { where, what: `receives the image as a constant current, which ${name} has not.` });
  }
}

function quantisePopulation(
  inputs: LayerInputs,
  scale: LayerScale,
  arithmetic: TargetArithmetic,
): Population<Int32Array> {
  const { population } = inputs;
  const grid = valueGrid(inputs, arithmetic, scale);
  const biasUnit = arithmetic.biasGate ? 2 ** scale.biasExponent : arithmetic.weight.step;
  const threshold =
    population.kind === 'readout'
      ? population.threshold.data.map(() => 0)
      : // The scale was chosen so that every threshold fits.
        population.threshold.data.map((value) => integerThreshold(value * scale.scale, grid, arithmetic)!);
  return {
    ...population,
    scale: scale.scale,
    decay: integerTable(population.decay, (value) => integerDecay(value, arithmetic)),
    threshold: { ...population.threshold, data: Int32Array.from(threshold) },
    bias: integerTable(population.bias, (value) => roundHalfAway((value * scale.scale) / biasUnit) * biasUnit),
  };
}

function integerTable(
  table: ParameterTable<Float32Array>,
  round: (value: number) => number,
): ParameterTable<Int32Array> {
  const { rows, columns } = table;
  return { rows, columns, data: Int32Array.from(table.data, round) };
}

function quantiseProjection(
  projection: Projection<Float32Array>,
  scale: LayerScale,
  arithmetic: TargetArithmetic,
): Projection<Int32Array> {
  const unit = weightUnit(arithmetic, scale);
  const perMantissa = unit / scale.scale;
  const { mantissaMax } = arithmetic.weight;
  const data = Int32Array.from(
    projection.kernel.data,
    (weight) => nearestMantissa(weight / perMantissa, mantissaMax) * unit,
  );
  return { ...projection, kernel: { shape: projection.kernel.shape, data } };
}

function describe(
  inputs: LayerInputs,
  scale: LayerScale,
  quantised: Population<Int32Array>,
  kernels: readonly Projection<Int32Array>[],
  { arithmetic }: Target,
  timesteps: number,
): QuantisationRow {
  const unit = weightUnit(arithmetic, scale);
  let power = 0;
  let noise = 0;
  let clipped = 0;
  let count = 0;
  let weightMax = 0;
  kernels.forEach(({ kernel }, index) => {
    inputs.projections[index]!.kernel.data.forEach((weight, k) => {
      const mantissa = kernel.data[k]! / unit;
      const error = (mantissa * unit) / scale.scale - weight;
      power += weight * weight;
      noise += error * error;
      count += 1;
      weightMax = Math.max(weightMax, Math.abs(mantissa));
      if (Math.abs((weight * scale.scale) / unit) > arithmetic.weight.mantissaMax + 0.5) clipped += 1;
    });
  });
  const biasErrorMax = quantised.bias.data.reduce(
    (most, bias, k) => Math.max(most, Math.abs(bias / scale.scale - inputs.population.bias.data[k]!)),
    0,
  );
  const { input, membrane } = integerBounds(inputs, quantised, kernels, scale, timesteps);
  return {
    population: quantised.name,
    scale: scale.scale,
    weightExponent: scale.weightExponent,
    weightUnit: unit,
    weightMax,
    weightErrorRms: count === 0 ? 0 : Math.sqrt(noise / count),
    clippedPercent: count === 0 ? 0 : (100 * clipped) / count,
    sqnrDecibels: power === 0 || noise === 0 ? null : 10 * Math.log10(power / noise),
    threshold:
      quantised.kind === 'spiking' && quantised.threshold.data.length === 1 ? quantised.threshold.data[0]! : null,
    biasErrorMax,
    driveExponent: inputs.drive === null ? null : scale.driveExponent,
    inputBound: input,
    inputProven: input < (arithmetic.inputMax ?? Number.POSITIVE_INFINITY),
    membraneBound: membrane,
    membraneProven: membrane <= arithmetic.membraneMax,
  };
}

/** The bounds of the integers themselves: what was estimated while choosing the scale, now proven. */
function integerBounds(
  inputs: LayerInputs,
  quantised: Population<Int32Array>,
  kernels: readonly Projection<Int32Array>[],
  { scale, driveExponent }: LayerScale,
  timesteps: number,
): { readonly input: number; readonly membrane: number } {
  const channels = quantised.shape[2];
  const highest = new Float64Array(channels);
  const lowest = new Float64Array(channels);
  for (const { kernel, pool } of kernels) {
    kernel.data.forEach((weight, k) => {
      const bound = weight > 0 ? highest : lowest;
      bound[k % channels]! += weight * pool[0] * pool[1];
    });
  }
  const constant = quantised.bias.data.reduce((most, bias) => Math.max(most, Math.abs(bias)), 0);
  // Rounding moves a drive by at most half a step of its grid.
  const drive = inputs.drive === null ? 0 : inputs.driveMax * scale + 2 ** driveExponent / 2;
  return bounds({
    high: highest.reduce((most, value) => Math.max(most, value), 0) + constant + drive,
    low: -lowest.reduce((least, value) => Math.min(least, value), 0) + constant + drive,
    threshold: quantised.threshold.data.reduce((most, value) => Math.max(most, value), 0),
    timesteps,
    readout: quantised.kind === 'readout',
  });
}

function boundDiagnostics(row: QuantisationRow, { name, arithmetic }: Target): Diagnostic[] {
  const where = `layer ${row.population}`;
  const found: Diagnostic[] = [];
  if (!row.inputProven) {
    const what = `one step's input could reach ${number(row.inputBound)} membrane units; ${name} keeps it below ${number(arithmetic.inputMax!)}.`;
    found.push(diagnostic('SW2014', 'warning', { where, what }));
  }
  if (!row.membraneProven) {
    const what = `the membrane could reach ${number(row.membraneBound)} units and saturate at ${number(arithmetic.membraneMax)}.`;
    found.push(diagnostic('SW2014', 'note', { where, what }));
  }
  return found;
}

function doesNotFit({ population, weightMax }: LayerInputs, { name, arithmetic }: Target): Error {
  const { weight, threshold } = arithmetic;
  return failure('SW2013', {
    where: `layer ${population.name}`,
    what:
      `weights up to ${weightMax.toPrecision(3)} and thresholds up to ${Math.max(...population.threshold.data).toPrecision(3)} ` +
      `have no common scale; ${name} has weights of ±${weight.mantissaMax}·${weight.step}·2^(0…${weight.exponentMax}) ` +
      `and thresholds of up to ${number(threshold.mantissaMax * threshold.step)}.`,
  });
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}
