import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { AnnGraph, AnnLayer, BatchNormLayer, ConvLayer, DenseLayer } from '../../../schemas/ann.js';
import type { NeuronLayer, SnnGraph, SnnLayer } from '../../../schemas/snn.js';
import type { Padding, Pair } from '../../../schemas/tensor.js';
import { elementCount } from '../../../schemas/tensor.js';

/** Uniform draws in [low, high). */
export function draws(seed: number, count: number, low = -1, high = 1): Float32Array {
  const random = xoroshiro128plus(seed);
  return Float32Array.from({ length: count }, () => low + (high - low) * uniformFloat32(random));
}

const noPadding: Padding = { top: 0, bottom: 0, left: 0, right: 0 };

function conv(
  name: string,
  input: string,
  shape: readonly [number, number, number, number],
  { stride = [1, 1], padding = noPadding }: { stride?: Pair; padding?: Padding } = {},
): ConvLayer {
  const bound = 2 / Math.sqrt(shape[0] * shape[1] * shape[2]);
  const data = draws(name.length * 31 + shape[3], elementCount(shape), -bound, bound);
  return { kind: 'conv2d', name, inputs: [input], kernel: { shape, data }, bias: draws(7, shape[3]), stride, padding };
}

export function norm(name: string, input: string, channels: number): BatchNormLayer {
  return {
    kind: 'batchNorm',
    name,
    inputs: [input],
    gamma: draws(1, channels, 0.5, 1.5),
    beta: draws(2, channels, 0.1, 0.4),
    mean: draws(3, channels, -0.2, 0.2),
    variance: draws(4, channels, 0.5, 1.5),
    epsilon: 1e-5,
    momentum: 0.1,
  };
}

function dense(name: string, input: string, inputs: number, outputs: number): DenseLayer {
  const bound = 2 / Math.sqrt(inputs);
  const kernel = { shape: [inputs, outputs], data: draws(inputs, inputs * outputs, -bound, bound) };
  return { kind: 'dense', name, inputs: [input], kernel, bias: draws(8, outputs) };
}

/**
 * Every layer kind once: odd paddings and strides, a pool whose windows overlap, one whose windows tile, a weighted sum
 * of two branches (one spiking, one analog and before any spike), the harder flatten order. `spike` stands where an ANN has its activation.
 */
function everyKind<L extends SnnLayer | AnnLayer>(spike: (name: string, input: string) => L): (AnnLayer | L)[] {
  return [
    { kind: 'input', name: 'input', shape: [9, 8, 2], mean: [0.4, 0.5], std: [0.25, 0.2] },
    conv('stem', 'input', [3, 3, 2, 4], { padding: { top: 1, bottom: 1, left: 1, right: 1 } }),
    norm('stemNorm', 'stem', 4),
    spike('stemSpike', 'stemNorm'),
    conv('left', 'stemSpike', [3, 2, 4, 3], { stride: [2, 1], padding: { top: 2, bottom: 0, left: 0, right: 1 } }),
    norm('leftNorm', 'left', 3),
    conv('right', 'stemNorm', [1, 1, 4, 3], { stride: [2, 1] }),
    { kind: 'add', name: 'sum', inputs: ['leftNorm', 'right'], scales: Float32Array.of(0.6, 0.4) },
    spike('sumSpike', 'sum'),
    { kind: 'avgPool', name: 'overlapping', inputs: ['sumSpike'], size: [3, 2], stride: [1, 2] },
    conv('late', 'overlapping', [2, 2, 3, 5], { padding: { top: 0, bottom: 1, left: 1, right: 0 } }),
    spike('lateSpike', 'late'),
    { kind: 'avgPool', name: 'tiling', inputs: ['lateSpike'], size: [3, 2], stride: [3, 2] },
    { kind: 'flatten', name: 'flatten', inputs: ['tiling'], order: 'chw' },
    { kind: 'dropout', name: 'dropout', inputs: ['flatten'], rate: 0.25 },
    dense('classifier', 'dropout', 10, 3),
    { kind: 'output', name: 'output', inputs: ['classifier'] },
  ];
}

export const everyAnnKind: AnnGraph = {
  kind: 'ann',
  name: 'every layer kind',
  layers: everyKind<AnnLayer>((name, input) => ({ kind: 'activation', name, inputs: [input], function: 'relu' })),
};

/** The same as an SNN, its neurons as said. */
export function everySnnKind(
  timesteps: number,
  { leak, reset, threshold }: Pick<NeuronLayer, 'leak' | 'reset' | 'threshold'>,
): SnnGraph {
  const layers = everyKind<NeuronLayer>((name, input) => ({
    kind: 'neuron',
    name,
    inputs: [input],
    leak,
    reset,
    threshold,
  }));
  return { kind: 'snn', name: 'every layer kind', timesteps, layers: layers as SnnLayer[] };
}
