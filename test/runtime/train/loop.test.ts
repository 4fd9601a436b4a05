import { describe, expect, it } from 'vitest';
import { pgd } from '../../../runtime/attack/attack.js';
import { byteDataset } from '../../../runtime/data/dataset.js';
import { trainingStep } from '../../../runtime/train/adversarial-step.js';
import type { EpochRecord } from '../../../runtime/train/checkpoint.js';
import type { LoopOptions } from '../../../runtime/train/loop.js';
import { trainingLoop } from '../../../runtime/train/loop.js';
import type { SafeTensor } from '../../../schemas/safetensors.js';
import { readSafetensors, writeSafetensors } from '../../../schemas/safetensors.js';
import { ToyModel } from './toy-model.js';

const shape = [4, 4, 1] as const;
const count = 50;

/** Class 0 is bright in its two upper rows, class 1 in its lower ones, with a little texture. */
const labels = Uint8Array.from({ length: count }, (_, n) => n % 2);
const isBright = (k: number): boolean => k % 16 < 8 === (Math.floor(k / 16) % 2 === 0);
const pixels = Uint8Array.from({ length: count * 16 }, (_, k) => (isBright(k) ? 180 : 40) + (k % 7));
const dataset = byteDataset({
  name: 'toy',
  split: 'train',
  classNames: ['above', 'below'],
  shape,
  labels,
  order: 'hwc',
  locate: (position) => ({ pixels, position }),
});

const options: LoopOptions = {
  epochs: 3,
  steps: null,
  samples: null,
  batchSize: 8,
  learningRate: 0.2,
  schedule: 'step',
  warmup: 0.1,
  momentum: 0.9,
  weightDecay: 1e-4,
  augmentation: { crop: 0, flip: true, cutout: 0, resizes: false },
  mean: [0.5],
  seed: 4,
  keep: 'last',
  test: { dataset, samples: 20, attack: pgd(0.05, 2) },
};
const step = trainingStep({ kind: 'adversarial', attack: pgd(0.05, 2) });
const newModel = () =>
  new ToyModel(
    shape,
    Float32Array.from({ length: 32 }, (_, k) => Math.sin(k)),
  );

describe('the training loop', () => {
  it('learns what is easy to learn, and reports each epoch', async () => {
    const model = newModel();
    const records: EpochRecord[] = [];
    const history = await trainingLoop(model, dataset, step, { ...options, epochs: 8 }, 'run', {
      epoch: async (record) => {
        records.push(record);
      },
    });
    expect(records).toEqual(history);
    expect(history.map((record) => record.epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(history[7]!.loss).toBeLessThan(history[0]!.loss);
    expect([history[7]!.testCleanAccuracy, history[7]!.testRobustAccuracy]).toEqual([1, 1]);
    expect(history[7]!.cleanAccuracy).toBe(null);
    expect(model.alive).toBe(0);
  });

  it('holds the rate within an epoch, or lets it fall at every step, as it is told', async () => {
    const ratesOf = async (schedule: 'epoch' | 'step', warmup: number) => {
      const rates: number[] = [];
      const watched: typeof step = (model, optimiser, batch, rate) => {
        rates.push(rate);
        return step(model, optimiser, batch, rate);
      };
      await trainingLoop(newModel(), dataset, watched, { ...options, epochs: 4, test: null, schedule, warmup }, 'run');
      return rates;
    };
    // Half of 0.2·(1 + cos(π·e/4)) for the epochs e = 0 … 3, 6 steps each.
    const byEpoch = [0.2, 0.1 * (1 + Math.SQRT1_2), 0.1, 0.1 * (1 - Math.SQRT1_2)].flatMap((rate) =>
      Array(6).fill(rate),
    );
    const close = (rates: readonly number[]) => rates.map((rate) => expect.closeTo(rate, 10));
    expect(await ratesOf('epoch', 0)).toEqual(close(byEpoch));
    expect(await ratesOf('step', 0)).toEqual(
      close(Array.from({ length: 24 }, (_, k) => 0.1 * (1 + Math.cos((Math.PI * k) / 24)))),
    );
    // A warm-up of a quarter of 24 steps rises at each.
    expect((await ratesOf('epoch', 0.25)).slice(0, 7)).toEqual(close([1, 2, 3, 4, 5, 6, 7].map((k) => (0.2 * k) / 7)));
  });

  it('stopped after any step and resumed ends with the same bytes as a run that was never stopped', async () => {
    // 50 images in batches of 8: 6 steps an epoch (2 images left out), 18 in all.
    const reference = newModel();
    const history = await trainingLoop(reference, dataset, step, options, 'run');
    const expected = await reference.readParameters();
    for (const stop of [1, 5, 6, 7, 17]) {
      const controller = new AbortController();
      const stored: Uint8Array[] = [];
      const checkpoint = async (bytes: Uint8Array): Promise<void> => {
        stored.push(bytes);
      };
      const stopped = trainingLoop(newModel(), dataset, step, options, 'run', {
        signal: controller.signal,
        checkpoint,
        progress: (done) => {
          if (done === stop) controller.abort(new Error('interrupted'));
        },
      });
      await expect(stopped).rejects.toThrow('interrupted');
      const resumed = newModel();
      const resume = { bytes: stored[stored.length - 1]!, where: 'checkpoint' };
      expect(await trainingLoop(resumed, dataset, step, options, 'run', { resume })).toEqual(history);
      expect(await resumed.readParameters(), `stopped after step ${stop}`).toEqual(expected);
    }
  });

  it('gives other weights for another seed', async () => {
    const [a, b] = [newModel(), newModel()];
    await trainingLoop(a, dataset, step, options, 'run');
    await trainingLoop(b, dataset, step, { ...options, seed: 5 }, 'run');
    expect(await a.readParameters()).not.toEqual(await b.readParameters());
  });

  it('keeps the epoch with the best clean test accuracy where asked, through a resume too', async () => {
    // Each step inverts the weights, and each epoch has one step: right becomes wrong and right again.
    const invert: typeof step = async (model) => {
      const kernel = (await model.readParameters()).get('dense.kernel')!;
      model.writeParameters(new Map([['dense.kernel', kernel.map((value) => -value)]]));
      return { loss: 1, correct: 0, adversarialCorrect: null };
    };
    // Class 0 looks at the upper rows, class 1 at the lower.
    const right = Float32Array.from({ length: 32 }, (_, k) => (k < 16 === (k % 2 === 0) ? 1 : 0));
    const best = { ...options, epochs: 3, batchSize: 50, samples: 50, keep: 'best' as const };
    const stored: Uint8Array[] = [];
    const model = new ToyModel(shape, right);
    const history = await trainingLoop(model, dataset, invert, best, 'run', {
      checkpoint: async (bytes) => {
        stored.push(bytes);
      },
    });
    expect(history.map((record) => record.testCleanAccuracy)).toEqual([0, 1, 0]);
    expect((await model.readParameters()).get('dense.kernel')).toEqual(right);
    const resumed = newModel();
    await trainingLoop(resumed, dataset, invert, best, 'run', { resume: { bytes: stored[1]!, where: 'checkpoint' } });
    expect((await resumed.readParameters()).get('dense.kernel')).toEqual(right);
  });

  it('refuses a checkpoint of another run, and damaged ones', async () => {
    const stored: Uint8Array[] = [];
    const checkpoint = async (bytes: Uint8Array): Promise<void> => {
      stored.push(bytes);
    };
    await trainingLoop(newModel(), dataset, step, { ...options, epochs: 1 }, 'run', { checkpoint });
    const resume = (bytes: Uint8Array) => ({ resume: { bytes, where: 'old.ckpt' } });
    const again = (bytes: Uint8Array, run: string) =>
      trainingLoop(newModel(), dataset, step, options, run, resume(bytes));
    await expect(again(stored[0]!, 'another')).rejects.toThrow(/SW4004 old\.ckpt/);
    await expect(again(stored[0]!.subarray(0, 300), 'run')).rejects.toThrow(/SW1010 old\.ckpt/);
    await expect(again(new Uint8Array(40), 'run')).rejects.toThrow(/SW1010 old\.ckpt/);
    const { tensors, metadata } = readSafetensors(stored[0]!, 'stored');
    const altered = (
      change: (content: { tensors: Map<string, SafeTensor>; metadata: Record<string, string> }) => void,
    ) => {
      const content = { tensors: new Map(tensors), metadata: { ...metadata } };
      change(content);
      return again(writeSafetensors(content), 'run');
    };
    const three: SafeTensor = { dtype: 'F32', shape: [3], data: new Float32Array(3) };
    await expect(altered((content) => content.tensors.set('parameters/dense.kernel', three))).rejects.toThrow(/SW4004/);
    await expect(altered((content) => content.tensors.set('velocity/dense.kernel', three))).rejects.toThrow(/SW4004/);
    await expect(altered((content) => content.tensors.set('velocity/other', three))).rejects.toThrow(/SW4004/);
    await expect(altered((content) => content.tensors.delete('parameters/norm.mean'))).rejects.toThrow(/SW4004/);
    for (const counts of [
      '',
      '{}',
      'null',
      '{"step":-1}',
      metadata.counts!.replace('"samples":0', '"samples":"many"'),
    ]) {
      await expect(
        altered((content) => Object.assign(content.metadata, { counts })),
        counts,
      ).rejects.toThrow(/SW4004/);
    }
  });

  it('ends with a diagnostic where the loss is no number or the options leave nothing to do', async () => {
    const diverging: typeof step = async () => ({ loss: Number.NaN, correct: 0, adversarialCorrect: 0 });
    const run = (changed: Partial<LoopOptions>) =>
      trainingLoop(newModel(), dataset, step, { ...options, ...changed }, 'run');
    await expect(trainingLoop(newModel(), dataset, diverging, options, 'run')).rejects.toThrow(
      /SW4005 training step 1/,
    );
    await expect(run({ epochs: 0 })).rejects.toThrow(/SW4006/);
    await expect(run({ samples: 0 })).rejects.toThrow(/SW4006/);
    await expect(run({ keep: 'best', test: null })).rejects.toThrow(/SW4006/);
  });

  it('keeps the last sound checkpoint where the loss or a weight is no number any more', async () => {
    const spoilt = () => new Map([['dense.kernel', new Float32Array(32).fill(Number.NaN)]]);
    // 6 steps an epoch. In the second epoch the loss, only a weight, or a gradient stops being a number.
    for (const [last, message] of [
      [Number.NaN, /SW4005 training step 8/],
      [1, /SW4005 dense\.kernel/],
      ['gradient', /SW4005 training step 8: the gradient of dense\.kernel/],
    ] as const) {
      let steps = 0;
      const breaking: typeof step = async (model, optimiser, batch, rate) => {
        steps += 1;
        if (steps < 8) return step(model, optimiser, batch, rate);
        if (last === 'gradient') await optimiser.step(model, spoilt(), rate);
        model.writeParameters(spoilt());
        return { loss: Number(last), correct: 0, adversarialCorrect: 0 };
      };
      const stored: Uint8Array[] = [];
      const checkpoint = async (bytes: Uint8Array): Promise<void> => {
        stored.push(bytes);
      };
      await expect(trainingLoop(newModel(), dataset, breaking, options, 'run', { checkpoint })).rejects.toThrow(
        message,
      );
      expect(stored).toHaveLength(1);
      const resumed = newModel();
      const resume = { bytes: stored[0]!, where: 'checkpoint' };
      expect(await trainingLoop(resumed, dataset, step, options, 'run', { resume })).toHaveLength(3);
    }
  });

  it.each(['trades', 'mart'] as const)('learns by %s', async (kind) => {
    const model = newModel();
    const pair = trainingStep({ kind, attack: pgd(0.05, 2), beta: 4 });
    const history = await trainingLoop(model, dataset, pair, { ...options, epochs: 8 }, 'run');
    expect(history[7]!.loss).toBeLessThan(history[0]!.loss);
    expect([history[7]!.testCleanAccuracy, history[7]!.testRobustAccuracy]).toEqual([1, 1]);
    expect(history[7]!.adversarialAccuracy).toBeGreaterThan(history[0]!.adversarialAccuracy!);
    expect(model.alive).toBe(0);
  });

  it('takes no more steps and images than it is given', async () => {
    const seen = new Set<number>();
    let steps = 0;
    const watch: typeof step = async (_model, _optimiser, batch) => {
      for (const index of batch.indices) seen.add(index);
      steps += 1;
      return { loss: 1, correct: 0, adversarialCorrect: null };
    };
    const bounded = { ...options, epochs: 100, steps: 7, samples: 20, test: null };
    const history = await trainingLoop(newModel(), dataset, watch, bounded, 'run');
    expect(steps).toBe(7);
    expect(Math.max(...seen)).toBeLessThan(20);
    // 20 images in batches of 8 are 2 steps an epoch, so step 7 ends in the fourth.
    expect(history.length).toBe(4);
  });
});
