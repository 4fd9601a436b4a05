import { describe, expect, it } from 'vitest';
import { convert } from '../../../compiler/convert.js';
import { cutSegments } from '../../../runtime/calibrate/segment.js';
import { vgg } from '../../../runtime/models/vgg.js';
import { checkLayers } from '../../../schemas/layer-check.js';
import type { SnnGraph, SnnLayer } from '../../../schemas/snn.js';

const setup = { shape: [8, 8, 3] as const, classes: 4, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], seed: 1 };
const plan = { features: [4, 'pool', 6], hidden: [5, 7], dropout: 0.2 } as const;
const snn = convert(vgg('net', plan, setup).graph, { timesteps: 4, leak: 1, reset: 'hard' });

describe('a chain', () => {
  it('is cut before each neuron layer, the norm kept apart', () => {
    const segments = cutSegments(snn);
    const names = segments.map(({ linear, norm, neuron, channels }) => [
      linear.layers.map(({ kind }) => kind).join(' '),
      norm?.name ?? null,
      neuron.name,
      channels,
    ]);
    expect(names).toEqual([
      ['input conv2d flatten output', 'norm1', 'relu1', 4],
      ['input avgPool conv2d flatten output', 'norm2', 'relu2', 6],
      ['input flatten dense output', null, 'relu3', 5],
      ['input flatten dropout dense output', null, 'relu4', 7],
    ]);
  });

  it('is cut into networks that are sound by themselves; only the first normalises', () => {
    const segments = cutSegments(snn);
    for (const { linear } of segments) checkLayers(linear.layers, linear.name);
    const inputs = segments.map(({ linear }) => linear.layers[0]);
    expect(inputs[0]).toEqual(snn.layers[0]);
    expect(inputs[1]).toMatchObject({ shape: [8, 8, 4], mean: [0, 0, 0, 0], std: [1, 1, 1, 1] });
    expect(inputs[3]).toMatchObject({ shape: [1, 1, 5] });
  });
});

describe('what is no chain', () => {
  const broken = (change: (layers: readonly SnnLayer[]) => SnnLayer[]): SnnGraph => ({
    ...snn,
    layers: change(snn.layers),
  });

  it('is refused by name where it branches', () => {
    const branching = broken((layers) => {
      const at = layers.findIndex(({ name }) => name === 'pool1');
      const add = { kind: 'add', name: 'join', inputs: ['relu1', 'relu1'], scales: Float32Array.of(0.5, 0.5) } as const;
      const pool = { ...layers[at]!, inputs: ['join'] } as SnnLayer;
      return [...layers.slice(0, at), add, pool, ...layers.slice(at + 1)];
    });
    expect(() => cutSegments(branching)).toThrow(/SW4009 layer join: the network branches/);
  });

  it('is refused where something stands between a norm and its neurons', () => {
    const pooled = broken((layers) => {
      const at = layers.findIndex(({ name }) => name === 'relu1');
      const pool = { kind: 'avgPool', name: 'early', inputs: ['norm1'], size: [1, 1], stride: [1, 1] } as const;
      const neuron = { ...layers[at]!, inputs: ['early'] } as SnnLayer;
      return [...layers.slice(0, at), pool, neuron, ...layers.slice(at + 1)];
    });
    expect(() => cutSegments(pooled)).toThrow(/SW4009 layer early: it stands between the norm norm1/);
  });
});
