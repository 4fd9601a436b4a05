import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lower } from '../../compiler/lower.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { checkSpikeGraph } from '../../schemas/spike-check.js';
import { elementCount, type MapShape } from '../../schemas/tensor.js';
import { snnDag } from '../property/arbitrary-dag.js';
import { randomImages } from '../property/arbitrary-spike.js';
import { runSnn } from '../reference/reference-snn.js';
import { runSpikeGraph } from '../reference/reference-spike.js';
import { type LayerSpec, randomSnn } from './random-snn.js';

/** Spikes are compared where no membrane came closer to its threshold than folding can move it. */
const TIE = 1e-5;

const chains: Record<string, { readonly shape: MapShape; readonly specs: readonly LayerSpec[] }> = {
  'conv, norm and pools': {
    shape: [8, 8, 2],
    specs: [
      { conv: 4 },
      'norm',
      { neuron: 'hard' },
      { pool: 2 },
      { conv: 5, stride: 2 },
      'norm',
      { neuron: 'soft' },
      { flatten: 'hwc' },
      { dense: 3, bias: true },
    ],
  },
  'flatten in channel order, dropout, leak': {
    shape: [6, 6, 2],
    specs: [
      { conv: 3, bias: true },
      { neuron: 'hard', leak: 0.9 },
      { pool: 2 },
      { flatten: 'chw' },
      { dense: 6 },
      { neuron: 'soft', leak: 0.75 },
      'dropout',
      { dense: 3 },
    ],
  },
  'pool of a pool, global pool, dense behind it': {
    shape: [9, 9, 1],
    specs: [
      { conv: 3 },
      'norm',
      { neuron: 'hard' },
      { pool: 2 },
      { pool: 2 },
      { conv: 4 },
      'norm',
      { neuron: 'hard' },
      { pool: 2 },
      { flatten: 'chw' },
      { dense: 4 },
    ],
  },
  'pools behind convolutions, of the drive and of a projection': {
    shape: [9, 8, 2],
    specs: [
      { conv: 3, bias: true },
      { pool: 2 },
      'norm',
      { neuron: 'hard' },
      { conv: 4, pad: 0 },
      { pool: 2, stride: 1 },
      { neuron: 'hard' },
      { flatten: 'hwc' },
      { dense: 2 },
    ],
  },
  'overlapping pool and norm without a convolution': {
    shape: [7, 7, 2],
    specs: [
      { pool: 3, stride: 2 },
      'norm',
      { neuron: 'hard', threshold: 0.3 },
      { pool: 2, stride: 1 },
      { neuron: 'hard', threshold: 0.2 },
      { flatten: 'chw' },
    ],
  },
  'dense on dense and pointwise on conv': {
    shape: [4, 4, 2],
    specs: [
      { conv: 3, bias: true },
      { conv: 5, kernel: 1, pad: 0, bias: true },
      { neuron: 'hard' },
      { flatten: 'chw' },
      { dense: 7, bias: true },
      { dense: 3, bias: true },
    ],
  },
};

describe('lowering', () => {
  for (const [name, { shape, specs }] of Object.entries(chains)) {
    it(`keeps every spike and logit: ${name}`, () => {
      let compared = 0;
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 5 }), fc.integer(), (timesteps, seed) => {
          const snn = randomSnn(shape, specs, timesteps, seed);
          compared += expectEqualRuns(snn, seed);
        }),
        { numRuns: 20 },
      );
      expect(compared).toBeGreaterThan(10);
    });
  }

  it('keeps every spike and logit of random networks: branches, sums, shortcuts, convolutions of convolutions', () => {
    const seen = { compared: 0, all: 0, severalProjections: 0, delays: 0, spread: 0, biasByNeuron: 0, lateDrives: 0 };
    fc.assert(
      fc.property(snnDag, fc.integer(), (snn, seed) => {
        seen.all += 1;
        seen.compared += expectEqualRuns(snn, seed);
        const { populations, projections, drives } = lower(snn);
        const reached = new Map(populations.map((population) => [population.name, population]));
        if (projections.some(({ to }, k) => projections.findIndex((other) => other.to === to) !== k)) {
          seen.severalProjections += 1;
        }
        if (projections.some(({ delay }) => delay > 1)) seen.delays += 1;
        if (populations.some(({ kind, shape }) => kind === 'spiking' && shape[0] === 1 && shape[2] > 8))
          seen.spread += 1;
        if (populations.some(({ shape, bias }) => bias.columns > Math.max(1, shape[2]))) seen.biasByNeuron += 1;
        if (drives.some(({ population }) => reached.get(population)!.phase > 0)) seen.lateDrives += 1;
      }),
      { numRuns: 500 },
    );
    // All but ties; and each kind of what only a DAG has is there.
    expect(seen.compared).toBeGreaterThan(0.9 * seen.all);
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });

  it('has one population per neuron layer and one readout, a timestep apart', () => {
    const graph = lower(
      randomSnn(
        [4, 4, 1],
        [{ conv: 2 }, { neuron: 'hard' }, { conv: 2 }, { neuron: 'hard' }, { flatten: 'hwc' }, { dense: 3 }],
        2,
        1,
      ),
    );
    expect(graph.populations.map(({ name, kind, phase }) => [name, kind, phase])).toEqual([
      ['layer1', 'spiking', 0],
      ['layer3', 'spiking', 1],
      ['logits', 'readout', 2],
    ]);
    expect(graph.drives.map(({ population }) => population)).toEqual(['layer1']);
    expect(graph.projections.map(({ from, to }) => [from, to])).toEqual([
      ['layer1', 'layer3'],
      ['layer3', 'logits'],
    ]);
  });

  it('folds W·γ/√(σ² + ε) and (b − μ)·γ/√(σ² + ε) + β', () => {
    const snn: SnnGraph = {
      kind: 'snn',
      name: 'fold',
      timesteps: 1,
      layers: [
        { kind: 'input', name: 'input', shape: [1, 1, 1], mean: [0], std: [1] },
        {
          kind: 'dense',
          name: 'd',
          inputs: ['f'],
          kernel: { shape: [1, 1], data: Float32Array.of(6) },
          bias: Float32Array.of(5),
        },
      ],
    };
    const [input, dense] = snn.layers;
    const norm = {
      kind: 'batchNorm',
      name: 'n',
      inputs: ['d'],
      gamma: Float32Array.of(3),
      beta: Float32Array.of(0.5),
      mean: Float32Array.of(1),
      variance: Float32Array.of(3),
      epsilon: 1,
      momentum: 0.1,
    } as const;
    const flatten = { kind: 'flatten', name: 'f', inputs: ['input'], order: 'hwc' } as const;
    const output = { kind: 'output', name: 'logits', inputs: ['n'] } as const;
    const graph = lower({ ...snn, layers: [input!, flatten, dense!, norm, output] });
    // √(3 + 1) = 2; 6·3/2 = 9; (5 − 1)·3/2 + 0.5 = 6.5
    expect(Array.from(graph.drives[0]!.kernel.data)).toEqual([9]);
    expect(Array.from(graph.drives[0]!.bias)).toEqual([6.5]);
  });

  it('names the layer behind which a matrix would be too large', () => {
    const twice = randomSnn(
      [48, 48, 2],
      [{ conv: 2 }, { conv: 2 }, { neuron: 'hard' }, { flatten: 'hwc' }, { dense: 2 }],
      1,
      1,
    );
    // 48·48·2 = 4608 pixels, as many neurons.
    expect(() => lower(twice)).toThrow(/SW2002 layer layer1: .*4,608 × 4,608 weights, 16,777,216 are possible/);
  });

  it('makes a convolution of a convolution where no frame of zeros lies in between', () => {
    const graph = lower(
      randomSnn(
        [9, 9, 1],
        [{ conv: 2, stride: 2 }, { conv: 3, pad: 0 }, { neuron: 'hard' }, { flatten: 'hwc' }, { dense: 2 }],
        1,
        1,
      ),
    );
    // 3 + 2·(3 − 1) = 7 taps with stride 2.
    expect(graph.drives[0]!.kernel.shape).toEqual([7, 7, 1, 3]);
    expect(graph.drives[0]!.stride).toEqual([2, 2]);
    expect(graph.populations[0]!.shape).toEqual([3, 3, 3]);
  });
});

/** 1 if the runs were compared, 0 if a membrane came so close to its threshold that rounding may decide. */
function expectEqualRuns(snn: SnnGraph, seed: number): number {
  const [input] = snn.layers;
  const shape = input!.kind === 'input' ? input!.shape : ([0, 0, 0] as const);
  const image = randomImages(shape, 1, seed).subarray(0, elementCount(shape));
  const graph = lower(snn);
  checkSpikeGraph(graph, 'lowered');
  const before = runSnn(snn, image);
  if (before.margin < TIE) return 0;
  const after = runSpikeGraph(graph, image);
  expect(after.spikes).toEqual(before.spikes);
  after.logits.get('logits')!.forEach((logit, k) => {
    expect(logit).toBeCloseTo(before.logits[k]!, 4);
  });
  return 1;
}
