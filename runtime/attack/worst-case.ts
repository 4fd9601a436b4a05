import type { Classifier } from '../engine/engine.js';
import type { Surrogate } from '../engine/surrogate.js';
import type { Hooks } from '../hooks.js';
import { breathe } from '../hooks.js';
import { predictions } from '../train/loss.js';
import type { Attack, LabelledBatch } from './attack.js';
import { craft } from './attack.js';

/** One gradient model of an ensemble, under the name that reports show. */
export interface Member {
  readonly name: string;
  readonly surrogate: Surrogate;
}

export interface WorstCaseOptions {
  readonly attack: Attack;
  /** Tried in this order, each on the samples that no earlier one fooled; at least one. */
  readonly members: readonly Member[];
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
}

/**
 * Attacks every sample with every member of the ensemble until one's example is misclassified by the true forward pass
 * (method: the ensemble's worst case). Results do not depend on `batchSize`. Progress counts attacked samples; the
 * total shrinks as samples are fooled.
 */
export async function worstCase(
  classifier: Classifier,
  { images, labels, indices }: LabelledBatch,
  { attack, members, seed, batchSize }: WorstCaseOptions,
  hooks: Hooks = {},
): Promise<WorstCase> {
  const count = labels.length;
  const size = images.length / count;
  const outcome = {
    adversarial: images.slice(),
    predictions: new Uint8Array(count),
    fooled: new Uint8Array(count),
    member: new Uint8Array(count),
  };
  let standing = Array.from({ length: count }, (_, n) => n);
  let done = 0;
  for (const [number, { name, surrogate }] of members.entries()) {
    const total = done + standing.length * (members.length - number);
    for (let first = 0; first < standing.length; first += batchSize) {
      await breathe(hooks);
      const chosen = standing.slice(first, first + batchSize);
      const batch = {
        images: gather(images, chosen, size),
        labels: chosen.map((n) => labels[n]!),
        indices: chosen.map((n) => indices[n]!),
      };
      const adversarial = await craft(classifier, batch, attack, { seed, surrogate });
      const predicted = await classify(classifier, adversarial, chosen.length);
      for (const [k, n] of chosen.entries()) {
        outcome.adversarial.set(adversarial.subarray(k * size, (k + 1) * size), n * size);
        outcome.predictions[n] = predicted[k]!;
        outcome.fooled[n] = predicted[k] === labels[n] ? 0 : 1;
        outcome.member[n] = number;
      }
      done += chosen.length;
      hooks.progress?.(done, total, name);
    }
    standing = standing.filter((n) => outcome.fooled[n] === 0);
  }
  return outcome;
}

async function classify(classifier: Classifier, images: Float32Array, count: number): Promise<Uint8Array> {
  const pass = await classifier.forward(images, { mode: 'eval', gradients: 'none' });
  pass.dispose();
  return predictions(pass.logits, count);
}

function gather(images: Float32Array, chosen: readonly number[], size: number): Float32Array {
  const gathered = new Float32Array(chosen.length * size);
  for (const [k, n] of chosen.entries()) gathered.set(images.subarray(n * size, (n + 1) * size), k * size);
  return gathered;
}
