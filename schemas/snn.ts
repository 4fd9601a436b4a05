import type { SharedLayer } from './ann.js';

/** How the membrane falls after a spike: to zero, or by the threshold. */
export type Reset = 'hard' | 'soft';

/**
 * A layer of spiking neurons: v⁻ₜ = leak·v⁺ₜ₋₁ + aₜ; sₜ = (v⁻ₜ ≥ threshold);
 * v⁺ₜ = v⁻ₜ·(1 − sₜ) (hard) or v⁻ₜ − sₜ·threshold (soft). `leak` in (0, 1]; 1 is an IF neuron.
 */
export interface NeuronLayer {
  readonly kind: 'neuron';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly leak: number;
  readonly reset: Reset;
  readonly threshold: number;
  /**
   * A leaking membrane is cut to a multiple of this, towards zero, as a chip that counts in it does; absent: not cut. In
   * networks trained for one chip.
   */
  readonly unit?: number;
}

/**
 * Rounds its input to a chip's grid, halves away from zero: step·mantissa with |mantissa| ≤ mantissaMax. The gradient
 * passes straight through. It stands where the host loads the image as a current, in networks trained for one chip.
 */
export interface GridLayer {
  readonly kind: 'grid';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly step: number;
  readonly mantissaMax: number;
}

/**
 * Turns a constant input into spikes, signed, at random: at each of the T steps the sign of x with probability
 * min(1, gain·|x|), else 0. Of one pass all images see the same draws. The gradient is that of the mean, gain·x.
 */
export interface PoissonLayer {
  readonly kind: 'poisson';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly gain: number;
}

/** One timestep's norm, arrays of length C; its shift is 0. */
export interface NormStep {
  readonly gamma: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/**
 * Batch norm through time (BNTT: Kim and Panda 2021): at step t y = gammaₜ·(x − meanₜ)/√(varianceₜ + epsilon), statistics
 * over the batch at that step alone. One entry of `steps` for each timestep.
 */
export interface StepNormLayer {
  readonly kind: 'stepNorm';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly steps: readonly NormStep[];
  readonly epsilon: number;
  readonly momentum: number;
}

export type SnnLayer = SharedLayer | NeuronLayer | GridLayer | PoissonLayer | StepNormLayer;

/** A spiking network with direct coding: the normalised image is the input at each of `timesteps` steps. */
export interface SnnGraph {
  readonly kind: 'snn';
  readonly name: string;
  readonly timesteps: number;
  readonly layers: readonly SnnLayer[];
}
