import type { Attack } from '../attack/attack.js';
import { worstCase } from '../attack/worst-case.js';
import type { Dataset } from '../data/dataset.js';
import { labelsOf } from '../data/dataset.js';
import type { Classifier } from '../engine/engine.js';
import { trainingSurrogate } from '../engine/surrogate.js';
import type { Hooks } from '../hooks.js';
import { breathe } from '../hooks.js';
import type { Proportion } from '../wilson.js';
import { wilson } from '../wilson.js';
import { countCorrect } from './loss.js';

/** Which images are measured, and how many in one forward pass. */
export interface Measured {
  readonly dataset: Dataset;
  /** Indices into the data set. */
  readonly indices: ArrayLike<number>;
  readonly batchSize: number;
}

/** The first `count` images of a data set, or all it has where they are fewer. */
export function firstOf(dataset: Dataset, count: number, batchSize: number): Measured {
  return { dataset, indices: Uint32Array.from({ length: Math.min(count, dataset.count) }, (_, n) => n), batchSize };
}

/** Share of images classified as labelled, in eval mode. */
export async function cleanAccuracy(
  classifier: Classifier,
  measured: Measured,
  hooks: Hooks = {},
): Promise<Proportion> {
  let correct = 0;
  await overBatches(measured, hooks, async ({ images, labels }) => {
    const pass = await classifier.forward(images, { mode: 'eval', gradients: 'none' });
    pass.dispose();
    correct += countCorrect(pass.logits, labels);
  });
  return wilson(correct, measured.indices.length);
}

/** Share of images still classified as labelled after `attack` with the training surrogate. */
export async function robustAccuracy(
  classifier: Classifier,
  measured: Measured,
  attack: Attack,
  seed: number,
  hooks: Hooks = {},
): Promise<Proportion> {
  const members = [{ name: 'PCW(1)', surrogate: trainingSurrogate }];
  let correct = 0;
  await overBatches(measured, hooks, async (batch) => {
    const { fooled } = await worstCase(classifier, batch, { attack, members, seed, batchSize: measured.batchSize });
    correct += fooled.reduce((sum, flag) => sum + 1 - flag, 0);
  });
  return wilson(correct, measured.indices.length);
}

interface MeasuredBatch {
  readonly images: Float32Array;
  readonly labels: Uint8Array;
  readonly indices: Uint32Array;
}

/** Hands the measured images to `measure` in batches; progress counts images. */
export async function overBatches(
  { dataset, indices, batchSize }: Measured,
  hooks: Hooks,
  measure: (batch: MeasuredBatch) => Promise<void>,
): Promise<void> {
  const all = Uint32Array.from(indices);
  for (let first = 0; first < all.length; first += batchSize) {
    await breathe(hooks);
    const chosen = all.subarray(first, first + batchSize);
    await measure({ images: dataset.images(chosen), labels: labelsOf(dataset, chosen), indices: chosen });
    hooks.progress?.(first + chosen.length, all.length);
  }
}
