import { expect, it } from 'vitest';
import { pgd } from '../../../runtime/attack/attack.js';
import { byteDataset } from '../../../runtime/data/dataset.js';
import { cleanAccuracy, firstOf, robustAccuracy } from '../../../runtime/train/accuracy.js';
import { ToyModel } from './toy-model.js';

/** One grey pixel each; the classifier calls a pixel class 1 where it is more than half: logits (1 − x, x) by two inputs. */
const values = [0, 40, 110, 120, 135, 200, 255];
const dataset = byteDataset({
  name: 'greys',
  split: 'test',
  classNames: ['dark', 'bright'],
  shape: [1, 2, 1],
  // The last label is wrong on purpose.
  labels: Uint8Array.of(0, 0, 0, 0, 1, 1, 0),
  order: 'hwc',
  locate: (position) => ({ pixels: Uint8Array.from(values.flatMap((value) => [255 - value, value])), position }),
});
const model = () => new ToyModel([1, 2, 1], Float32Array.of(1, 0, 0, 1));

it('counts what is right, whatever the batch size', async () => {
  for (const batchSize of [1, 3, 7, 100]) {
    const proportion = await cleanAccuracy(model(), firstOf(dataset, 100, batchSize));
    expect([proportion.correct, proportion.total]).toEqual([6, 7]);
  }
  expect((await cleanAccuracy(model(), firstOf(dataset, 4, 2))).total).toBe(4);
});

it('counts what stays right under attack', async () => {
  // 20/255 on both pixels moves the margin (255 − 2·value) by 40: the greys 110 (margin 35), 120 and 135 fall, 40 and 200
  // stand; 0 stands too.
  const told: number[] = [];
  const measured = firstOf(dataset, 7, 3);
  const hooks = { progress: (done: number) => told.push(done) };
  const proportion = await robustAccuracy(model(), measured, pgd(20 / 255, 5), 1, hooks);
  expect([proportion.correct, proportion.total]).toEqual([3, 7]);
  expect(told).toEqual([3, 6, 7]);
});
