import type { MapShape, Padding, Pair, Tensor } from './tensor.js';

/**
 * The layer kinds that an ANN and an SNN share. Feature maps are NHWC, kernels HWIO.
 * Every layer names its inputs; a graph lists its layers in topological order, `input` first and `output` last.
 */
export type SharedLayer =
  | InputLayer
  | ConvLayer
  | DenseLayer
  | BatchNormLayer
  | AvgPoolLayer
  | AddLayer
  | FlattenLayer
  | DropoutLayer
  | OutputLayer;

/** The image, pixels in [0, 1], normalised per channel: (x − mean) / std. */
export interface InputLayer {
  readonly kind: 'input';
  readonly name: string;
  readonly shape: MapShape;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Cross-correlation; `kernel` is [kh, kw, cin, cout], `bias` [cout] or null. */
export interface ConvLayer {
  readonly kind: 'conv2d';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly kernel: Tensor;
  readonly bias: Float32Array | null;
  readonly stride: Pair;
  readonly padding: Padding;
}

/** y = x·kernel + bias; `kernel` is [in, out], `bias` [out] or null. */
export interface DenseLayer {
  readonly kind: 'dense';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly kernel: Tensor;
  readonly bias: Float32Array | null;
}

/**
 * y = gamma·(x − mean)/√(variance + epsilon) + beta, arrays of length C.
 * In an SNN the statistics run over batch and time together (tdBN).
 * `momentum` weighs the newest batch in the running statistics: r ← (1 − momentum)·r + momentum·batch.
 */
export interface BatchNormLayer {
  readonly kind: 'batchNorm';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
  readonly momentum: number;
}

/** Mean over windows; no padding, windows that would cross the border are dropped. */
export interface AvgPoolLayer {
  readonly kind: 'avgPool';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly size: Pair;
  readonly stride: Pair;
}

/** Weighted sum of its inputs, one trainable scale each. */
export interface AddLayer {
  readonly kind: 'add';
  readonly name: string;
  readonly inputs: readonly string[];
  readonly scales: Float32Array;
}

/** [H, W, C] to a vector, channel last ('hwc') or channel first ('chw', as PyTorch flattens). */
export interface FlattenLayer {
  readonly kind: 'flatten';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly order: 'hwc' | 'chw';
}

/** Zeroes a share `rate` of its input while training and scales the rest by 1/(1 − rate). */
export interface DropoutLayer {
  readonly kind: 'dropout';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly rate: number;
}

/** The logits; in an SNN the mean of its input over the T timesteps. */
export interface OutputLayer {
  readonly kind: 'output';
  readonly name: string;
  readonly inputs: readonly [string];
}

/** Rectified linear unit. */
export interface ActivationLayer {
  readonly kind: 'activation';
  readonly name: string;
  readonly inputs: readonly [string];
  readonly function: 'relu';
}

export type AnnLayer = SharedLayer | ActivationLayer;

/** An artificial network: a DAG of layers in topological order. */
export interface AnnGraph {
  readonly kind: 'ann';
  readonly name: string;
  readonly layers: readonly AnnLayer[];
}
