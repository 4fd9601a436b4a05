import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { failure } from '../../schemas/diagnostic.js';
import type { Classifier } from '../engine/engine.js';
import type { Surrogate } from '../engine/surrogate.js';
import { trainingSurrogate } from '../engine/surrogate.js';
import { oneHot } from '../engine/target-loss.js';
import { seededGenerator } from '../seed.js';
import { apgd, targetedApgd } from './apgd.js';
import { ascendBySign, inputGradient, projectToBall } from './ascent.js';
import { fab, targetedFab } from './fab.js';
import { crossEntropyLoss, logitRatioLoss } from './logit-loss.js';
import type { Crafted, LabelledBatch } from './samples.js';
import { chosenSamples, classify } from './samples.js';
import { square } from './square.js';

/**
 * An attack within ±epsilon (in pixel units, ≥ 0; method: attacks). Those of one or a few steps raise the cross-entropy.
 *
 * - `fgsm`: one step of epsilon along the sign of the gradient (Goodfellow et al. 2015)
 * - `rfgsm`: a random step of ±alpha per value, then one of epsilon − alpha along the gradient's sign (Tramèr et al. 2018)
 * - `pgd`: a uniform start, then `steps` steps of `stepSize` (Madry et al. 2018)
 * - `apgd-ce`, `apgd-dlr`: auto-PGD on the cross-entropy or the difference of logits ratio
 * - `fab`: the fast adaptive boundary attack towards the nearest class
 * - `apgd-t`, `fab-t`: auto-PGD and FAB towards each of the `targets` most likely other classes
 * - `square`: random search with a budget of `queries` forward passes, no gradients
 * - `sequence`: one attack after the other, each on the samples that no earlier one fooled
 */
export type Attack =
  | { readonly method: 'fgsm'; readonly epsilon: number }
  | { readonly method: 'rfgsm'; readonly epsilon: number; readonly alpha: number }
  | PgdAttack
  | { readonly method: 'apgd-ce' | 'apgd-dlr' | 'fab'; readonly epsilon: number; readonly steps: number }
  | {
      readonly method: 'apgd-t' | 'fab-t';
      readonly epsilon: number;
      readonly steps: number;
      readonly targets: number;
    }
  | { readonly method: 'square'; readonly epsilon: number; readonly queries: number }
  | { readonly method: 'sequence'; readonly epsilon: number; readonly attacks: readonly Attack[] };

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

/** Other classes that targeted attacks try. */
export const TARGETS = 9;

/** AutoAttack (Croce and Hein 2020), whose own standard is 100 steps and 5000 queries. */
export function autoAttack(epsilon: number, steps: number, queries: number): Attack {
  return {
    method: 'sequence',
    epsilon,
    attacks: [
      { method: 'apgd-ce', epsilon, steps },
      { method: 'apgd-t', epsilon, steps, targets: TARGETS },
      { method: 'fab-t', epsilon, steps, targets: TARGETS },
      { method: 'square', epsilon, queries },
    ],
  };
}

/** True where an attack looks at gradients: the result of others does not depend on the surrogate. */
export function usesGradients(attack: Attack): boolean {
  return attack.method === 'sequence' ? attack.attacks.some(usesGradients) : attack.method !== 'square';
}

export interface CraftOptions {
  /** Of all that is random. */
  readonly seed: number;
  /** Backward form of the neurons; PCW(1) unless said. An ANN ignores it. */
  readonly surrogate?: Surrogate | undefined;
}

/**
 * Adversarial images, crafted in eval mode; a sample's do not depend on the batch it comes in.
 * Throws SW4012 where a logit ratio is asked of a network with too few classes.
 */
export async function craft(
  classifier: Classifier,
  batch: LabelledBatch,
  attack: Attack,
  { seed, surrogate = trainingSurrogate }: CraftOptions,
): Promise<Crafted> {
  const { images, labels } = batch;
  const { epsilon } = attack;
  // Summed, not averaged: a sample's gradient owes nothing to the batch it comes in.
  const loss = { targets: oneHot(labels, classifier.classes), weight: 1 };
  const climb = async (from: Float32Array, step: number): Promise<Float32Array> => {
    const gradient = await inputGradient(classifier, from, loss, surrogate);
    return projectToBall(ascendBySign(from, gradient, step), images, epsilon);
  };
  const after = (queries: number, adversarial: Float32Array): Crafted => ({
    adversarial,
    queries: new Uint32Array(labels.length).fill(queries),
  });
  switch (attack.method) {
    case 'fgsm':
      return after(1, await climb(images, epsilon));
    case 'rfgsm': {
      const start = randomSignStart(batch, attack.alpha, seed);
      return after(1, await climb(start, epsilon - attack.alpha));
    }
    case 'pgd': {
      let current = uniformStart(batch, epsilon, seed);
      for (let step = 0; step < attack.steps; step += 1) current = await climb(current, attack.stepSize);
      return after(attack.steps, current);
    }
    case 'apgd-ce':
      return apgd(classifier, batch, crossEntropyLoss, { epsilon, steps: attack.steps, seed, surrogate });
    case 'apgd-dlr':
      requireClasses(classifier, attack.method, 3);
      return apgd(classifier, batch, logitRatioLoss, { epsilon, steps: attack.steps, seed, surrogate });
    case 'apgd-t': {
      requireClasses(classifier, attack.method, 4);
      return targetedApgd(classifier, batch, attack.targets, { epsilon, steps: attack.steps, seed, surrogate });
    }
    case 'fab-t':
      return targetedFab(classifier, batch, attack.targets, { epsilon, steps: attack.steps, surrogate });
    case 'fab':
      return fab(classifier, batch, { epsilon, steps: attack.steps, surrogate });
    case 'square':
      return square(classifier, batch, { epsilon, queries: attack.queries, seed });
    case 'sequence':
      return inSequence(classifier, batch, attack.attacks, { seed, surrogate });
  }
}

function requireClasses({ classes }: Classifier, method: string, least: number): void {
  if (classes >= least) return;
  throw failure('SW4012', {
    where: `attack ${method}`,
    what: `the network has ${classes} classes; its loss compares the logits of ${least}.`,
  });
}

async function inSequence(
  classifier: Classifier,
  batch: LabelledBatch,
  attacks: readonly Attack[],
  options: CraftOptions,
): Promise<Crafted> {
  const count = batch.labels.length;
  const size = batch.images.length / count;
  const outcome = { adversarial: batch.images.slice(), queries: new Uint32Array(count) };
  let standing = Array.from({ length: count }, (_, n) => n);
  for (const attack of attacks) {
    if (standing.length === 0) break;
    const part = chosenSamples(batch, standing);
    const { adversarial, queries } = await craft(classifier, part, attack, options);
    const predicted = await classify(classifier, adversarial, standing.length);
    for (const [k, n] of standing.entries()) {
      outcome.adversarial.set(adversarial.subarray(k * size, (k + 1) * size), n * size);
      outcome.queries[n]! += queries[k]!;
    }
    standing = standing.filter((n, k) => predicted[k] === batch.labels[n]);
  }
  return outcome;
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
