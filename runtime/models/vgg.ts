import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import type { AnnGraph, AnnLayer } from '../../schemas/ann.js';
import type { MapShape, Tensor } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';
import { seededGenerator } from '../seed.js';

/** A chain of 3×3 convolutions (their numbers of output channels) and 2×2 average pools, then hidden dense layers. */
export interface VggPlan {
  readonly features: readonly (number | 'pool')[];
  readonly hidden: readonly number[];
  /** Share of activations dropped after each hidden dense layer while training, in [0, 1). */
  readonly dropout: number;
}

/** What a network is built for. */
export interface NetworkSetup {
  readonly shape: MapShape;
  readonly classes: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Of the initial weights. */
  readonly seed: number;
}

/**
 * A VGG-style network (Simonyan and Zisserman 2015) as the method has it: convolution without bias, batch norm and ReLU
 * each time, average pools, and only the output layer with a bias. Weights are uniform in ±√(6/fan-in) (He et al. 2015).
 */
export function vgg(name: string, plan: VggPlan, { shape, classes, mean, std, seed }: NetworkSetup): AnnGraph {
  const layers: AnnLayer[] = [{ kind: 'input', name: 'input', shape, mean, std }];
  let last = 'input';
  const append = (layer: AnnLayer): void => {
    layers.push(layer);
    last = layer.name;
  };
  let [height, width, channels] = shape;
  let stage = 0;
  let pools = 0;
  for (const feature of plan.features) {
    if (feature === 'pool') {
      pools += 1;
      append({ kind: 'avgPool', name: `pool${pools}`, inputs: [last], size: [2, 2], stride: [2, 2] });
      height = Math.floor(height / 2);
      width = Math.floor(width / 2);
      continue;
    }
    stage += 1;
    const conv = `conv${stage}`;
    append({
      kind: 'conv2d',
      name: conv,
      inputs: [last],
      kernel: heWeights([3, 3, channels, feature], seed, stage),
      bias: null,
      stride: [1, 1],
      padding: { top: 1, bottom: 1, left: 1, right: 1 },
    });
    append({
      kind: 'batchNorm',
      name: `norm${stage}`,
      inputs: [last],
      gamma: new Float32Array(feature).fill(1),
      beta: new Float32Array(feature),
      mean: new Float32Array(feature),
      variance: new Float32Array(feature).fill(1),
      epsilon: 1e-5,
      momentum: 0.1,
    });
    append({ kind: 'activation', name: `relu${stage}`, inputs: [last], function: 'relu' });
    channels = feature;
  }
  append({ kind: 'flatten', name: 'flatten', inputs: [last], order: 'hwc' });
  let features = height * width * channels;
  for (const units of plan.hidden) {
    stage += 1;
    const kernel = heWeights([features, units], seed, stage);
    append({ kind: 'dense', name: `dense${stage}`, inputs: [last], kernel, bias: null });
    append({ kind: 'activation', name: `relu${stage}`, inputs: [last], function: 'relu' });
    if (plan.dropout > 0) append({ kind: 'dropout', name: `dropout${stage}`, inputs: [last], rate: plan.dropout });
    features = units;
  }
  const kernel = heWeights([features, classes], seed, stage + 1);
  append({ kind: 'dense', name: 'classifier', inputs: [last], kernel, bias: new Float32Array(classes) });
  layers.push({ kind: 'output', name: 'output', inputs: [last] });
  return { kind: 'ann', name, layers };
}

/** The last axis of `shape` is the output's; fan-in is the product of the others. */
function heWeights(shape: readonly number[], seed: number, stage: number): Tensor {
  const fanIn = elementCount(shape.slice(0, -1));
  const bound = Math.sqrt(6 / fanIn);
  const random = seededGenerator(seed, 'weights', stage);
  const data = new Float32Array(elementCount(shape));
  for (let k = 0; k < data.length; k += 1) data[k] = bound * (2 * uniformFloat32(random) - 1);
  return { shape, data };
}
