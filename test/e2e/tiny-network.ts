import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { exportOnnx } from '../../compiler/export/onnx.js';
import type { AnnGraph } from '../../schemas/ann.js';
import type { MapShape } from '../../schemas/tensor.js';

/** An untrained network for images of `shape` (height and width even): conv of stride 2, norm, ReLU, pool, dense. */
export function tinyNetwork(shape: MapShape = [28, 28, 1]): AnnGraph {
  const random = xoroshiro128plus(7);
  const weights = (count: number, size: number) =>
    Float32Array.from({ length: count }, () => size * (2 * uniformFloat32(random) - 1));
  const [height, width, channels] = shape;
  const maps = 4;
  const features = Math.floor(height / 4) * Math.floor(width / 4) * maps;
  return {
    kind: 'ann',
    name: 'tiny',
    layers: [
      {
        kind: 'input',
        name: 'image',
        shape,
        mean: shape[2] === 3 ? [0.5, 0.5, 0.5] : [0.5],
        std: new Array(channels).fill(0.5),
      },
      {
        kind: 'conv2d',
        name: 'conv1',
        inputs: ['image'],
        kernel: { shape: [3, 3, channels, maps], data: weights(9 * channels * maps, 0.6) },
        bias: null,
        stride: [2, 2],
        padding: { top: 1, bottom: 1, left: 1, right: 1 },
      },
      {
        kind: 'batchNorm',
        name: 'norm1',
        inputs: ['conv1'],
        gamma: new Float32Array(maps).fill(1),
        beta: new Float32Array(maps).fill(0.2),
        mean: new Float32Array(maps),
        variance: new Float32Array(maps).fill(1),
        epsilon: 1e-5,
        momentum: 0.1,
      },
      { kind: 'activation', name: 'relu1', inputs: ['norm1'], function: 'relu' },
      { kind: 'avgPool', name: 'pool1', inputs: ['relu1'], size: [2, 2], stride: [2, 2] },
      { kind: 'flatten', name: 'flatten', inputs: ['pool1'], order: 'chw' },
      {
        kind: 'dense',
        name: 'dense',
        inputs: ['flatten'],
        kernel: { shape: [features, 10], data: weights(features * 10, 0.2) },
        bias: null,
      },
      { kind: 'output', name: 'logits', inputs: ['dense'] },
    ],
  };
}

/** The network as an ONNX model. */
export function tinyOnnx(shape?: MapShape): Uint8Array {
  return exportOnnx(tinyNetwork(shape));
}

/** A run of the network on MNIST that takes a second or two. */
export function tinyRun(model: string, out: string) {
  return {
    formatVersion: 1,
    dataset: { name: 'mnist', trainSamples: 256 },
    model,
    seed: 3,
    timesteps: 3,
    backend: 'wasm',
    convert: { calibrationSteps: 10, batches: 1, batchSize: 16, statisticsBatches: 1 },
    finetune: { epochs: 8, batchSize: 16, learningRate: 0.01, epsilon: 0.1, alpha: 0.05, statisticsBatches: 1 },
    compile: { target: 'loihi1' },
    simulate: { timing: 'cycle', samples: 4 },
    attack: { kind: 'pgd', epsilon: 0.1, steps: 2, samples: 6 },
    out,
  };
}
