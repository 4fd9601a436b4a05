import { describe, expect, it } from 'vitest';
import type { StateTensor } from '../../../compiler/import/state-dict.js';
import { readWeights } from '../../../runtime/model-file.js';
import type { ArchitectureName } from '../../../runtime/models/architectures.js';
import { namedNetwork } from '../../../runtime/models/architectures.js';
import { publishedNetwork, publishedSnn } from '../../../runtime/models/published-weights.js';
import type { SafeTensor } from '../../../schemas/safetensors.js';
import { writeSafetensors } from '../../../schemas/safetensors.js';
import type { SnnLayer } from '../../../schemas/snn.js';
import type { Tensor } from '../../../schemas/tensor.js';
import { expectCode } from '../../schemas/hostile.js';
import { draws } from '../engine/small-networks.js';

const colour = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] };
const reversed = (shape: readonly number[]): number[] => [shape.at(-1)!, shape.at(-2)!, ...shape.slice(0, -2)];

/** A state dict of the architecture in the published layout, every tensor drawn at random, `bias`es where asked. */
function published(architecture: ArchitectureName, hasBiases: boolean): Map<string, StateTensor> {
  const setup = { shape: [32, 32, 3] as const, classes: 10, ...colour, seed: 1 };
  const { graph, modules } = namedNetwork(architecture, setup);
  const state = new Map<string, StateTensor>();
  const put = (name: string, shape: readonly number[], low = -1): void => {
    const length = shape.reduce((product, extent) => product * extent, 1);
    state.set(name, { shape, data: draws(state.size, length, low, 1) });
  };
  for (const layer of graph.layers) {
    const module = modules.get(layer.name);
    if (layer.kind === 'conv2d' || layer.kind === 'dense') {
      put(`${module}.weight`, reversed(layer.kernel.shape));
      if (hasBiases) put(`${module}.bias`, [layer.kernel.shape.at(-1)!]);
    } else if (layer.kind === 'batchNorm') {
      for (const part of ['weight', 'bias', 'running_mean', 'running_var']) {
        put(`${module}.${part}`, [layer.gamma.length], part === 'running_var' ? 0.1 : -1);
      }
      state.set(`${module}.num_batches_tracked`, { shape: [], data: Float32Array.of(9) });
    } else if (layer.kind === 'add') {
      put(`${module}.comb`, [2]);
    }
  }
  return state;
}

/** The value at [h, w, i, o] or [i, o] of a kernel. */
function at({ shape, data }: Tensor, index: readonly number[]): number {
  return data[index.reduce((flat, position, axis) => flat * shape[axis]! + position, 0)]!;
}

describe('published weights', () => {
  it.each([
    ['resnet20', false],
    ['wrn16-4', true],
    ['demo', true],
  ] as const)('of %s fill every layer in its layout', (architecture, hasBiases) => {
    const state = published(architecture, hasBiases);
    const { layers } = publishedNetwork(architecture, state, colour, 'net.pth');
    const { modules } = namedNetwork(architecture, { shape: [32, 32, 3], classes: 10, ...colour, seed: 0 });
    expect(layers[0]).toMatchObject(colour);
    for (const layer of layers) {
      const module = modules.get(layer.name);
      if (layer.kind === 'conv2d' || layer.kind === 'dense') {
        const own = state.get(`${module}.weight`)!;
        const last = layer.kernel.shape.map((extent) => extent - 1);
        const middle = last.map((extent) => extent >> 1);
        for (const index of [last, middle]) expect(at(layer.kernel, index)).toBe(at(own, reversed(index)));
        expect(layer.bias).toEqual(hasBiases ? state.get(`${module}.bias`)!.data : null);
      } else if (layer.kind === 'batchNorm') {
        expect(layer.variance).toEqual(state.get(`${module}.running_var`)!.data);
        expect(layer.gamma).toEqual(state.get(`${module}.weight`)!.data);
      } else if (layer.kind === 'add') {
        expect(layer.scales).toEqual(state.get(`${module}.comb`)!.data);
      } else if (layer.kind === 'flatten') {
        expect(layer.order).toBe('chw');
      }
    }
  });

  it('are read from safetensors too, and the classes follow from the classifier', () => {
    const state = published('demo', false);
    const tensors = new Map<string, SafeTensor>(
      [...state].map(([name, tensor]) => [name, { dtype: 'F32', ...tensor }]),
    );
    const bytes = writeSafetensors({ tensors, metadata: {} });
    const { value: graph, diagnostics } = readWeights(bytes, 'net.safetensors', 'demo', colour, null);
    expect(diagnostics).toEqual([]);
    expect(graph).toEqual(publishedNetwork('demo', state, colour, 'net.safetensors'));
    const classifier = graph.layers.find(({ name }) => name === 'classifier');
    expect(classifier).toMatchObject({ kernel: { shape: [96 * 4 * 4, 10] } });
  });

  it.each([
    'demo',
    'resnet20',
    'wrn16-4',
  ] as const)('of a trained %s SNN keep thresholds and statistics', (architecture) => {
    const state = published(architecture, false);
    const { graph, modules } = namedNetwork(architecture, { shape: [32, 32, 3], classes: 10, ...colour, seed: 1 });
    const neurons = graph.layers.filter(({ kind }) => kind === 'activation');
    for (const [number, { name }] of neurons.entries()) {
      // The first lies below the least threshold that the published code lets pass.
      state.set(`${modules.get(name)}.v_th`, { shape: [], data: Float32Array.of(number / 4) });
    }
    const tensors = new Map<string, SafeTensor>(
      [...state].map(([name, tensor]) => [name, { dtype: 'F32', ...tensor }]),
    );
    const bytes = writeSafetensors({ tensors, metadata: {} });
    const how = { timesteps: 8, leak: 0.99, reset: 'soft' } as const;
    const { value } = readWeights(bytes, 'net.safetensors', architecture, colour, how);
    expect(value).toMatchObject({ kind: 'snn', timesteps: 8 });
    const spiking = (value.layers as readonly SnnLayer[]).filter((layer) => layer.kind === 'neuron');
    expect(spiking.map(({ threshold, leak, reset }) => [threshold, leak, reset])).toEqual(
      neurons.map((_, number) => [Math.max(0.03, number / 4), 0.99, 'soft']),
    );
    const norm = value.layers.find((layer) => layer.kind === 'batchNorm')!;
    expect(norm.variance).toEqual(state.get(`${modules.get(norm.name)}.running_var`)!.data);
    expect(readWeights(bytes, 'x', architecture, colour, null).diagnostics.map(({ code }) => code)).toEqual(['SW1013']);
    state.delete(`${modules.get(neurons[1]!.name)}.v_th`);
    expectCode('SW1012', () => publishedSnn(architecture, state, colour, how, 'x'));
  });

  it('of another architecture, or damaged, are refused by what is wrong', () => {
    const state = published('demo', false);
    const read = (change: (copy: Map<string, StateTensor>) => void) => () => {
      const copy = new Map(state);
      change(copy);
      return publishedNetwork('demo', copy, colour, 'net.pth');
    };
    expect(expectCode('SW1012', () => publishedNetwork('resnet20', state, colour, 'net.pth'))).toContain(
      'features.3.conv1.weight',
    );
    expect(
      expectCode(
        'SW1012',
        read((copy) => copy.delete('features.1.running_var')),
      ),
    ).toContain('is missing');
    expect(
      expectCode(
        'SW1012',
        read((copy) => copy.set('features.99.weight', { shape: [1], data: new Float32Array(1) })),
      ),
    ).toContain('features.99.weight');
    expect(
      expectCode(
        'SW1012',
        read((copy) => copy.set('features.1.bias', { shape: [2], data: new Float32Array(2) })),
      ),
    ).toContain('[16]');
    expectCode(
      'SW1012',
      read((copy) => copy.delete('classifier.1.weight')),
    );
    const notFinite = new Float32Array(16).fill(Number.NaN);
    expectCode(
      'SW1005',
      read((copy) => copy.set('features.1.bias', { shape: [16], data: notFinite })),
    );
  });

  it('without their architecture, and models with one, are refused', () => {
    expectCode('SW1002', () => readWeights(new Uint8Array(0), 'x', 'demo', colour, null));
    expectCode('SW1002', () => readWeights(Uint8Array.of(8, 1, 2, 3), 'x', 'demo', colour, null));
  });
});
