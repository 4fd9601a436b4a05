import type { Mode } from '../engine.js';
import type { Surrogate } from '../surrogate.js';
import type { Graph, Value } from './graph.js';
import type { Signal } from './signal.js';

export type Device = 'cpu' | 'gpu';

/** What every layer is told of the pass that is compiled. */
export interface EmissionContext {
  readonly graph: Graph;
  readonly mode: Mode;
  /** Images per batch, N; of one shard where there are several. */
  readonly batch: number;
  /** Equal shards of a batch that share the statistics of their norms; 1 where it is computed in one piece. */
  readonly shards: number;
  /** T of an SNN; 1 for an ANN and in activation mode, where time has no axis. */
  readonly timesteps: number;
  readonly form: Surrogate['form'];
  /** What it is written for: a processor's caches, or a GPU, where a node costs its start and each waits for the last. */
  readonly device: Device;
  /** Whether dropout layers draw masks. */
  readonly dropsOut: boolean;
}

/** What a layer's backward pass adds to the graph. Gradients that nobody asks for are left out of the compiled graph. */
export interface LayerGradients {
  /** One per input, in order. */
  readonly inputs: readonly Signal[];
  /** By parameter name without the layer's, in the parameter's own shape. */
  readonly parameters: ReadonlyMap<string, Value>;
}

/** One layer's part of a pass. */
export interface LayerEmission {
  readonly output: Signal;
  /** New values of running statistics, by parameter name without the layer's. */
  readonly updates?: ReadonlyMap<string, Value>;
  /** Adds the backward pass for the gradient at the output. */
  backward(upstream: Signal): LayerGradients;
}

/** Of a layer without parameters. */
export const noParameters: ReadonlyMap<string, Value> = new Map();

/** Name of the graph input with a layer's parameter or dropout mask. */
export function inputName(layer: string, own: string): string {
  return `${layer}.${own}`;
}
