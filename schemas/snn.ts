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
}

export type SnnLayer = SharedLayer | NeuronLayer;

/** A spiking network with direct coding: the normalised image is the input at each of `timesteps` steps. */
export interface SnnGraph {
  readonly kind: 'snn';
  readonly name: string;
  readonly timesteps: number;
  readonly layers: readonly SnnLayer[];
}
