import { describe, expect, it } from 'vitest';
import { convert, UNCALIBRATED_THRESHOLD, withThresholds } from '../../compiler/convert.js';
import { vgg } from '../../runtime/models/vgg.js';
import type { AnnGraph, BatchNormLayer } from '../../schemas/ann.js';
import { checkLayers } from '../../schemas/layer-check.js';

const setup = { shape: [8, 8, 1] as const, classes: 3, mean: [0.5], std: [0.5], seed: 2 };
const { graph: fresh } = vgg('net', { features: [2, 'pool', 3], hidden: [4], dropout: 0.1 }, setup);
/** As a trained network: statistics and affines are no longer those of a new one. */
const ann: AnnGraph = {
  ...fresh,
  layers: fresh.layers.map((layer) =>
    layer.kind === 'batchNorm'
      ? {
          ...layer,
          gamma: layer.gamma.map(() => 2),
          mean: layer.mean.map(() => 5),
          variance: layer.variance.map(() => 7),
        }
      : layer,
  ),
};
const options = { timesteps: 6, leak: 0.9, reset: 'soft' } as const;

describe('conversion', () => {
  it('puts a neuron layer in the place of every activation', () => {
    const snn = convert(ann, options);
    expect(snn.timesteps).toBe(6);
    expect(snn.layers.map(({ name }) => name)).toEqual(ann.layers.map(({ name }) => name));
    const neurons = snn.layers.flatMap((layer) => (layer.kind === 'neuron' ? [layer] : []));
    expect(neurons.map(({ name }) => name)).toEqual(['relu1', 'relu2', 'relu3']);
    for (const { leak, reset, threshold } of neurons) {
      expect([leak, reset, threshold]).toEqual([0.9, 'soft', UNCALIBRATED_THRESHOLD]);
    }
    checkLayers(snn.layers, 'converted');
  });

  it('keeps weights and norm affines, and resets running statistics without touching the ANN', () => {
    const snn = convert(ann, options);
    for (const [index, layer] of ann.layers.entries()) {
      if (layer.kind === 'batchNorm') {
        const converted = snn.layers[index] as BatchNormLayer;
        expect([...converted.mean, ...converted.variance]).toEqual([
          ...layer.mean.map(() => 0),
          ...layer.mean.map(() => 1),
        ]);
        expect(converted).toMatchObject({ gamma: layer.gamma, beta: layer.beta, epsilon: layer.epsilon });
        expect([layer.mean[0], layer.variance[0]]).toEqual([5, 7]);
      } else if (layer.kind !== 'activation') {
        expect(snn.layers[index]).toEqual(layer);
      }
    }
  });

  it('sets the thresholds that are named and no others', () => {
    const snn = withThresholds(convert(ann, options), new Map([['relu2', 0.4]]));
    const thresholds = snn.layers.flatMap((layer) => (layer.kind === 'neuron' ? [layer.threshold] : []));
    expect(thresholds).toEqual([1, 0.4, 1]);
  });
});
