import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import type { Classifier } from '../engine/engine.js';
import type { Surrogate } from '../engine/surrogate.js';
import { trainingSurrogate } from '../engine/surrogate.js';
import { seededGenerator } from '../seed.js';
import { summedCrossEntropy } from '../train/loss.js';
import { ascendBySign, inputGradient, projectToBall } from './ascent.js';

/**
 * A gradient attack within ±epsilon (in pixel units, ≥ 0) that maximises the cross-entropy (method: attacks).
 *
 * - `fgsm`: one step of epsilon along the sign of the gradient (Goodfellow et al. 2015)
 * - `rfgsm`: a random step of ±alpha per value, then one of epsilon − alpha along the gradient's sign (Tramèr et al. 2018)
 * - `pgd`: a uniform start, then `steps` steps of `stepSize` (Madry et al. 2018)
 */
export type Attack =
  | { readonly method: 'fgsm'; readonly epsilon: number }
  | { readonly method: 'rfgsm'; readonly epsilon: number; readonly alpha: number }
  | PgdAttack;

export interface PgdAttack {
  readonly method: 'pgd';
  readonly epsilon: number;
  readonly steps: number;
  readonly stepSize: number;
}

/** PGD-k with the method's step 2.5·epsilon/k. */
export function pgd(epsilon: number, steps: number): PgdAttack {
  return { method: 'pgd', epsilon, steps, stepSize: (2.5 * epsilon) / steps };
}

/** The single step of 1.25·epsilon from a uniform start that fast adversarial training uses (Wong et al. 2020). */
export function singleStep(epsilon: number): PgdAttack {
  return { method: 'pgd', epsilon, steps: 1, stepSize: 1.25 * epsilon };
}

/** Images with what an attack must know of them. */
export interface LabelledBatch {
  /** [N, H, W, C] in [0, 1]. */
  readonly images: Float32Array;
  /** N classes. */
  readonly labels: ArrayLike<number>;
  /** N numbers that name the samples: a sample's random draws depend on its own alone, not on the batch it comes in. */
  readonly indices: ArrayLike<number>;
}

export interface CraftOptions {
  /** Of the random starts. */
  readonly seed: number;
  /** Backward form of the neurons; PCW(1) unless said. An ANN ignores it. */
  readonly surrogate?: Surrogate | undefined;
}

/** Adversarial images [N, H, W, C], each within epsilon of its original and in [0, 1]; crafted in eval mode. */
export async function craft(
  classifier: Classifier,
  batch: LabelledBatch,
  attack: Attack,
  { seed, surrogate = trainingSurrogate }: CraftOptions,
): Promise<Float32Array> {
  const { images, labels } = batch;
  const { epsilon } = attack;
  const lossGradient = (logits: Float32Array) => summedCrossEntropy(logits, labels).gradient;
  const climb = async (from: Float32Array, step: number): Promise<Float32Array> => {
    const gradient = await inputGradient(classifier, from, lossGradient, surrogate);
    return projectToBall(ascendBySign(from, gradient, step), images, epsilon);
  };
  switch (attack.method) {
    case 'fgsm':
      return climb(images, epsilon);
    case 'rfgsm': {
      const start = randomSignStart(batch, attack.alpha, seed);
      return climb(start, epsilon - attack.alpha);
    }
    case 'pgd': {
      let current = uniformStart(batch, epsilon, seed);
      for (let step = 0; step < attack.steps; step += 1) current = await climb(current, attack.stepSize);
      return current;
    }
  }
}

/** Each value moved uniformly within ±epsilon, kept in [0, 1]. */
function uniformStart({ images, indices }: LabelledBatch, epsilon: number, seed: number): Float32Array {
  const start = new Float32Array(images.length);
  const size = images.length / indices.length;
  for (let n = 0; n < indices.length; n += 1) {
    const random = seededGenerator(seed, 'uniform start', indices[n]!);
    for (let k = n * size; k < (n + 1) * size; k += 1) {
      start[k] = images[k]! + epsilon * (2 * uniformFloat32(random) - 1);
    }
  }
  return projectToBall(start, images, epsilon);
}

/** Each value moved by +alpha or −alpha, kept in [0, 1]. */
function randomSignStart({ images, indices }: LabelledBatch, alpha: number, seed: number): Float32Array {
  return projectToBall(ascendBySign(images, randomSigns(indices, images.length, seed), alpha), images, alpha);
}

/** +1 or −1 with equal chance for each of `length` values, as sign(N(0, I)) gives; a sample's depend on its index. */
export function randomSigns(indices: ArrayLike<number>, length: number, seed: number): Float32Array {
  const signs = new Float32Array(length);
  const size = length / indices.length;
  for (let n = 0; n < indices.length; n += 1) {
    const random = seededGenerator(seed, 'random signs', indices[n]!);
    for (let k = n * size; k < (n + 1) * size; k += 1) signs[k] = random.next() < 0 ? -1 : 1;
  }
  return signs;
}
