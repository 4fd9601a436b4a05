import { type Diagnostic, failure, type Result } from '../schemas/diagnostic.js';
import type {
  Drive,
  FloatSpikeGraph,
  IntegerSpikeGraph,
  ParameterTable,
  Population,
  Projection,
} from '../schemas/spike.js';
import type { Target, TargetArithmetic } from '../schemas/target.js';
import { type Calibration, type CalibrationImages, calibrate, tapRates, tapSample } from './calibration.js';
import { channelFactors, scaleChannels, snapFactors } from './channel-scale.js';
import { DECAY_UNIT, integerDecay, integerThreshold, roundHalfAway } from './grid.js';
import { type LayerInputs, layerInputs } from './layer-inputs.js';
import { measureOnChip } from './quantisation-measure.js';
import { boundDiagnostics, describe, type QuantisationRow } from './quantisation-table.js';
import { ChannelRounder, type TapRates } from './round-weights.js';
import { biasUnit, chooseScale, exactScale, type LayerScale, valueGrid, weightUnit } from './scale.js';

/** Output channels that are rounded together: the weights of as many fill a cache line. */
const CHANNELS_AT_ONCE = 16;

export interface Quantised {
  readonly graph: IntegerSpikeGraph;
  readonly rows: readonly QuantisationRow[];
}

/**
 * Puts weights, thresholds, biases and drives on the chip's grids: one scale per population, and factors on it by channel
 * where the chip holds several thresholds. Weights are rounded by error feedback, or, with calibration images, by least
 * squares over what the float network does on them; the table then also says what the integers do on these images.
 *
 * Before: a sound float graph. After: every kernel entry is mantissa·step·2^exponent with one exponent per population;
 * thresholds are what the chip can compare with; a bias is a multiple of the weight step (its axons add it) or, where
 * the chip can gate it, mantissa·2^exponent; the drive's grid is set and no image with pixels in [0, 1] can leave it.
 * A population that is on the grid already, as trained there, keeps all its numbers.
 * Multiplying a population's weights, biases, drive and thresholds by a power of two changes no integer.
 * Throws SW2010 (reset), SW2011 (tables by timestep), SW2012 (no constant current), SW2013 (no scale fits), SW2015 (a
 * leak that the grid has not), SW2030 (calibration images of another shape); warns SW2014 where the input's bound, and
 * notes where the membrane's, could not be proven.
 */
export function quantise(
  graph: FloatSpikeGraph,
  target: Target,
  images: CalibrationImages | null = null,
): Result<Quantised> {
  const { arithmetic } = target;
  const calibration = images === null ? null : calibrate(graph, images);
  const populations: Population<Int32Array>[] = [];
  const projections = new Map<string, Projection<Int32Array>>();
  const drives: Drive[] = [];
  const described: QuantisationRow[] = [];
  for (const [index, population] of graph.populations.entries()) {
    images?.progress(index, graph.populations.length, `layer ${population.name}`);
    requireSupported(population, graph, target);
    const { inputs, scale, rates } = scaledInputs(graph, population, target, calibration);
    const quantised = quantisePopulation(inputs, scale, arithmetic);
    const kernels = roundKernels(graph, inputs, { scale, quantised, rates }, arithmetic, calibration);
    populations.push(quantised);
    for (const kernel of kernels) projections.set(kernel.name, kernel);
    if (inputs.drive !== null) {
      const mantissaMax = arithmetic.bias!.mantissaMax;
      drives.push({ ...inputs.drive, scale: scale.scale, grid: { mantissaMax, exponent: scale.driveExponent } });
    }
    described.push(describe(inputs, scale, quantised, kernels, target, graph.timesteps));
  }
  const integer: IntegerSpikeGraph = {
    kind: 'spike',
    name: graph.name,
    timesteps: graph.timesteps,
    populations,
    projections: graph.projections.map(({ name }) => projections.get(name)!),
    drives,
    membraneMax: arithmetic.membraneMax,
  };
  const measured = calibration === null ? null : measureOnChip(graph, integer, calibration);
  const rows = described.map((row, index) => ({ ...row, measured: measured?.[index] ?? null }));
  const diagnostics: Diagnostic[] = rows.flatMap((row) => boundDiagnostics(row, target));
  return { value: { graph: integer, rows }, diagnostics };
}

/** A population's inputs with channels brought to one range, where that can be, and the scale chosen for them. */
function scaledInputs(
  graph: FloatSpikeGraph,
  population: Population<Float32Array>,
  target: Target,
  calibration: Calibration | null,
): { readonly inputs: LayerInputs; readonly scale: LayerScale; readonly rates: readonly TapRates[] } {
  const { arithmetic } = target;
  const rates = graph.projections
    .filter(({ to }) => to === population.name)
    .map((projection) => tapRates(graph, projection, calibration));
  const plain = layerInputs(graph, population, rates);
  const exact = exactScale(plain, arithmetic, graph.timesteps);
  if (exact !== null) return { inputs: plain, scale: exact, rates };
  const scaled = (from: FloatSpikeGraph, factors: Float32Array) => {
    const next = scaleChannels(from, population.name, factors);
    return { next, inputs: layerInputs(next, next.populations.find(({ name }) => name === population.name)!, rates) };
  };
  const factors = channelFactors(plain, target);
  if (factors !== null) {
    const { next, inputs } = scaled(graph, factors);
    const scale = chooseScale(inputs, arithmetic, graph.timesteps);
    if (scale !== null) {
      const snapped = snapFactors(inputs.population, scale.scale, arithmetic.threshold.step);
      return { inputs: scaled(next, snapped).inputs, scale, rates };
    }
  }
  const scale = chooseScale(plain, arithmetic, graph.timesteps);
  if (scale === null) throw doesNotFit(plain, target);
  return { inputs: plain, scale, rates };
}

/** Throws SW2010 (reset), SW2011 (tables by timestep), SW2012 (no constant current) and SW2015 (leak). */
export function requireSupported(population: Population<Float32Array>, graph: FloatSpikeGraph, target: Target): void {
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
  const perBias = biasUnit(scale, arithmetic);
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
    bias: integerTable(population.bias, (value) => roundHalfAway((value * scale.scale) / perBias) * perBias),
  };
}

function integerTable(
  table: ParameterTable<Float32Array>,
  round: (value: number) => number,
): ParameterTable<Int32Array> {
  const { rows, columns } = table;
  return { rows, columns, data: Int32Array.from(table.data, round) };
}

/** The integer kernels of a population's projections, all that reaches one neuron rounded together. */
function roundKernels(
  graph: FloatSpikeGraph,
  { projections, population }: LayerInputs,
  chosen: {
    readonly scale: LayerScale;
    readonly quantised: Population<Int32Array>;
    readonly rates: readonly TapRates[];
  },
  arithmetic: TargetArithmetic,
  calibration: Calibration | null,
): readonly Projection<Int32Array>[] {
  const { scale, quantised } = chosen;
  if (projections.length === 0) return [];
  const unit = weightUnit(arithmetic, scale);
  const channels = population.shape[2];
  const rates = joined(chosen.rates);
  const rounder = new ChannelRounder(rates);
  const sample = calibration === null ? null : tapSample(graph, population, projections, calibration);
  const kernels = projections.map(({ kernel }) => new Int32Array(kernel.data.length));
  const taps = rates.mean.length;
  // Several channels at once: those of a tap lie side by side in memory. Not a power of two apart, in one line of the cache.
  const pitch = taps + CHANNELS_AT_ONCE / 2;
  const block = new Float64Array(Math.min(channels, CHANNELS_AT_ONCE) * pitch);
  for (let first = 0; first < channels; first += CHANNELS_AT_ONCE) {
    const end = Math.min(channels, first + CHANNELS_AT_ONCE);
    let tap = 0;
    for (const { kernel } of projections) {
      const { data } = kernel;
      for (let row = 0; row < data.length; row += channels, tap += 1) {
        for (let c = first, at = tap; c < end; c += 1, at += pitch) block[at] = (data[row + c]! * scale.scale) / unit;
      }
    }
    for (let c = first; c < end; c += 1) {
      const weights = block.subarray((c - first) * pitch, (c - first) * pitch + taps);
      const biasError = channelBiasError(population.bias, quantised.bias, c, channels, scale.scale) / unit;
      const given = { weights, biasError, mantissaMax: arithmetic.weight.mantissaMax, timesteps: graph.timesteps };
      weights.set(sample === null ? rounder.byRates(given) : rounder.bySample(given, sample));
    }
    tap = 0;
    for (const kernel of kernels) {
      for (let row = 0; row < kernel.length; row += channels, tap += 1) {
        for (let c = first, at = tap; c < end; c += 1, at += pitch) kernel[row + c] = block[at]! * unit;
      }
    }
  }
  return projections.map((projection, index) => {
    return { ...projection, kernel: { shape: projection.kernel.shape, data: kernels[index]! } };
  });
}

/** By how many membrane units rounding moved a channel's bias, on average over timesteps and neurons. */
function channelBiasError(
  exact: ParameterTable<Float32Array>,
  rounded: ParameterTable<Int32Array>,
  channel: number,
  channels: number,
  scale: number,
): number {
  const { columns, data } = exact;
  let [sum, count] = [0, 0];
  for (let k = columns === 1 ? 0 : channel; k < data.length; k += columns === 1 ? 1 : channels) {
    sum += rounded.data[k]! - data[k]! * scale;
    count += 1;
  }
  return sum / count;
}

function joined(rates: readonly TapRates[]): TapRates {
  const all = (part: keyof TapRates) => Float64Array.from(rates.flatMap((own) => Array.from(own[part])));
  return { mean: all('mean'), variance: all('variance') };
}

/** SW2013: no scale puts the layer on the chip's grid. */
export function doesNotFit(
  { population, weightMax, driveMax, biasMax }: LayerInputs,
  { name, arithmetic }: Target,
): Error {
  const { weight, threshold, bias, biasGate, membraneMax } = arithmetic;
  const largest = [
    ['weights', weightMax],
    ['input currents', driveMax],
    ['biases', biasMax],
    ['thresholds', population.threshold.data.reduce((most, value) => Math.max(most, value), 0)],
  ] as const;
  const parts = largest
    .filter(([, value]) => value > 0)
    .map(([what, value]) => `${what} up to ${value.toPrecision(3)}`);
  const currents =
    bias === null
      ? ''
      : `, ${biasGate ? 'currents and biases' : 'currents'} of ±${bias.mantissaMax.toLocaleString('en')}·2^(0…${bias.exponentMax})`;
  return failure('SW2013', {
    where: `layer ${population.name}`,
    what:
      `${parts.join(', ')} have no common scale; ${name} has weights of ±${weight.mantissaMax}·${weight.step}·2^(0…${weight.exponentMax})${currents}, ` +
      `thresholds of up to ${Math.round(threshold.mantissaMax * threshold.step).toLocaleString('en')} and membranes of up to ${membraneMax.toLocaleString('en')}.`,
  });
}
