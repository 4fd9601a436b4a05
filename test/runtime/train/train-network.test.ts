import { beforeAll, describe, expect, it } from 'vitest';
import { convert } from '../../../compiler/convert.js';
import { pgd, singleStep } from '../../../runtime/attack/attack.js';
import { cropAndFlip } from '../../../runtime/data/augment.js';
import { byteDataset } from '../../../runtime/data/dataset.js';
import type { Engine } from '../../../runtime/engine/engine.js';
import { startEager } from '../../../runtime/engine/start.js';
import { vgg } from '../../../runtime/models/vgg.js';
import type { Objective } from '../../../runtime/train/adversarial-step.js';
import { finetune } from '../../../runtime/train/finetune.js';
import type { LoopOptions, TrainingHooks } from '../../../runtime/train/loop.js';
import { estimateStatistics } from '../../../runtime/train/statistics.js';
import { trainAnn } from '../../../runtime/train/train-ann.js';
import { encodeAnn } from '../../../schemas/ann-file.js';
import { encodeSnn } from '../../../schemas/snn-file.js';

const shape = [8, 8, 3] as const;
const count = 40;
const classNames = ['red', 'green', 'blue'];
const labels = Uint8Array.from({ length: count }, (_, n) => n % 3);
/** Each class is bright in its own colour, over a texture that differs from image to image. */
const pixels = Uint8Array.from({ length: count * 192 }, (_, k) => {
  const image = Math.floor(k / 192);
  return (k % 3 === image % 3 ? 150 : 40) + ((k * 7 + image * 13) % 60);
});
const dataset = byteDataset({
  name: 'colours',
  split: 'train',
  classNames,
  shape,
  labels,
  order: 'hwc',
  locate: (position) => ({ pixels, position }),
});
const { graph: ann } = vgg(
  'small',
  { features: [4, 'pool', 6, 'pool'], hidden: [8], dropout: 0.2 },
  { shape, classes: 3, mean: [0.4, 0.4, 0.4], std: [0.25, 0.25, 0.25], seed: 3 },
);
const snn = convert(ann, { timesteps: 3, leak: 1, reset: 'hard' });
const options: LoopOptions = {
  epochs: 2,
  steps: null,
  samples: null,
  batchSize: 8,
  learningRate: 0.05,
  schedule: 'step',
  warmup: 0,
  momentum: 0.9,
  weightDecay: 5e-4,
  augmentation: { ...cropAndFlip, crop: 1 },
  mean: [0.4, 0.4, 0.4],
  seed: 9,
  keep: 'last',
  test: null,
};
const epsilon = 8 / 255;

let engine: Engine;
beforeAll(async () => {
  ({ engine } = await startEager({ backend: 'wasm' }));
});

type Train = (hooks: TrainingHooks) => Promise<Uint8Array>;

/** Runs to the end, and again with a stop after `stop` steps and a resume; both must end with the same bytes. */
async function expectResumable(train: Train, stop: number): Promise<void> {
  const whole = await train({});
  const controller = new AbortController();
  let stored = new Uint8Array();
  const interrupted = train({
    signal: controller.signal,
    checkpoint: async (bytes) => {
      stored = bytes.slice();
    },
    progress: (done) => {
      if (done === stop) controller.abort(new Error('interrupted'));
    },
  });
  await expect(interrupted).rejects.toThrow('interrupted');
  expect(await train({ resume: { bytes: stored, where: 'checkpoint' } })).toEqual(whole);
}

describe('training an ANN', () => {
  const objectives: Objective[] = [
    { kind: 'natural' },
    { kind: 'adversarial', attack: singleStep(epsilon) },
    { kind: 'trades', attack: pgd(epsilon, 2), beta: 6 },
  ];

  it.each(
    objectives,
  )('with the $kind objective lowers the loss, leaks nothing, resumes to the same bytes', async (objective) => {
    const before = engine.memory();
    const { history } = await trainAnn(engine, ann, dataset, { ...options, epochs: 5, objective });
    expect(history[4]!.loss).toBeLessThan(history[0]!.loss);
    const train: Train = async (hooks) =>
      encodeAnn((await trainAnn(engine, ann, dataset, { ...options, objective }, hooks)).graph);
    await expectResumable(train, 3);
    expect(engine.memory()).toEqual(before);
  });

  it('learns three colours', async () => {
    const test = { dataset, samples: count, attack: pgd(4 / 255, 2) };
    const objective: Objective = { kind: 'adversarial', attack: singleStep(4 / 255) };
    const { history } = await trainAnn(engine, ann, dataset, { ...options, epochs: 8, objective, test });
    const { testCleanAccuracy, testRobustAccuracy } = history[7]!;
    expect([testCleanAccuracy, testRobustAccuracy]).toEqual([1, 1]);
  });

  it('refuses data of another shape or number of classes', async () => {
    const natural = { ...options, objective: { kind: 'natural' } as const };
    const grey = { ...dataset, shape: [8, 8, 1] as const };
    await expect(trainAnn(engine, ann, grey, natural)).rejects.toThrow(/SW4008 data set colours: its images are 8×8×1/);
    const more = { ...dataset, classNames: [...classNames, 'grey'] };
    await expect(trainAnn(engine, ann, more, natural)).rejects.toThrow(/SW4008 data set colours: it has 4 classes/);
  });

  it('does not resume a checkpoint of other options', async () => {
    let stored = new Uint8Array();
    const natural = { ...options, objective: { kind: 'natural' } as const };
    await trainAnn(engine, ann, dataset, natural, {
      checkpoint: async (bytes) => {
        stored = bytes.slice();
      },
    });
    const resume = { bytes: stored, where: 'old' };
    await expect(trainAnn(engine, ann, dataset, { ...natural, weightDecay: 0 }, { resume })).rejects.toThrow(
      /SW4004 old/,
    );
  });
});

describe('finetuning an SNN', () => {
  const method = {
    innerLoss: 'divergence',
    outerLoss: 'robust',
    beta: 2,
    epsilon,
    alpha: epsilon / 2,
  } as const;

  it('moves weights, affines, thresholds and statistics, leaks nothing, resumes to the same bytes', async () => {
    const before = engine.memory();
    const settings = { ...options, ...method, learningRate: 0.01 };
    const train: Train = async (hooks) => encodeSnn((await finetune(engine, snn, dataset, settings, hooks)).graph);
    await expectResumable(train, 7);
    const { graph } = await finetune(engine, snn, dataset, settings);
    const unmoved = snn.layers.filter((layer, index) => {
      const moved = graph.layers[index]!;
      if (layer.kind === 'neuron') return moved.kind === 'neuron' && moved.threshold === layer.threshold;
      return (
        'kernel' in layer && 'kernel' in moved && moved.kernel.data.every((value, k) => value === layer.kernel.data[k])
      );
    });
    expect(unmoved).toEqual([]);
    expect(engine.memory()).toEqual(before);
  });

  it('leaves thresholds alone where asked, and trains all else', async () => {
    const settings = { ...options, ...method, steps: 2, learningRate: 0.01, fixedThresholds: true };
    const { graph } = await finetune(engine, snn, dataset, settings);
    for (const [index, layer] of snn.layers.entries()) {
      const moved = graph.layers[index]!;
      if (layer.kind === 'neuron') expect(moved).toEqual(layer);
      if ('kernel' in layer) expect(moved).not.toEqual(layer);
    }
  });

  it('gives another network for every inner and outer loss, and looks only at what it learns from', async () => {
    const found = new Set<string>();
    for (const change of [
      {},
      { innerLoss: 'cross-entropy' },
      { outerLoss: 'adversarial' },
      { outerLoss: 'natural' },
    ] as const) {
      const settings = { ...options, ...method, steps: 2, learningRate: 0.01, ...change };
      const { graph, history } = await finetune(engine, snn, dataset, settings);
      found.add(Buffer.from(encodeSnn(graph)).toString('base64'));
      const { cleanAccuracy, adversarialAccuracy } = history[0]!;
      const outer = settings.outerLoss as string;
      expect([cleanAccuracy !== null, adversarialAccuracy !== null]).toEqual([
        outer !== 'adversarial',
        outer !== 'natural',
      ]);
    }
    expect(found.size).toBe(4);
  });
});

describe('measuring norm statistics', () => {
  it('gives the mean and variance of what the first norm reads, over all batches', async () => {
    const batches = [dataset.images([0, 1, 2, 3]), dataset.images([4, 5, 6, 7])];
    const measured = await estimateStatistics(engine, snn, batches);
    const norm = measured.layers.find(({ name }) => name === 'norm1')!;
    // The same by an ANN of the first convolution alone: its outputs on all eight images.
    const [input, conv] = ann.layers as [(typeof ann.layers)[0], (typeof ann.layers)[1]];
    const flat = { kind: 'flatten', name: 'flat', inputs: ['conv1'], order: 'hwc' } as const;
    const output = { kind: 'output', name: 'output', inputs: ['flat'] } as const;
    const model = engine.load({ kind: 'ann', name: 'first', layers: [input, conv, flat, output] });
    const pass = await model.forward(dataset.images([0, 1, 2, 3, 4, 5, 6, 7]), { mode: 'eval' });
    pass.dispose();
    model.dispose();
    const channels = [0, 1, 2, 3].map((c) => [...pass.logits].filter((_, k) => k % 4 === c));
    const means = channels.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
    const variances = channels.map(
      (values, c) => values.reduce((sum, value) => sum + (value - means[c]!) ** 2, 0) / values.length,
    );
    if (norm.kind !== 'batchNorm') throw new Error('norm1 is a norm');
    for (let c = 0; c < 4; c += 1) {
      expect(norm.mean[c]).toBeCloseTo(means[c]!, 4);
      // Running variances are unbiased per batch: 4 images × 64 pixels × 3 timesteps = 768 values, a factor of 768/767.
      expect(Math.abs(norm.variance[c]! / variances[c]! - 1)).toBeLessThan(3e-3);
    }
  });

  it('does not depend on the order of the batches, and leaves all else as it was', async () => {
    const batches = [dataset.images([0, 1]), dataset.images([2, 3]), dataset.images([4, 5])];
    const forth = await estimateStatistics(engine, snn, batches);
    const back = await estimateStatistics(engine, snn, [...batches].reverse());
    for (const [index, layer] of forth.layers.entries()) {
      const other = back.layers[index]!;
      if (layer.kind === 'batchNorm' && other.kind === 'batchNorm') {
        for (const [c, value] of layer.mean.entries()) expect(other.mean[c]).toBeCloseTo(value, 5);
        expect(layer.momentum).toBe(0.1);
      } else {
        expect(layer).toEqual(snn.layers[index]);
      }
    }
  });
});
