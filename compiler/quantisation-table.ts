import { type Diagnostic, diagnostic } from '../schemas/diagnostic.js';
import type { Population, Projection } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import type { LayerInputs } from './layer-inputs.js';
import type { ChipMeasure } from './quantisation-measure.js';
import { bounds, type LayerScale, weightUnit } from './scale.js';

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
  /** Different thresholds: 1, unless channels have scales of their own. */
  readonly thresholds: number;
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
  /** What the integers do on the calibration images; null without them. */
  readonly measured: ChipMeasure | null;
}

/** The row of a population but for what is measured. Errors are in units of the trained network, channel factors undone. */
export function describe(
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
  const channels = quantised.shape[2];
  const factors = quantised.channelFactors ?? new Float32Array(channels).fill(1);
  const most = arithmetic.weight.mantissaMax + 0.5;
  for (const [index, { kernel }] of kernels.entries()) {
    const rounded = kernel.data;
    const { data } = inputs.projections[index]!.kernel;
    count += data.length;
    for (let k = 0; k < data.length; ) {
      for (let c = 0; c < channels; c += 1, k += 1) {
        const weight = data[k]!;
        const factor = factors[c]!;
        const error = (rounded[k]! / scale.scale - weight) / factor;
        power += (weight / factor) ** 2;
        noise += error * error;
        weightMax = Math.max(weightMax, Math.abs(rounded[k]!));
        if (Math.abs((weight * scale.scale) / unit) > most) clipped += 1;
      }
    }
  }
  const biasErrorMax = quantised.bias.data.reduce((most, bias, k) => {
    const factor = quantised.bias.columns === 1 ? 1 : factors[k % channels]!;
    return Math.max(most, Math.abs(bias / scale.scale - inputs.population.bias.data[k]!) / factor);
  }, 0);
  const { input, membrane } = integerBounds(inputs, quantised, kernels, scale, timesteps);
  return {
    population: quantised.name,
    scale: scale.scale,
    weightExponent: scale.weightExponent,
    weightUnit: unit,
    weightMax: weightMax / unit,
    weightErrorRms: count === 0 ? 0 : Math.sqrt(noise / count),
    clippedPercent: count === 0 ? 0 : (100 * clipped) / count,
    sqnrDecibels: power === 0 || noise === 0 ? null : 10 * Math.log10(power / noise),
    threshold:
      quantised.kind === 'spiking' && quantised.threshold.data.length === 1 ? quantised.threshold.data[0]! : null,
    thresholds: quantised.kind === 'readout' ? 0 : new Set(quantised.threshold.data).size,
    biasErrorMax,
    driveExponent: inputs.drive === null ? null : scale.driveExponent,
    inputBound: input,
    inputProven: input < (arithmetic.inputMax ?? Number.POSITIVE_INFINITY),
    membraneBound: membrane,
    membraneProven: membrane <= arithmetic.membraneMax,
    measured: null,
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
    const { data } = kernel;
    for (let k = 0; k < data.length; ) {
      for (let c = 0; c < channels; c += 1, k += 1) {
        const reach = data[k]! * pool[0] * pool[1];
        highest[c]! += Math.max(0, reach);
        lowest[c]! += Math.min(0, reach);
      }
    }
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

/** SW2014 where a bound could not be proven; what was measured, if anything, says how near to it images come. */
export function boundDiagnostics(row: QuantisationRow, { name, arithmetic }: Target): Diagnostic[] {
  const where = `layer ${row.population}`;
  const { measured } = row;
  const found: Diagnostic[] = [];
  const reached = (most: number | undefined): string =>
    most === undefined ? '' : ` On the calibration images it came to ${number(most)}.`;
  if (!row.inputProven) {
    const what = `one step's input could reach ${number(row.inputBound)} membrane units; ${name} keeps it below ${number(arithmetic.inputMax!)}.${reached(measured?.inputMost)}`;
    found.push(diagnostic('SW2014', 'warning', { where, what }));
  }
  if (!row.membraneProven) {
    const what = `the membrane could reach ${number(row.membraneBound)} units and saturate at ${number(arithmetic.membraneMax)}.${reached(measured?.membraneMost)}`;
    found.push(diagnostic('SW2014', 'note', { where, what }));
  }
  return found;
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}
