import { convert } from '../../compiler/convert.js';
import { vgg } from '../../runtime/models/vgg.js';
import type { AnnGraph } from '../../schemas/ann.js';
import { layerShapes } from '../../schemas/layer-shapes.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';

/** A network to be timed, with the batch that it is timed on. */
export interface BenchNetwork {
  readonly shape: MapShape;
  readonly features: readonly (number | 'pool')[];
  readonly hidden: readonly number[];
  /** Images. */
  readonly batch: number;
  /** T. */
  readonly timesteps: number;
}

export const benchNetworks: Readonly<Record<string, BenchNetwork>> = {
  'bench-a': { shape: [28, 28, 1], features: [16, 'pool', 32, 'pool'], hidden: [], batch: 32, timesteps: 4 },
  'bench-b': { shape: [32, 32, 3], features: [32, 64, 'pool', 128], hidden: [], batch: 16, timesteps: 8 },
  demo: { shape: [32, 32, 3], features: [16, 'pool', 48, 'pool', 96, 'pool'], hidden: [], batch: 64, timesteps: 4 },
  vgg11: {
    shape: [32, 32, 3],
    features: [64, 'pool', 128, 256, 'pool', 512, 512, 512, 'pool', 512, 512],
    hidden: [4096, 4096],
    batch: 8,
    timesteps: 8,
  },
};

/** The network as an ANN with random weights. */
export function benchAnn(name: string, { shape, features, hidden }: BenchNetwork): AnnGraph {
  const per = (value: number): number[] => Array.from({ length: shape[2] }, () => value);
  const setup = { shape, classes: 10, mean: per(0.5), std: per(0.25), seed: 0 };
  return vgg(name, { features, hidden, dropout: 0 }, setup).graph;
}

/** IF neurons of threshold 0.3 with random weights: a part of them fires, as in a trained network. */
export function benchSnn(name: string, network: BenchNetwork): SnnGraph {
  const snn = convert(benchAnn(name, network), { timesteps: network.timesteps, leak: 1, reset: 'hard' });
  return {
    ...snn,
    layers: snn.layers.map((layer) => (layer.kind === 'neuron' ? { ...layer, threshold: 0.3 } : layer)),
  };
}

/** Floating-point operations of a batch, a multiplication and an addition each counting as one. */
export interface Operations {
  /** Of convolutions and dense layers. */
  readonly all: number;
  readonly convolutions: number;
}

/**
 * What one batch takes at least: each of a layer's products once forward and once for each gradient wanted. The first
 * layer sees the same image at every timestep and counts once; its input gradient counts where the image's is wanted.
 */
export function operations(
  { layers, timesteps }: SnnGraph,
  batch: number,
  wanted: { readonly kernels: boolean; readonly image: boolean },
): Operations {
  const shapes = layerShapes(layers);
  const counts = { all: 0, convolutions: 0 };
  let isFirst = true;
  for (const layer of layers) {
    if (layer.kind !== 'conv2d' && layer.kind !== 'dense') continue;
    const outputs = shapes.get(layer.name)!;
    const pixels = layer.kind === 'conv2d' ? outputs[0]! * outputs[1]! : 1;
    const products = elementCount(layer.kernel.shape) * pixels * batch * (isFirst ? 1 : timesteps);
    const passes = 1 + (wanted.kernels ? 1 : 0) + (wanted.image || !isFirst ? 1 : 0);
    counts.all += 2 * products * passes;
    if (layer.kind === 'conv2d') counts.convolutions += 2 * products * passes;
    isFirst = false;
  }
  return counts;
}
