import { ascendBySign, inputGradient, projectToBall } from '../attack/ascent.js';
import type { PgdAttack } from '../attack/attack.js';
import { craft } from '../attack/attack.js';
import type { Model, ParameterMap } from '../engine/engine.js';
import { trainingSurrogate } from '../engine/surrogate.js';
import { normalNoise } from '../normal-noise.js';
import { deriveSeed } from '../seed.js';
import type { StepResult, TrainingBatch, TrainingStep } from './loop.js';
import { countCorrect, crossEntropy, klDivergence, robustLoss } from './loss.js';
import type { Sgd } from './sgd.js';
import { addGradients } from './sgd.js';

/**
 * What a network is trained against (method: baselines).
 *
 * - `natural`: cross-entropy on the images as they are
 * - `adversarial`: cross-entropy on PGD examples alone (Madry et al. 2018); with 1 step of 1.25·epsilon it is the fast
 *   single-step training of Wong et al. 2020
 * - `trades`: cross-entropy on the images plus beta times the divergence to examples that maximise it (Zhang et al. 2019)
 */
export type Objective =
  | { readonly kind: 'natural' }
  | { readonly kind: 'adversarial'; readonly attack: PgdAttack }
  | { readonly kind: 'trades'; readonly attack: PgdAttack; readonly beta: number };

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
      return (model, optimiser, batch, rate) => tradesStep(model, optimiser, batch, rate, objective);
  }
}

/** One descent step on the cross-entropy of `images`. */
async function descend(
  model: Model,
  optimiser: Sgd,
  images: Float32Array,
  { labels, seed }: TrainingBatch,
  rate: number,
): Promise<{ loss: number; correct: number }> {
  const pass = await model.forward(images, { mode: 'train', dropoutSeed: deriveSeed(seed, 'dropout') });
  const { value, gradient } = crossEntropy(pass.logits, labels);
  const correct = countCorrect(pass.logits, labels);
  let gradients: ParameterMap;
  try {
    gradients = (await pass.backward(gradient, { parameters: true, input: false })).parameters;
  } finally {
    pass.dispose();
  }
  await optimiser.step(model, gradients, rate);
  return { loss: value, correct };
}

async function tradesStep(
  model: Model,
  optimiser: Sgd,
  batch: TrainingBatch,
  rate: number,
  { attack, beta }: Extract<Objective, { kind: 'trades' }>,
): Promise<StepResult> {
  const { images, labels, seed } = batch;
  const adversarial = await mostDivergent(model, batch, attack);
  const clean = await model.forward(images, { mode: 'train', dropoutSeed: deriveSeed(seed, 'dropout', 0) });
  try {
    const moved = await model.forward(adversarial, { mode: 'train', dropoutSeed: deriveSeed(seed, 'dropout', 1) });
    try {
      const loss = robustLoss(clean.logits, moved.logits, labels, beta);
      const wanted = { parameters: true, input: false };
      const fromClean = await clean.backward(loss.cleanGradient, wanted);
      const fromMoved = await moved.backward(loss.adversarialGradient, wanted);
      await optimiser.step(model, addGradients(fromClean.parameters, fromMoved.parameters), rate);
      return {
        loss: loss.value,
        correct: countCorrect(clean.logits, labels),
        adversarialCorrect: countCorrect(moved.logits, labels),
      };
    } finally {
      moved.dispose();
    }
  } finally {
    clean.dispose();
  }
}

/** PGD on the divergence from the clean prediction, started at 0.001·N(0, I): at the image itself its slope is zero. */
async function mostDivergent(
  model: Model,
  { images, indices, seed }: TrainingBatch,
  { epsilon, steps, stepSize }: PgdAttack,
): Promise<Float32Array> {
  const pass = await model.forward(images, { mode: 'eval', differentiable: false });
  pass.dispose();
  const gradientOf = (logits: Float32Array) => klDivergence(logits, pass.logits, indices.length).adversarialGradient;
  let current = normalStart(images, indices, seed);
  for (let step = 0; step < steps; step += 1) {
    const gradient = await inputGradient(model, current, gradientOf, trainingSurrogate);
    current = projectToBall(ascendBySign(current, gradient, stepSize), images, epsilon);
  }
  return current;
}

/** 0.001·N(0, I) away from the images. */
function normalStart(images: Float32Array, indices: ArrayLike<number>, seed: number): Float32Array {
  const noise = normalNoise(indices, images.length, seed);
  return images.map((value, k) => value + 0.001 * noise[k]!);
}
