import { ascendBySign, inputGradient, projectToBall } from '../attack/ascent.js';
import type { PgdAttack } from '../attack/attack.js';
import { craft } from '../attack/attack.js';
import { logitsOf } from '../attack/samples.js';
import type { LossOptions, Model, TargetLoss } from '../engine/engine.js';
import { trainingSurrogate } from '../engine/surrogate.js';
import { lossGradient, oneHot, softmax } from '../engine/target-loss.js';
import { normalNoise } from '../normal-noise.js';
import { deriveSeed } from '../seed.js';
import { descendOnPair, descendOnRobustLoss } from './descend-on-pair.js';
import type { StepResult, TrainingBatch, TrainingStep } from './loop.js';
import { countCorrect, crossEntropy, martLoss } from './loss.js';
import type { Sgd } from './sgd.js';

/**
 * What a network is trained against (method: baselines).
 *
 * - `natural`: cross-entropy on the images as they are
 * - `adversarial`: cross-entropy on PGD examples alone (Madry et al. 2018); with 1 step of 1.25·epsilon it is the fast
 *   single-step training of Wong et al. 2020
 * - `trades`: cross-entropy on the images plus beta times the divergence to examples that maximise it (Zhang et al. 2019)
 * - `mart`: boosted cross-entropy on PGD examples plus beta times the divergence, most where the image itself is
 *   uncertain (Wang et al. 2020)
 */
export type Objective =
  | { readonly kind: 'natural' }
  | { readonly kind: 'adversarial'; readonly attack: PgdAttack }
  | PairObjective;

interface PairObjective {
  readonly kind: 'trades' | 'mart';
  readonly attack: PgdAttack;
  readonly beta: number;
}

/** The training step of an objective. Examples are crafted in eval mode, gradients taken in train mode. */
export function trainingStep(objective: Objective): TrainingStep {
  switch (objective.kind) {
    case 'natural':
      return async (model, optimiser, batch, rate) => {
        const { loss, correct } = await descend(model, optimiser, batch.images, batch, rate);
        return { loss, correct, adversarialCorrect: null };
      };
    case 'adversarial':
      return async (model, optimiser, batch, rate) => {
        const { adversarial } = await craft(model, batch, objective.attack, { seed: batch.seed });
        const { loss, correct } = await descend(model, optimiser, adversarial, batch, rate);
        return { loss, correct: null, adversarialCorrect: correct };
      };
    case 'trades':
    case 'mart':
      return (model, optimiser, batch, rate) => pairStep(model, optimiser, batch, rate, objective);
  }
}

/** One descent step on the cross-entropy of `images`. */
export async function descend(
  model: Model,
  optimiser: Sgd,
  images: Float32Array,
  { labels, seed }: TrainingBatch,
  rate: number,
): Promise<{ loss: number; correct: number }> {
  const loss = { targets: oneHot(labels, model.classes), weight: 1 / labels.length };
  const options = { mode: 'train', dropoutSeed: deriveSeed(seed, 'dropout') } as const;
  const { logits, parameters } = await lossGradient(model, images, loss, options, { parameters: true, input: false });
  await optimiser.step(model, parameters, rate);
  return { loss: crossEntropy(logits, labels).value, correct: countCorrect(logits, labels) };
}

/** One descent step on a loss of the images and of examples together. */
async function pairStep(
  model: Model,
  optimiser: Sgd,
  batch: TrainingBatch,
  rate: number,
  { kind, attack, beta }: PairObjective,
): Promise<StepResult> {
  const { images, labels, seed } = batch;
  const adversarial =
    kind === 'trades'
      ? await mostDivergent(model, batch, attack)
      : await climb(model, batch, attack, { targets: oneHot(labels, model.classes), weight: 1 });
  const options = (number: number): LossOptions => ({
    mode: 'train',
    dropoutSeed: deriveSeed(seed, 'dropout', number),
  });
  const clean = await model.forward(images, options(0));
  try {
    if (kind === 'trades') {
      const moved = { images: adversarial, options: options(1) };
      const { loss, ...counts } = await descendOnRobustLoss(model, optimiser, clean, moved, labels, beta, rate);
      return { loss: loss.value, ...counts };
    }
    const moved = await model.forward(adversarial, options(1));
    try {
      const loss = martLoss(clean.logits, moved.logits, labels, beta);
      const counts = await descendOnPair(model, optimiser, clean, moved, labels, loss, rate);
      return { loss: loss.value, ...counts };
    } finally {
      moved.dispose();
    }
  } finally {
    clean.dispose();
  }
}

/** PGD on the divergence from the clean prediction. */
async function mostDivergent(model: Model, batch: TrainingBatch, attack: PgdAttack): Promise<Float32Array> {
  const targets = softmax(await logitsOf(model, batch.images), model.classes);
  return climb(model, batch, attack, { targets, weight: 1 / batch.indices.length });
}

/** PGD started at 0.001·N(0, I), since at the image itself the slope of a divergence is zero. */
async function climb(
  model: Model,
  { images, indices, seed }: TrainingBatch,
  { epsilon, steps, stepSize }: PgdAttack,
  loss: TargetLoss,
): Promise<Float32Array> {
  let current = normalStart(images, indices, seed);
  for (let step = 0; step < steps; step += 1) {
    const gradient = await inputGradient(model, current, loss, trainingSurrogate);
    current = projectToBall(ascendBySign(current, gradient, stepSize), images, epsilon);
  }
  return current;
}

/** 0.001·N(0, I) away from the images. */
function normalStart(images: Float32Array, indices: ArrayLike<number>, seed: number): Float32Array {
  const noise = normalNoise(indices, images.length, seed);
  return images.map((value, k) => value + 0.001 * noise[k]!);
}
