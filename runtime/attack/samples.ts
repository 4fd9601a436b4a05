import type { Classifier } from '../engine/engine.js';
import { predictions } from '../train/loss.js';

/** Images with what an attack must know of them. */
export interface LabelledBatch {
  /** [N, H, W, C] in [0, 1]. */
  readonly images: Float32Array;
  /** N classes. */
  readonly labels: ArrayLike<number>;
  /** N numbers that name the samples: a sample's random draws depend on its own alone, not on the batch it comes in. */
  readonly indices: ArrayLike<number>;
}

/** What an attack made of a batch. */
export interface Crafted {
  /** [N, H, W, C], each within epsilon of its original and in [0, 1]. */
  readonly adversarial: Float32Array;
  /** N: forward passes spent on each sample. */
  readonly queries: Uint32Array;
}

/** The samples of a batch at the positions `chosen`. */
export function chosenSamples({ images, labels, indices }: LabelledBatch, chosen: readonly number[]): LabelledBatch {
  const size = images.length / labels.length;
  return {
    images: joined(chosen.map((n) => images.subarray(n * size, (n + 1) * size))),
    labels: chosen.map((n) => labels[n]!),
    indices: chosen.map((n) => indices[n]!),
  };
}

/** Arrays of one length, one after the other. */
export function joined(rows: readonly Float32Array[]): Float32Array {
  const size = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * size);
  for (const [k, row] of rows.entries()) all.set(row, k * size);
  return all;
}

/** Logits [N, classes] of images in eval mode. */
export async function logitsOf(classifier: Classifier, images: Float32Array): Promise<Float32Array> {
  const pass = await classifier.forward(images, { mode: 'eval', gradients: 'none' });
  pass.dispose();
  return pass.logits;
}

/** N predicted classes in eval mode. */
export async function classify(classifier: Classifier, images: Float32Array, count: number): Promise<Uint8Array> {
  return predictions(await logitsOf(classifier, images), count);
}
