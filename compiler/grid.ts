import type { TargetArithmetic } from '../schemas/target.js';

/** What a decay counts in: 4096 is everything. */
export const DECAY_UNIT = 4096;

/** Nearest whole number, halves away from zero, so that a value and its negative are each other's mirror. */
export function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
}

/** The mantissa nearest to `value`, clipped to ±max. */
export function nearestMantissa(value: number, max: number): number {
  return Math.max(-max, Math.min(max, roundHalfAway(value)));
}

/** What is added to a magnitude, by clipping taken away, where its nearest mantissa of up to `max` units stands for it. */
export function roundingError(magnitude: number, unit: number, max: number): number {
  return Math.min(max, Math.floor(magnitude / unit + 0.5)) * unit - magnitude;
}

/** A decay in [0, 1) in 1/4096, on the chip's grid of `decayBits`. */
export function integerDecay(decay: number, { decayBits }: TargetArithmetic): number {
  const step = DECAY_UNIT / 2 ** decayBits;
  return Math.min(DECAY_UNIT, step * Math.round((decay * DECAY_UNIT) / step));
}

/**
 * The integer θ of v ≥ θ that the chip can hold and that decides most like v ≥ `wanted`, where v is a multiple of
 * `valueGrid`. A chip that compares v ≥ stored holds θ = mantissa·step; one that compares v > stored holds
 * θ = mantissa·step + 1. Null where the mantissa would leave the chip's range.
 */
export function integerThreshold(
  wanted: number,
  valueGrid: number,
  { compare, threshold }: TargetArithmetic,
): number | null {
  const { step, mantissaMax } = threshold;
  const above = compare === '>' ? 1 : 0;
  const onGrid = (value: number): number => Math.ceil(value / valueGrid) * valueGrid;
  const middle = Math.round(wanted / step);
  if (middle > mantissaMax + 1) return null;
  let best: number | null = null;
  for (const mantissa of [middle - 1, middle, middle + 1]) {
    if (mantissa < 1 || mantissa > mantissaMax) continue;
    const value = mantissa * step + above;
    const error = Math.abs(onGrid(value) - onGrid(wanted));
    if (best === null || error < Math.abs(onGrid(best) - onGrid(wanted))) best = value;
  }
  return best;
}

/** The smallest exponent at which mantissa·2^exponent reaches `magnitude`, or null where the largest does not. */
export function biasExponent(magnitude: number, bias: NonNullable<TargetArithmetic['bias']>): number | null {
  for (let exponent = 0; exponent <= bias.exponentMax; exponent += 1) {
    if (magnitude <= bias.mantissaMax * 2 ** exponent) return exponent;
  }
  return null;
}

/**
 * The exponents of the axons whose weights together make every bias of a layer, largest first: the fewest axons, then
 * the smallest exponents. `unitsMax` is the largest bias magnitude in units of the weight step. Null where even many do not.
 */
export function biasAxonExponents(unitsMax: number, weight: TargetArithmetic['weight']): readonly number[] | null {
  if (unitsMax === 0) return [];
  if (unitsMax <= weight.mantissaMax) return [0];
  for (let coarse = 1; coarse <= 4; coarse += 1) {
    for (let exponent = 1; exponent <= weight.exponentMax; exponent += 1) {
      // What the coarse axons leave over must fit the mantissa of the fine one.
      if (2 ** (exponent - 1) > weight.mantissaMax) break;
      if (unitsMax <= coarse * weight.mantissaMax * 2 ** exponent + weight.mantissaMax) {
        return [...new Array<number>(coarse).fill(exponent), 0];
      }
    }
    const fine = (coarse + 1) * weight.mantissaMax;
    if (weight.exponentMax === 0 && unitsMax <= fine) return new Array<number>(coarse + 1).fill(0);
  }
  return null;
}

/** The largest bias, in steps of the weight, that `biasAxonExponents` finds axons for. */
export function biasAxonMax({ mantissaMax, exponentMax }: TargetArithmetic['weight']): number {
  if (exponentMax === 0) return 5 * mantissaMax;
  const coarsest = Math.min(exponentMax, Math.floor(Math.log2(mantissaMax)) + 1);
  return 4 * mantissaMax * 2 ** coarsest + mantissaMax;
}

/** One mantissa per axon of `exponents` (as `biasAxonExponents` gives them), whose sum of mantissa·2^exponent is `units`. */
export function biasMantissas(units: number, exponents: readonly number[], mantissaMax: number): readonly number[] {
  let rest = units;
  return exponents.map((exponent) => {
    const mantissa = nearestMantissa(rest / 2 ** exponent, mantissaMax);
    rest -= mantissa * 2 ** exponent;
    return mantissa;
  });
}

/**
 * The smallest exponent at which every one of these weights is mantissa·step·2^exponent, or null where none is: then
 * they were not quantised for this chip.
 */
export function commonWeightExponent(weights: Int32Array, weight: TargetArithmetic['weight']): number | null {
  let largest = 0;
  // Set bits of any weight: the lowest says by what power of two all can be divided.
  let bits = 0;
  for (let k = 0; k < weights.length; k += 1) {
    largest = Math.max(largest, Math.abs(weights[k]!));
    bits |= weights[k]!;
  }
  for (let exponent = 0; exponent <= weight.exponentMax; exponent += 1) {
    const unit = weight.step * 2 ** exponent;
    if (largest > weight.mantissaMax * unit) continue;
    if (Number.isInteger(Math.log2(unit))) return bits % unit === 0 ? exponent : null;
    return weights.every((value) => value % unit === 0) ? exponent : null;
  }
  return null;
}
