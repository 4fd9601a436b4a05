import type { Classifier } from '../engine/engine.js';
import type { Surrogate } from '../engine/surrogate.js';
import type { Hooks } from '../hooks.js';
import { breathe } from '../hooks.js';
import type { Attack } from './attack.js';
import { craft, usesGradients } from './attack.js';
import type { LabelledBatch } from './samples.js';
import { chosenSamples, classify } from './samples.js';

/** One gradient model of an ensemble, under the name that reports show. */
export interface Member {
  readonly name: string;
  readonly surrogate: Surrogate;
}

export interface WorstCaseOptions {
  readonly attack: Attack;
  /** Tried in this order, each on the samples that no earlier one fooled; at least one. */
  readonly members: readonly Member[];
  /** The network whose gradients are used, where that is not the one attacked: examples are then transferred. */
  readonly source?: Classifier | undefined;
  readonly seed: number;
  /** Samples per forward pass, ≥ 1. */
  readonly batchSize: number;
}

export interface WorstCase {
  /** [N, H, W, C]: the example that fooled the network, or the last one tried. */
  readonly adversarial: Float32Array;
  /** N: what the network makes of `adversarial`. */
  readonly predictions: Uint8Array;
  /** N: 1 where the prediction is wrong. */
  readonly fooled: Uint8Array;
  /** N: number of the member whose example stands in `adversarial`. */
  readonly member: Uint8Array;
  /** N: forward passes spent on each sample, over all members tried on it. */
  readonly queries: Uint32Array;
}

/**
 * Attacks every sample with every member of the ensemble until one's example is misclassified by the true forward pass
 * (method: the ensemble's worst case); one member is enough for an attack without gradients. Results do not depend on `batchSize`. Progress counts attacked samples; the
 * total shrinks as samples are fooled.
 */
export async function worstCase(
  classifier: Classifier,
  batch: LabelledBatch,
  { attack, members, source = classifier, seed, batchSize }: WorstCaseOptions,
  hooks: Hooks = {},
): Promise<WorstCase> {
  const { images, labels } = batch;
  const count = labels.length;
  const size = images.length / count;
  const outcome = {
    adversarial: images.slice(),
    predictions: new Uint8Array(count),
    fooled: new Uint8Array(count),
    member: new Uint8Array(count),
    queries: new Uint32Array(count),
  };
  // Without gradients every member would do the same again.
  const tried = usesGradients(attack) ? members : members.slice(0, 1);
  let standing = Array.from({ length: count }, (_, n) => n);
  let done = 0;
  for (const [number, { name, surrogate }] of tried.entries()) {
    const total = done + standing.length * (tried.length - number);
    for (let first = 0; first < standing.length; first += batchSize) {
      await breathe(hooks);
      const chosen = standing.slice(first, first + batchSize);
      const { adversarial, queries } = await craft(source, chosenSamples(batch, chosen), attack, { seed, surrogate });
      const predicted = await classify(classifier, adversarial, chosen.length);
      for (const [k, n] of chosen.entries()) {
        outcome.adversarial.set(adversarial.subarray(k * size, (k + 1) * size), n * size);
        outcome.predictions[n] = predicted[k]!;
        outcome.fooled[n] = predicted[k] === labels[n] ? 0 : 1;
        outcome.member[n] = number;
        outcome.queries[n]! += queries[k]!;
      }
      done += chosen.length;
      hooks.progress?.(done, total, name);
    }
    standing = standing.filter((n) => outcome.fooled[n] === 0);
  }
  return outcome;
}

/** What a member did to the samples that it was tried on. */
export interface MemberResult {
  readonly name: string;
  readonly tried: number;
  readonly fooled: number;
}

/** Of each member the samples that no earlier one had fooled, and how many of them it fooled. */
export function memberTally({ member, fooled }: WorstCase, members: readonly Member[]): MemberResult[] {
  const results = members.map(({ name }) => ({ name, tried: 0, fooled: 0 }));
  for (const [n, last] of member.entries()) {
    for (let number = 0; number <= last; number += 1) results[number]!.tried += 1;
    results[last]!.fooled += fooled[n]!;
  }
  return results;
}

/** The tally of two sets of samples that met the same members. */
export function mergeTallies(a: readonly MemberResult[], b: readonly MemberResult[]): MemberResult[] {
  return a.map(({ name, tried, fooled }, number) => {
    const other = b[number]!;
    return { name, tried: tried + other.tried, fooled: fooled + other.fooled };
  });
}
