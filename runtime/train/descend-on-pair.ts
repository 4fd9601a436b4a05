import type { LossOptions, Model, Pass } from '../engine/engine.js';
import { lossGradient, softmax } from '../engine/target-loss.js';
import type { PairLoss, RobustLoss } from './loss.js';
import { countCorrect, robustLoss } from './loss.js';
import type { Sgd } from './sgd.js';
import { addGradients } from './sgd.js';

/** How many images of a batch are classified as labelled. */
export interface PairCounts {
  readonly correct: number;
  readonly adversarialCorrect: number;
}

/**
 * One descent step of `rate` on CE(f(x), y) + beta·KL(f(x̃) ‖ f(x)), after the train-mode pass `clean` over the images x,
 * with one over `moved` x̃. Leaves disposing `clean` to the caller.
 */
export async function descendOnRobustLoss(
  model: Model,
  optimiser: Sgd,
  clean: Pass,
  moved: { readonly images: Float32Array; readonly options: LossOptions },
  labels: Uint8Array,
  beta: number,
  rate: number,
): Promise<PairCounts & { readonly loss: RobustLoss }> {
  const wanted = { parameters: true, input: false };
  // The divergence's gradient at f(x̃) needs nothing of x̃ but its logits, so that pass and gradient are one.
  const divergence = { targets: softmax(clean.logits, model.classes), weight: beta / labels.length };
  const fromMoved = await lossGradient(model, moved.images, divergence, moved.options, wanted);
  const loss = robustLoss(clean.logits, fromMoved.logits, labels, beta);
  const fromClean = await clean.backward(loss.cleanGradient, wanted);
  await optimiser.step(model, addGradients(fromClean.parameters, fromMoved.parameters), rate);
  return {
    loss,
    correct: countCorrect(clean.logits, labels),
    adversarialCorrect: countCorrect(fromMoved.logits, labels),
  };
}

/**
 * One descent step of `rate` on a loss of two train-mode passes, over the clean images and over their adversarial
 * twins: the gradients of both are summed. Leaves disposing the passes to the caller.
 */
export async function descendOnPair(
  model: Model,
  optimiser: Sgd,
  clean: Pass,
  adversarial: Pass,
  labels: Uint8Array,
  loss: PairLoss,
  rate: number,
): Promise<PairCounts> {
  const wanted = { parameters: true, input: false };
  const fromClean = await clean.backward(loss.cleanGradient, wanted);
  const fromAdversarial = await adversarial.backward(loss.adversarialGradient, wanted);
  await optimiser.step(model, addGradients(fromClean.parameters, fromAdversarial.parameters), rate);
  return {
    correct: countCorrect(clean.logits, labels),
    adversarialCorrect: countCorrect(adversarial.logits, labels),
  };
}
