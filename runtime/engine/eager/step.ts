import type * as tf from '@tensorflow/tfjs';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { Mode, ParameterMap } from '../engine.js';
import type { Surrogate } from '../surrogate.js';
import type { Parameter } from './parameter.js';

/**
 * What flows between layers: [steps·N, …], time-major. `steps` is T after the first spiking layer; before it (and in an
 * ANN) it is 1: with direct coding the values are the same at each of the T timesteps and computed once.
 */
export interface Signal {
  readonly tensor: tf.Tensor;
  readonly steps: number;
}

/** What a forward pass tells every layer. */
export interface ForwardContext {
  readonly mode: Mode;
  /** T of an SNN; 1 for an ANN and in activation mode, where time has no axis. */
  readonly timesteps: number;
  readonly surrogate: Surrogate;
  /** Draws dropout masks, in layer order; null leaves dropout out. */
  readonly dropout: RandomGenerator | null;
  /** Draws the spikes of a Poisson input. */
  readonly encoding: RandomGenerator;
  /** Whether a backward pass will follow. Without one, steps save nothing. */
  readonly differentiable: boolean;
}

/** Which gradients a layer's backward pass is asked for. */
export interface WantedGradients {
  readonly parameters: boolean;
  readonly inputs: boolean;
}

/** Gradients of one layer; the caller disposes the tensors. A signal of one step sums the gradient over all timesteps. */
export interface StepGradients {
  /** One per input, in order; empty where not wanted. */
  readonly inputs: readonly tf.Tensor[];
  /** By parameter name without the layer's; empty where not wanted. */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
}

/** One layer's part of a forward pass. */
export interface Step {
  readonly output: Signal;
  /** What `backward` reads, owned by the step: disposed with the pass. */
  readonly saved: readonly tf.Tensor[];
  /** Gradients for the one at the output (same shape). May be called more than once; leaves `upstream` alone. */
  backward(upstream: tf.Tensor, wanted: WantedGradients): StepGradients;
}

/** A layer on the device. */
export interface DeviceLayer {
  /** By name without the layer's, e.g. `kernel`. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Reads `inputs` without taking them over; the step's output and saved tensors are the caller's to dispose. */
  forward(inputs: readonly Signal[], context: ForwardContext): Step;
}

/** Gradients of a network, on the host. */
export interface NetworkGradients {
  readonly parameters: ParameterMap;
  readonly input: Float32Array | null;
}

/** Of a layer without parameters. */
export const noParameters: ReadonlyMap<string, Parameter> = new Map();

/** Of a step whose parameters were not asked for, or that has none. */
export const noGradients: ReadonlyMap<string, tf.Tensor> = new Map();
