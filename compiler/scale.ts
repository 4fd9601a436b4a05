import type { TargetArithmetic } from '../schemas/target.js';
import {
  biasAxonExponents,
  biasAxonMax,
  biasExponent,
  integerThreshold,
  roundHalfAway,
  roundingError,
} from './grid.js';
import type { LayerInputs } from './layer-inputs.js';

/** Scales tried are 2^(k/4) times the one at which the largest weight fills its mantissa. */
const FINEST_STEP = -16;
const COARSEST_STEP = 6;
/** What a bound that is only likely to hold must buy: squared errors smaller by 6 dB (input) or 3 dB (membrane). */
const LIKELY_INPUT = 4;
const LIKELY_MEMBRANE = 2;
/** A bound is likely to hold if inputs keep within it at a rate three times the usual one and six standard deviations. */
const BUSY_RATE = 0.3;
const DEVIATIONS = 6;
/** Far beyond any gain in precision: a bound that is likely to be passed is the last resort. */
const UNLIKELY = 1e6;
/** What summing in another order can never change a cost by. */
const ROUNDING_SLACK = 1 + 1e-9;

/** The grids of a population: membrane units per trained unit, and the exponents of its weights, bias and drive. */
export interface LayerScale {
  readonly scale: number;
  readonly weightExponent: number;
  /** Of the bias (targets with a bias gate); 0 elsewhere, where a bias is a multiple of the weight step. */
  readonly biasExponent: number;
  readonly driveExponent: number;
}

interface Candidate extends LayerScale {
  readonly cost: number;
}

/**
 * The scale at which a population's expected squared input error is least. Of the candidates, those at which a single
 * threshold lies exactly on the chip's grid are preferred to all others by construction. An error is
 * Σ variance·δw² + δb² + δθ² + the drive's, averaged over channels, sources firing as measured, or else independently at one
 * rate; a largest weight that is clipped can thus pay for finer steps of the many. Null where nothing fits.
 */
export function chooseScale(inputs: LayerInputs, arithmetic: TargetArithmetic, timesteps: number): LayerScale | null {
  let best: Candidate | null = null;
  for (const candidate of candidates(inputs, arithmetic)) {
    const better = rate(candidate, inputs, arithmetic, timesteps, best);
    if (better !== null) best = better;
  }
  return best;
}

/** Powers of two that are tried as exact scales. */
const EXACT_EXPONENTS = { least: -12, most: 23 };

/**
 * The best power of two at which every weight, bias and threshold of a population already is what the chip would hold, as
 * in a network trained on the chip's grid; null for others. At such a scale the chip computes what the network does.
 */
export function exactScale(inputs: LayerInputs, arithmetic: TargetArithmetic, timesteps: number): LayerScale | null {
  let best: Candidate | null = null;
  for (let exponent = 0; exponent <= arithmetic.weight.exponentMax; exponent += 1) {
    for (let power = EXACT_EXPONENTS.least; power <= EXACT_EXPONENTS.most; power += 1) {
      const candidate = scaleAt(2 ** power, exponent, inputs, arithmetic);
      if (candidate === null || !isExact(candidate, inputs, arithmetic)) continue;
      const better = rate(candidate, inputs, arithmetic, timesteps, best);
      if (better !== null) best = better;
    }
  }
  return best;
}

function isExact(candidate: LayerScale, inputs: LayerInputs, arithmetic: TargetArithmetic): boolean {
  const { scale } = candidate;
  const { population, projections, weightMax } = inputs;
  const perMantissa = weightUnit(arithmetic, candidate) / scale;
  const perBias = biasUnit(candidate, arithmetic) / scale;
  const isWhole = (value: number): boolean => Number.isInteger(value / perMantissa);
  return (
    weightMax / perMantissa <= arithmetic.weight.mantissaMax &&
    // Of most networks the largest weight shows it already.
    isWhole(weightMax) &&
    population.bias.data.every((value) => Number.isInteger(value / perBias)) &&
    (population.kind === 'readout' ||
      population.threshold.data.every((value) => integerThreshold(value * scale, 1, arithmetic) === value * scale)) &&
    projections.every(({ kernel }) => kernel.data.every(isWhole))
  );
}

/** Membrane units in which a bias is counted. */
export function biasUnit({ biasExponent }: LayerScale, { biasGate, weight }: TargetArithmetic): number {
  return biasGate ? 2 ** biasExponent : weight.step;
}

/** Membrane units of one unit of the weight mantissa. */
export function weightUnit({ weight }: TargetArithmetic, { weightExponent }: LayerScale): number {
  return weight.step * 2 ** weightExponent;
}

/** The grid on which every membrane value of a hard-reset population without decay lies. */
export function valueGrid(inputs: LayerInputs, arithmetic: TargetArithmetic, scale: LayerScale): number {
  const { population, drive } = inputs;
  if (population.reset === 'soft' || population.decay.data.some((decay) => decay !== 0)) return 1;
  let grid = weightUnit(arithmetic, scale);
  if (drive !== null) grid = Math.min(grid, 2 ** scale.driveExponent);
  if (inputs.biasMax > 0) {
    grid = Math.min(grid, arithmetic.biasGate ? 2 ** scale.biasExponent : arithmetic.weight.step);
  }
  // Divides every part only where the step is a power of two itself.
  return Number.isInteger(Math.log2(grid)) ? grid : 1;
}

function* candidates(inputs: LayerInputs, arithmetic: TargetArithmetic): Generator<LayerScale> {
  const { weight, bias } = arithmetic;
  const exponentMax = inputs.weightMax > 0 ? weight.exponentMax : (bias?.exponentMax ?? 0);
  for (let exponent = 0; exponent <= exponentMax; exponent += 1) {
    for (let step = COARSEST_STEP; step >= FINEST_STEP; step -= 1) {
      const full = fullScale(inputs, arithmetic, exponent) * 2 ** (step / 4);
      const candidate = scaleAt(snapToThreshold(full, inputs, arithmetic), exponent, inputs, arithmetic);
      if (candidate !== null) yield candidate;
    }
  }
}

/** A scale with the exponents of its grids; null where drive or bias leave theirs. */
export function scaleAt(
  scale: number,
  exponent: number,
  inputs: LayerInputs,
  arithmetic: TargetArithmetic,
): LayerScale | null {
  const driveExponent = inputs.drive === null ? 0 : gridExponent(inputs.driveMax * scale, arithmetic);
  const biasExponent = arithmetic.biasGate ? gridExponent(inputs.biasMax * scale, arithmetic) : 0;
  if (driveExponent === null || biasExponent === null) return null;
  return { scale, weightExponent: inputs.weightMax > 0 ? exponent : 0, biasExponent, driveExponent };
}

/** The scale at which the largest weight (without weights: the first of drive and bias, or else the threshold) fills its mantissa. */
function fullScale(
  inputs: LayerInputs,
  { weight, bias, biasGate, threshold }: TargetArithmetic,
  exponent: number,
): number {
  const { weightMax, driveMax, biasMax } = inputs;
  if (weightMax > 0) return (weight.mantissaMax * weight.step * 2 ** exponent) / weightMax;
  const currentMax = bias === null ? 0 : bias.mantissaMax * 2 ** exponent;
  const ofDrive = driveMax > 0 ? currentMax / driveMax : Number.POSITIVE_INFINITY;
  const ofBias = biasMax > 0 ? (biasGate ? currentMax : biasAxonMax(weight) * weight.step) / biasMax : ofDrive;
  const full = Math.min(ofDrive, ofBias);
  if (full > 0 && full < Number.POSITIVE_INFINITY) return full;
  const largest = inputs.population.threshold.data.reduce((most, value) => Math.max(most, value), 0);
  return largest > 0 ? (threshold.step * Math.min(threshold.mantissaMax, 1024)) / largest : 1;
}

/** The nearest scale at which the one threshold of a population is a whole number of threshold steps. */
function snapToThreshold(scale: number, { population }: LayerInputs, { threshold }: TargetArithmetic): number {
  if (population.kind === 'readout' || population.threshold.data.length !== 1) return scale;
  const value = population.threshold.data[0]!;
  // Downwards, so that a drive that fits goes on fitting.
  return (Math.max(1, Math.floor((scale * value) / threshold.step)) * threshold.step) / value;
}

function gridExponent(magnitude: number, { bias }: TargetArithmetic): number | null {
  return bias === null ? null : biasExponent(magnitude, bias);
}

/**
 * The candidate with its cost; null where that is not below the best one's, or where thresholds, bias or membranes do not fit the
 * chip.
 */
function rate(
  candidate: LayerScale,
  inputs: LayerInputs,
  arithmetic: TargetArithmetic,
  timesteps: number,
  best: Candidate | null,
): Candidate | null {
  const { scale, driveExponent } = candidate;
  const { population } = inputs;
  const thresholdError = worstThresholdError(candidate, inputs, arithmetic);
  if (thresholdError === null) return null;
  const perBias = biasUnit(candidate, arithmetic);
  if (!arithmetic.biasGate && inputs.biasMax > 0) {
    const exponents = biasAxonExponents(roundHalfAway((inputs.biasMax * scale) / perBias), arithmetic.weight);
    if (exponents === null) return null;
  }
  const high = inputs.highest.reduce((most, value) => Math.max(most, value), 0) * scale;
  const low = -inputs.lowest.reduce((least, value) => Math.min(least, value), 0) * scale;
  const threshold = population.threshold.data.reduce((most, value) => Math.max(most, value), 0) * scale;
  if (threshold > arithmetic.membraneMax) return null;
  const { input, membrane } = bounds({ high, low, threshold, timesteps, readout: population.kind === 'readout' });
  const likely = likelyInput(inputs) * scale;
  const inputMax = arithmetic.inputMax ?? Number.POSITIVE_INFINITY;
  const inputPenalty = input < inputMax ? 1 : likely < inputMax ? LIKELY_INPUT : UNLIKELY * (likely / inputMax) ** 2;
  const ratio = (timesteps * likely) / arithmetic.membraneMax;
  const membranePenalty = membrane <= arithmetic.membraneMax ? 1 : ratio <= 1 ? LIKELY_MEMBRANE : UNLIKELY * ratio ** 2;
  const limit = best?.cost ?? Number.POSITIVE_INFINITY;
  const errorMax = (limit / inputPenalty / membranePenalty) * ROUNDING_SLACK;
  const weightError = inputError(candidate, inputs, arithmetic, errorMax);
  if (weightError === null) return null;
  let error = weightError + thresholdError ** 2;
  if (inputs.drive !== null) error += (2 ** driveExponent / scale) ** 2 / 12;
  const cost = error * inputPenalty * membranePenalty;
  return best === null || cost < best.cost ? { ...candidate, cost } : null;
}

/**
 * The largest magnitudes that one step's input and the membrane can reach, whatever fires: a spiking membrane is below
 * its threshold before the last input, and falls by the most negative input at every timestep; a readout only sums.
 */
export function bounds(reach: {
  readonly high: number;
  readonly low: number;
  readonly threshold: number;
  readonly timesteps: number;
  readonly readout: boolean;
}): { readonly input: number; readonly membrane: number } {
  const { high, low, threshold, timesteps, readout } = reach;
  const rise = readout ? timesteps * high : threshold + high;
  return { input: Math.max(high, low), membrane: Math.max(rise, timesteps * low) };
}

/** The largest magnitude of one step's input of any channel if sources fire independently, but often; in trained units. */
function likelyInput({ weightSum, weightNorm, driveMax, biasMax }: LayerInputs): number {
  const deviation = DEVIATIONS * Math.sqrt(BUSY_RATE * (1 - BUSY_RATE));
  const weights = weightSum.reduce(
    (most, sum, c) => Math.max(most, BUSY_RATE * Math.abs(sum) + deviation * weightNorm[c]!),
    0,
  );
  return weights + driveMax + biasMax;
}

/** Largest error of a threshold in trained units, or null where one leaves the chip's range. */
function worstThresholdError(candidate: LayerScale, inputs: LayerInputs, arithmetic: TargetArithmetic): number | null {
  if (inputs.population.kind === 'readout') return 0;
  const grid = valueGrid(inputs, arithmetic, candidate);
  let worst = 0;
  for (const value of inputs.population.threshold.data) {
    const wanted = value * candidate.scale;
    const threshold = integerThreshold(wanted, grid, arithmetic);
    if (threshold === null) return null;
    worst = Math.max(worst, Math.abs(Math.ceil(threshold / grid) - wanted / grid) * grid);
  }
  return worst / candidate.scale;
}

/**
 * Expected squared error of weights and bias, averaged over the sampled channels, in trained units; null where it is above
 * `limit`. What weight errors add on average is left out: rounding by error feedback cancels it.
 */
function inputError(
  candidate: LayerScale,
  { samples, rates, population: { bias } }: LayerInputs,
  arithmetic: TargetArithmetic,
  limit: number,
): number | null {
  const { scale } = candidate;
  const perMantissa = weightUnit(arithmetic, candidate) / scale;
  const { mantissaMax } = arithmetic.weight;
  const perBias = biasUnit(candidate, arithmetic) / scale;
  let total = 0;
  for (const value of bias.data) total += (roundHalfAway(value / perBias) * perBias - value) ** 2 / bias.data.length;
  for (const [index, { weights, channels }] of samples.entries()) {
    const { variance } = rates[index]!;
    let noise = 0;
    for (let k = 0, tap = 0; k < weights.length; tap += 1) {
      let squares = 0;
      for (const end = k + channels.length; k < end; k += 1) {
        squares += roundingError(Math.abs(weights[k]!), perMantissa, mantissaMax) ** 2;
      }
      noise += variance[tap]! * squares;
      if (total + noise / channels.length > limit) return null;
    }
    total += noise / channels.length;
  }
  return total;
}
