import type { AnnGraph } from '../../schemas/ann.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { MapShape } from '../../schemas/tensor.js';
import type { Surrogate } from './surrogate.js';

/** Running statistics (eval) or those of the batch, over batch and time together, which also update the running ones (train). */
export type Mode = 'eval' | 'train';

/** Flat arrays by parameter name: `${layer}.kernel|bias|gamma|beta|mean|variance|threshold|scales`. */
export type ParameterMap = Map<string, Float32Array>;

/** What a backward pass is asked for. */
export interface Wanted {
  readonly parameters: boolean;
  readonly input: boolean;
}

/** One forward pass with what its backward passes need. `dispose` frees it; a Pass that is not disposed leaks device memory. */
export interface Pass {
  /** [N, classes]; of an SNN the mean over T. */
  readonly logits: Float32Array;
  /**
   * Gradients for dL/dlogits [N, classes]: of trainable parameters by name (running statistics excluded), and of the
   * image [N, H, W, C] (pixels in [0, 1], through the normalisation). May be called more than once. Throws where more is
   * wanted than the pass kept for, and on a pass that has been disposed.
   */
  backward(upstream: Float32Array, wanted: Wanted): Promise<{ parameters: ParameterMap; input: Float32Array | null }>;
  dispose(): void;
}

/** For which gradients a forward pass keeps what its backward pass needs. */
export type Kept = 'all' | 'input' | 'none';

export interface ForwardOptions {
  readonly mode: Mode;
  /** Backward form of the neurons; PCW(1) unless said. Ignored by an ANN. */
  readonly surrogate?: Surrogate;
  /** Seed of this pass's dropout masks; without one dropout is the identity even in train mode. */
  readonly dropoutSeed?: number;
  /** Seed of the spikes that a Poisson input draws in this pass; that of dropout, else 0, unless said. */
  readonly encodingSeed?: number;
  /**
   * What the backward pass may be asked for; all gradients unless said. What is kept for it is the larger part of a
   * forward pass's memory, and less of it where the input's gradient alone will be wanted.
   */
  readonly gradients?: Kept;
}

/**
 * A loss whose gradient at a sample's logits is weight·(softmax(logits) − target): cross-entropy, with one-hot targets,
 * and the divergence from a prediction that is held fixed, with that prediction's softmax.
 */
export interface TargetLoss {
  /** [N, classes], each row of sum 1. */
  readonly targets: Float32Array;
  /** Of each sample: 1 for a sum over the batch, 1/N for its mean. */
  readonly weight: number;
}

export type LossOptions = Omit<ForwardOptions, 'gradients'>;

/** What a loss comes to: the logits, and those gradients that were wanted. */
export interface LossGradient {
  readonly logits: Float32Array;
  readonly parameters: ParameterMap;
  readonly input: Float32Array | null;
}

/** What every attack and evaluation needs of a network, whichever level it stands on (ANN, SNN, twin). */
export interface Classifier {
  readonly inputShape: MapShape;
  readonly classes: number;
  /** `images` [N, H, W, C] in [0, 1]; N follows from its length. Throws a RangeError where that is no whole number ≥ 1. */
  forward(images: Float32Array, options: ForwardOptions): Promise<Pass>;
  /**
   * What `forward` and `backward` with the loss between them give, for engines that do it in one run: faster, and with
   * less memory. Callers use the function of the same name, which does without.
   */
  lossGradient?(images: Float32Array, loss: TargetLoss, options: LossOptions, wanted: Wanted): Promise<LossGradient>;
  dispose(): void;
}

/** Spikes of one layer, merged [T·N, H·W·C] time-major, one byte each. */
export type SpikeRecord = Map<string, Uint8Array>;

/** A network on a device, its parameters trainable. */
export interface Model extends Classifier {
  /** Copies of all parameters, running statistics included. */
  readParameters(): Promise<ParameterMap>;
  /**
   * Overwrites those named. Thresholds are taken as they are: clamping is the optimiser's. Throws a RangeError on an
   * unknown name or a wrong length.
   */
  writeParameters(values: ReadonlyMap<string, Float32Array>): void;
  /** Eval-mode forward that also returns every neuron layer's spikes, keyed by layer name. SNN only. */
  recordSpikes(images: Float32Array): Promise<{ logits: Float32Array; spikes: SpikeRecord }>;
}

/** A way to run networks: eager on tfjs, or compiled. */
export interface Engine {
  readonly name: string;
  /** The backend that really runs, e.g. 'wasm'. */
  readonly backend: string;
  load(graph: AnnGraph | SnnGraph): Model;
  /** Tensors and bytes alive on the device, for leak checks and doctor. */
  memory(): { tensors: number; bytes: number };
}
