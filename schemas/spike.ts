import type { Reset } from './snn.js';
import type { MapShape, Padding, Pair } from './tensor.js';

/** Float32Array before quantisation, Int32Array after it (effective chip units: what the membrane adds). */
export type Numbers = Float32Array | Int32Array;

/**
 * A parameter of a population as a table [rows, columns].
 * `rows` is 1 (constant) or T (one row per local timestep);
 * `columns` is 1 (one value for all), C (by channel) or H·W·C (by neuron).
 */
export interface ParameterTable<N extends Numbers> {
  readonly rows: number;
  readonly columns: number;
  readonly data: N;
}

/**
 * A grid of identical neurons. Local time is τ = t − phase ∈ [0, T). At each local step (the integer contract):
 *
 * 1. a = Σ projections + bias[τ] + drive
 * 2. v ← decayed(v) + a
 * 3. v saturates at the target's membrane width
 * 4. s = (v ≥ threshold[τ])          ('spiking' only)
 * 5. v ← s ? (hard: 0, soft: v − threshold[τ]) : v
 *
 * A 'readout' population does 1–3; its v after T steps, divided by scale·T, are the logits.
 * `decay` is what a step loses: a fraction in [0, 1) in a float graph, in 1/4096 in an integer graph, where
 * decayed(v) = sgn(v)·((|v|·(4096 − decay)) >> 12).
 */
export interface Population<N extends Numbers> {
  readonly name: string;
  readonly kind: 'spiking' | 'readout';
  /** [H, W, C]; a vector of n neurons is [1, 1, n]. Neuron index = (y·W + x)·C + c. */
  readonly shape: MapShape;
  /** The timestep of a sample at which this population's window opens. */
  readonly phase: number;
  readonly reset: Reset;
  readonly decay: ParameterTable<N>;
  /** Of a readout: a table of one zero. */
  readonly threshold: ParameterTable<N>;
  readonly bias: ParameterTable<N>;
  /** Units of this graph per unit of the trained network's membrane; 1 in a float graph. */
  readonly scale: number;
  /**
   * By channel, what was multiplied by a factor beside `scale` so that each channel fills the chip's grid: weights, bias,
   * drive and thresholds together. Absent where all are 1, as in a readout.
   */
  readonly channelFactors?: Float32Array;
}

/**
 * A linear map from the spikes of one population to the input of another.
 * Spikes of timestep t − delay are summed over `pool` windows (sums, not means: 1/(ph·pw) is in the kernel; rows and
 * columns that do not fill a window are dropped), zero-padded and cross-correlated with `kernel` [kh, kw, cin, cout].
 * A dense layer is the kernel that covers the whole (pooled) grid.
 */
export interface Projection<N extends Numbers> {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** Timesteps from spike to input, ≥ 1. */
  readonly delay: number;
  readonly pool: Pair;
  readonly kernel: { readonly shape: readonly [number, number, number, number]; readonly data: N };
  readonly stride: Pair;
  readonly padding: Padding;
}

/**
 * The input current of a population that sees the image itself, the same at all T steps (direct coding):
 * current = round(scale·(conv((x − mean)/std, kernel) + bias)), then put on the grid mantissa·2^exponent with
 * |mantissa| ≤ mantissaMax. The host computes it once per sample, loads it as per-neuron bias before the population's
 * window opens and clears it when the window closes.
 * In a float graph `scale` is 1 and `grid` null: the current is not rounded.
 */
export interface Drive {
  readonly population: string;
  readonly inputShape: MapShape;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** [kh, kw, cin, cout], the norm's scale folded in. */
  readonly kernel: { readonly shape: readonly [number, number, number, number]; readonly data: Float32Array };
  /** [cout], the norm's shift folded in. */
  readonly bias: Float32Array;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly scale: number;
  readonly grid: { readonly mantissaMax: number; readonly exponent: number } | null;
}

/** What a chip can be: populations, projections and drives. Populations in topological order. */
export interface SpikeGraph<N extends Numbers> {
  readonly kind: 'spike';
  readonly name: string;
  /** T, the length of every population's window. */
  readonly timesteps: number;
  readonly populations: readonly Population<N>[];
  readonly projections: readonly Projection<N>[];
  readonly drives: readonly Drive[];
  /** Magnitude at which a membrane saturates; null in a float graph. */
  readonly membraneMax: number | null;
}

export type FloatSpikeGraph = SpikeGraph<Float32Array>;
export type IntegerSpikeGraph = SpikeGraph<Int32Array>;
