import type * as tf from '@tensorflow/tfjs';
import type { Reset } from '../../../schemas/snn.js';
import type { Padding, Pair } from '../../../schemas/tensor.js';
import type { Surrogate } from '../surrogate.js';
import type { Parameter } from './parameter.js';

/** How a convolution's kernel walks over its input [N, H, W, C]. */
export interface ConvGeometry {
  readonly stride: Pair;
  readonly padding: Padding;
}

/** Windows of an average pool: no padding, those that would cross the border are dropped. */
export interface PoolGeometry {
  readonly size: Pair;
  readonly stride: Pair;
}

/** Statistics of one batch, per channel [C]. */
export interface NormStatistics {
  readonly mean: tf.Tensor;
  /** 1/√(variance + ε), the variance biased (divided by n). */
  readonly inverseDeviation: tf.Tensor;
}

/** A norm's gradients; `input` is absent where it is not wanted. */
export interface NormGradients {
  readonly input: tf.Tensor | null;
  readonly gamma: tf.Tensor;
  readonly beta: tf.Tensor;
}

/** What a layer of spiking neurons is. */
export interface NeuronSettings {
  readonly leak: number;
  readonly reset: Reset;
  /** What a leaking membrane is cut to multiples of, towards zero; null: not cut. */
  readonly unit: number | null;
  readonly timesteps: number;
}

/** A forward pass of spiking neurons over all timesteps. */
export interface NeuronTrajectory {
  /** [T·N, …], 0 or 1. */
  readonly spikes: tf.Tensor;
  /** z = v⁻ − θ, [T·N, …]; null where no gradient is wanted. */
  readonly distance: tf.Tensor | null;
}

/** A surrogate with a pseudo-derivative, or the rate mode; `activation` is another network and no matter of a neuron. */
export type NeuronBackward = Exclude<Surrogate, { form: 'activation' }>;

/**
 * The arithmetic that is worth having in more than one way: as own loops on the wasm heap, or composed of tensor
 * operations. All float32, NHWC, kernels HWIO. Outputs are new tensors, owned by the caller; inputs are left alone.
 */
export interface Kernels {
  /** [N, H, W, Cin] → [N, H', W', Cin]: gradient of a convolution's input of size [H, W], from that at its output. */
  convInputGradient(upstream: tf.Tensor4D, kernel: Parameter, size: Pair, geometry: ConvGeometry): tf.Tensor4D;
  /** Gradient of the kernel, [kh, kw, Cin, Cout]. */
  convKernelGradient(input: tf.Tensor4D, upstream: tf.Tensor4D, kernelSize: Pair, geometry: ConvGeometry): tf.Tensor4D;

  averagePool(input: tf.Tensor4D, geometry: PoolGeometry): tf.Tensor4D;
  averagePoolGradient(upstream: tf.Tensor4D, size: Pair, geometry: PoolGeometry): tf.Tensor4D;

  relu(input: tf.Tensor): tf.Tensor;
  /** `upstream` where `output` is positive, else 0. */
  reluGradient(upstream: tf.Tensor, output: tf.Tensor): tf.Tensor;

  /** Mean and deviation over all axes but the last, and the running statistics that follow (see NormLayer). */
  normStatistics(
    input: tf.Tensor,
    epsilon: number,
    running: { mean: tf.Tensor; variance: tf.Tensor; momentum: number; copies: number },
  ): { statistics: NormStatistics; mean: tf.Tensor; variance: tf.Tensor };
  /** gamma·(input − mean)·inverseDeviation + beta, per channel. */
  normalise(input: tf.Tensor, statistics: NormStatistics, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor;
  /** Gradients of `normalise`; with `batch` the statistics depend on the input, else they are constants. */
  normGradients(
    upstream: tf.Tensor,
    input: tf.Tensor,
    statistics: NormStatistics,
    gamma: tf.Tensor,
    from: 'batch' | 'running',
    wantInput: boolean,
  ): NormGradients;

  /** `current` is [steps·N, …] with steps 1 (the same at each timestep) or T; `threshold` a scalar tensor. */
  neuron(
    current: tf.Tensor,
    steps: number,
    threshold: tf.Tensor,
    settings: NeuronSettings,
    keep: boolean,
  ): NeuronTrajectory;
  /** From the gradient at the spikes to that at the current (summed over time where steps is 1) and the threshold. */
  neuronGradients(
    upstream: tf.Tensor,
    distance: tf.Tensor,
    steps: number,
    threshold: tf.Tensor,
    settings: NeuronSettings,
    surrogate: NeuronBackward,
  ): { current: tf.Tensor; threshold: tf.Tensor };
}
