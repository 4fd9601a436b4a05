import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../runtime/data/dataset.js';
import { byteDataset } from '../../../runtime/data/dataset.js';
import { architectureNames, buildNetwork } from '../../../runtime/models/architectures.js';
import { withParameters } from '../../../runtime/models/parameters.js';
import { vgg } from '../../../runtime/models/vgg.js';
import { checkLayers } from '../../../schemas/layer-check.js';
import { elementCount } from '../../../schemas/tensor.js';

const cifar: Dataset = byteDataset({
  name: 'cifar10',
  split: 'train',
  classNames: Array.from({ length: 10 }, (_, label) => `class ${label}`),
  shape: [32, 32, 3],
  labels: new Uint8Array(0),
  order: 'hwc',
  locate: (position) => ({ pixels: new Uint8Array(0), position }),
});
const setup = { shape: [8, 8, 1] as const, classes: 3, mean: [0], std: [1], seed: 2 };

describe('architectures', () => {
  it('of the demo is sound', () => {
    const network = buildNetwork('demo', cifar, 1);
    checkLayers(network.layers, 'demo');
    expect(architectureNames).toContain('demo');
  });

  it('vgg11 has the published kernels: 61.3 million weights', () => {
    const { layers } = buildNetwork('vgg11', cifar, 1);
    const kernels = layers.flatMap((layer) => ('kernel' in layer ? [elementCount(layer.kernel.shape)] : []));
    const convolutions = [
      [3, 64],
      [64, 128],
      [128, 256],
      [256, 512],
      [512, 512],
      [512, 512],
      [512, 512],
      [512, 512],
    ];
    const dense = [
      [8192, 4096],
      [4096, 4096],
      [4096, 10],
    ];
    expect(kernels).toEqual([
      ...convolutions.map(([inputs, outputs]) => 9 * inputs! * outputs!),
      ...dense.map(([inputs, outputs]) => inputs! * outputs!),
    ]);
    // Convolutions 1,728 + 73,728 + 294,912 + 1,179,648 + 4·2,359,296 = 10,987,200; dense 33,554,432 + 16,777,216 + 40,960.
    expect(kernels.reduce((sum, count) => sum + count, 0)).toBe(61_359_808);
  });

  it('that are unknown are refused with the known ones', () => {
    expect(() => buildNetwork('resnet9000', cifar, 1)).toThrow(/SW4007 .*demo, vgg11/);
  });

  it('start from weights that follow from the seed alone, within ±√(6/fan-in)', () => {
    const plan = { features: [4], hidden: [], dropout: 0 };
    expect(vgg('net', plan, setup).graph).toEqual(vgg('net', plan, setup).graph);
    expect(vgg('net', plan, setup).graph).not.toEqual(vgg('net', plan, { ...setup, seed: 3 }).graph);
    const conv = vgg('net', plan, setup).graph.layers.find((layer) => layer.kind === 'conv2d')!;
    // Fan-in 3·3·1 = 9: bound √(6/9) = 0.8165; 36 uniform draws spread past half of it for all but 1 in 2³⁶ seeds.
    const largest = conv.kernel.data.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
    expect(largest).toBeGreaterThan(0.40825);
    expect(largest).toBeLessThanOrEqual(0.8165);
  });
});

describe('parameters put into a graph', () => {
  const { graph } = vgg('net', { features: [4], hidden: [], dropout: 0 }, setup);

  it('replace those that are named, statistics too', () => {
    const changed = withParameters(
      graph,
      new Map([
        ['norm1.mean', Float32Array.of(1, 2, 3, 4)],
        ['classifier.bias', Float32Array.of(5, 6, 7)],
      ]),
    );
    const norm = changed.layers.find(({ name }) => name === 'norm1');
    const classifier = changed.layers.find(({ name }) => name === 'classifier');
    expect(norm).toMatchObject({ mean: Float32Array.of(1, 2, 3, 4), gamma: Float32Array.of(1, 1, 1, 1) });
    expect(classifier).toMatchObject({ bias: Float32Array.of(5, 6, 7) });
  });

  it('of another length are refused', () => {
    expect(() => withParameters(graph, new Map([['norm1.mean', new Float32Array(3)]]))).toThrow(RangeError);
  });
});
