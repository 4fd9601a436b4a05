import { describe, expect, it } from 'vitest';
import { lower } from '../../../compiler/lower.js';
import { quantise } from '../../../compiler/quantise.js';
import { trainingGrid } from '../../../compiler/training-grid.js';
import { byteDataset } from '../../../runtime/data/dataset.js';
import type { Engine } from '../../../runtime/engine/engine.js';
import { finetuneOnGrid } from '../../../runtime/pipeline/spiking-steps.js';
import { gridEngine } from '../../../runtime/train/grid-engine.js';
import { IntegerTwin } from '../../../runtime/twin/twin.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import { decodeSnn, encodeSnn } from '../../../schemas/snn-file.js';
import type { Target } from '../../../schemas/target.js';
import { loadTarget } from '../../../targets/load.js';
import { type LayerSpec, randomSnn } from '../../compiler/random-snn.js';
import { randomImages } from '../../property/arbitrary-spike.js';
import { startTested, testedEngines } from '../engine/engines.js';

const shape = [12, 12, 3] as const;
const reset = (target: string) => (target === 'loihi1' ? 'hard' : 'soft');
const network = (target: string, leak = 1): SnnGraph => {
  const stage = (channels: number): LayerSpec[] => [
    { conv: channels },
    'norm',
    { neuron: reset(target), leak },
    { pool: 2 },
  ];
  return randomSnn(shape, [...stage(8), ...stage(12), { flatten: 'hwc' }, { dense: 10, bias: true }], 4, 5);
};

/** Loihi 1 with weights of few bits, and the neighbour with a bias gate and soft reset. */
const targets: readonly Target[] = ['loihi1', 'loihi2'].map((name) => {
  const target = loadTarget(name);
  const { arithmetic } = target;
  return { ...target, arithmetic: { ...arithmetic, weight: { ...arithmetic.weight, mantissaMax: 15 } } };
});

const count = 24;
const pixels = Uint8Array.from(randomImages(shape, count, 3), (value) => Math.round(255 * value));
const dataset = byteDataset({
  name: 'noise',
  split: 'train',
  classNames: Array.from({ length: 10 }, (_, label) => `${label}`),
  shape,
  labels: Uint8Array.from({ length: count }, (_, n) => n % 10),
  order: 'hwc',
  locate: (position) => ({ pixels, position }),
});
const options = {
  epochs: 2,
  steps: null,
  batchSize: 8,
  innerLoss: 'divergence',
  outerLoss: 'robust',
  fixedThresholds: false,
  beta: 2,
  epsilon: 2 / 255,
  alpha: 1 / 255,
  learningRate: 0.02,
  schedule: 'step',
  momentum: 0.9,
  weightDecay: 0.001,
  statisticsBatches: 0,
} as const;

/** Share of 16 images on which the network and its twin on the target have every spike alike, and the worst logit error. */
async function agreement(engine: Engine, snn: SnnGraph, target: Target) {
  const twin = new IntegerTwin(quantise(lower(snn), target).value.graph);
  const model = engine.load(snn);
  const batch = 16;
  const images = randomImages(shape, batch, 11);
  const { spikes, logits } = await model.recordSpikes(images);
  const pass = await twin.forward(images, { mode: 'eval', gradients: 'none' });
  const records = await twin.recordSpikes(images);
  const alike = records.filter(({ spikes: own }, n) =>
    [...own].every(([name, raster]) => {
      const neurons = raster.length / snn.timesteps;
      const merged = spikes.get(name)!;
      return raster.every(
        (spike, k) => spike === merged[(Math.floor(k / neurons) * batch + n) * neurons + (k % neurons)],
      );
    }),
  ).length;
  const error = logits.reduce((most, logit, k) => Math.max(most, Math.abs(logit - pass.logits[k]!)), 0);
  model.dispose();
  twin.dispose();
  return { alike: alike / batch, error };
}

describe.each(testedEngines)('finetuning on the grid of a chip, %s', (name) => {
  const cases = targets.flatMap((target) => [1, 0.9].map((leak) => ({ target, leak, chip: target.name })));
  it.each(cases)('gives a network that $chip computes spike for spike, leak $leak', async ({ target, leak }) => {
    const engine = await startTested(name);
    const before = engine.memory();
    const plain = network(target.name, leak);
    const setup = { engine, dataset, trainSamples: null, seed: 2 };
    const { graph, history } = await finetuneOnGrid(plain, target, options, setup, { test: null, training: {} });
    expect(history).toHaveLength(2);
    expect(decodeSnn(encodeSnn(graph), 'finetuned')).toEqual(graph);

    const without = await agreement(engine, plain, target);
    const trained = await agreement(engine, graph, target);
    expect(without.alike).toBe(0);
    expect(trained).toEqual({ alike: 1, error: expect.closeTo(0, 5) });
    expect(engine.memory()).toEqual(before);
  });
});

describe('the grid of a chip', () => {
  it('is where rounding ends, and rounding twice changes nothing', () => {
    for (const target of targets) {
      const { snn, round } = trainingGrid(network(target.name), target);
      const kernels = snn.layers.flatMap((layer) =>
        layer.kind === 'conv2d' || layer.kind === 'dense' ? [[`${layer.name}.kernel`, layer.kernel.data] as const] : [],
      );
      const once = round(new Map(kernels));
      expect(round(once)).toEqual(once);
    }
  });

  it('rounds what is computed with, not what is trained, so that small steps add up', async () => {
    const [target] = targets as readonly [Target];
    const { snn, round } = trainingGrid(network(target.name), target);
    const model = gridEngine(await startTested('cpu'), target.name, round).load(snn);
    const images = randomImages(shape, 2, 1);
    const logits = async () => (await model.recordSpikes(images)).logits;
    const name = [...(await model.readParameters()).keys()].findLast((key) => key.endsWith('.kernel'))!;
    const start = await logits();
    const kernel = (await model.readParameters()).get(name)!;
    const step =
      round(new Map([[name, kernel]]))
        .get(name)!
        .reduce((most, v) => Math.max(most, Math.abs(v)), 0) / 15;
    // A hundred steps of a hundredth of the grid's: each alone changes hardly any weight, together they change all.
    for (let k = 0; k < 100; k += 1) {
      const now = (await model.readParameters()).get(name)!;
      model.writeParameters(new Map([[name, now.map((weight) => weight + step / 100)]]));
    }
    const moved = (await model.readParameters()).get(name)!;
    moved.forEach((weight, k) => {
      expect(weight).toBeCloseTo(kernel[k]! + step, 5);
    });
    expect(await logits()).not.toEqual(start);
    model.dispose();
  });

  it('refuses a network whose reset the chip has not', () => {
    expect(() => trainingGrid(network('loihi2'), targets[0]!)).toThrow('SW2010');
  });
});
