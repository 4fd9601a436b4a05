import type { SnnGraph } from '../../schemas/snn.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import { ascendBySign, inputGradient, projectToBall } from '../attack/ascent.js';
import { craft, randomSigns } from '../attack/attack.js';
import type { Dataset } from '../data/dataset.js';
import type { Engine, LossOptions, Model } from '../engine/engine.js';
import { trainingSurrogate } from '../engine/surrogate.js';
import { softmax } from '../engine/target-loss.js';
import { withParameters } from '../models/parameters.js';
import { deriveSeed } from '../seed.js';
import { descend } from './adversarial-step.js';
import type { EpochRecord } from './checkpoint.js';
import { descendOnRobustLoss } from './descend-on-pair.js';
import type { LoopOptions, TrainingBatch, TrainingHooks, TrainingStep } from './loop.js';
import { trainingLoop } from './loop.js';
import type { RobustLoss } from './loss.js';
import { orthogonalise } from './orthogonal.js';
import { requireFit, runIdentity } from './run-identity.js';
import type { Sgd } from './sgd.js';

/** The adversary and objective of finetuning (method: finetuning); what is not the method's own is for ablations. */
export interface FinetuneObjective {
  /** What the adversary raises: the divergence from the clean prediction (the method's), or the cross-entropy. */
  readonly innerLoss: 'divergence' | 'cross-entropy';
  /**
   * What is learnt from: clean images and, by the divergence, examples (`robust`, the method's); examples alone
   * (`adversarial`); clean images alone (`natural`). The latter two by cross-entropy.
   */
  readonly outerLoss: 'robust' | 'adversarial' | 'natural';
  /** Weight of the divergence in the robust loss, ≥ 0; the method's is 2 for CIFAR-10. */
  readonly beta: number;
  /** Largest change of a pixel, in pixel units. */
  readonly epsilon: number;
  /** The random part of it, in [0, epsilon]; the method's is epsilon/2 for CIFAR-10. */
  readonly alpha: number;
}

export interface FinetuneOptions extends LoopOptions, FinetuneObjective {
  /** Strength of a pull of weights towards orthogonality after each step (SNN-RAT's is 0.004); none unless said. */
  readonly orthogonality?: number | undefined;
}

/**
 * Finetunes a converted SNN: weights, norm affines and thresholds. The same engine, network, data and options give the
 * same bytes, stopped and resumed or not. Throws what `trainingLoop` throws, and SW4008 where the data do not fit.
 */
export async function finetune(
  engine: Engine,
  graph: SnnGraph,
  dataset: Dataset,
  options: FinetuneOptions,
  hooks: TrainingHooks = {},
): Promise<{ readonly graph: SnnGraph; readonly history: readonly EpochRecord[] }> {
  const { innerLoss, outerLoss, beta, epsilon, alpha, orthogonality = 0, ...loop } = options;
  const run = runIdentity(engine, encodeSnn(graph), dataset, options);
  const model = engine.load(graph);
  try {
    requireFit(model, dataset);
    const plain = stepOf({ innerLoss, outerLoss, beta, epsilon, alpha });
    const step = orthogonality === 0 ? plain : orthogonally(plain, graph, orthogonality);
    const history = await trainingLoop(model, dataset, step, loop, run, hooks);
    return { graph: withParameters(graph, await model.readParameters()), history };
  } finally {
    model.dispose();
  }
}

function stepOf(objective: FinetuneObjective): TrainingStep {
  const adversary = adversaryOf(objective);
  switch (objective.outerLoss) {
    case 'robust':
      return async (model, optimiser, batch, rate) => {
        const { loss, correct, adversarialCorrect } = await finetuneStep(
          model,
          optimiser,
          batch,
          rate,
          objective.beta,
          adversary,
        );
        return { loss: loss.value, correct, adversarialCorrect };
      };
    case 'adversarial':
      return async (model, optimiser, batch, rate) => {
        const { loss, correct } = await descend(model, optimiser, await adversary(model, batch), batch, rate);
        return { loss, correct: null, adversarialCorrect: correct };
      };
    case 'natural':
      return async (model, optimiser, batch, rate) => {
        const { loss, correct } = await descend(model, optimiser, batch.images, batch, rate);
        return { loss, correct, adversarialCorrect: null };
      };
  }
}

/** A step after which the weights are drawn towards orthogonality. */
function orthogonally(step: TrainingStep, { layers }: SnnGraph, strength: number): TrainingStep {
  const outputsOf = new Map(
    layers.flatMap((layer) =>
      layer.kind === 'conv2d' || layer.kind === 'dense'
        ? [[`${layer.name}.kernel`, layer.kernel.shape.at(-1)!] as const]
        : [],
    ),
  );
  return async (model, optimiser, batch, rate) => {
    const result = await step(model, optimiser, batch, rate);
    await orthogonalise(model, outputsOf, strength, batch.seed);
    return result;
  };
}

function adversaryOf({ innerLoss, epsilon, alpha }: FinetuneObjective): Adversary {
  if (innerLoss === 'cross-entropy') {
    const attack = { method: 'rfgsm', epsilon, alpha } as const;
    return async (model, batch) => (await craft(model, batch, attack, { seed: batch.seed })).adversarial;
  }
  return (model, { images, indices, seed }) =>
    mostDivergent(model, images, randomSigns(indices, images.length, seed), { epsilon, alpha });
}

/** Makes the adversarial images [N, H, W, C] of a batch. */
export type Adversary = (model: Model, batch: TrainingBatch) => Promise<Float32Array>;

/** What one finetuning step came to. */
export interface FinetuneStep {
  readonly loss: RobustLoss;
  readonly correct: number;
  readonly adversarialCorrect: number;
}

/**
 * One step in the method's order: train-mode pass on the clean images, examples crafted by `adversary` (in eval mode, on
 * the running statistics as that pass left them), train-mode pass on the examples, one descent step of `rate` on
 * CE(f(x), y) + beta·KL(f(x̃) ‖ f(x)).
 */
export async function finetuneStep(
  model: Model,
  optimiser: Sgd,
  batch: TrainingBatch,
  rate: number,
  beta: number,
  adversary: Adversary,
): Promise<FinetuneStep> {
  const { images, labels, seed } = batch;
  const options = (number: number): LossOptions => ({
    mode: 'train',
    surrogate: trainingSurrogate,
    dropoutSeed: deriveSeed(seed, 'dropout', number),
  });
  const clean = await model.forward(images, options(0));
  try {
    const moved = { images: await adversary(model, batch), options: options(1) };
    return await descendOnRobustLoss(model, optimiser, clean, moved, labels, beta, rate);
  } finally {
    clean.dispose();
  }
}

/**
 * RFGSM on the divergence (method: finetuning), all in eval mode: x′ = clip(x + alpha·noise), then one step of
 * epsilon − alpha along the sign of ∇ KL(f(x′) ‖ f(x)) with f(x) held fixed. `noise` [N, H, W, C] holds the signs (±1)
 * of the random start; where it changes no spike the gradient is zero and x′ stays.
 */
export async function mostDivergent(
  model: Model,
  images: Float32Array,
  noise: Float32Array,
  { epsilon, alpha }: Pick<FinetuneObjective, 'epsilon' | 'alpha'>,
): Promise<Float32Array> {
  const clean = await model.forward(images, { mode: 'eval', gradients: 'none' });
  clean.dispose();
  const count = clean.logits.length / model.classes;
  const loss = { targets: softmax(clean.logits, model.classes), weight: 1 / count };
  const start = projectToBall(ascendBySign(images, noise, alpha), images, alpha);
  const gradient = await inputGradient(model, start, loss, trainingSurrogate);
  return projectToBall(ascendBySign(start, gradient, epsilon - alpha), images, epsilon);
}
