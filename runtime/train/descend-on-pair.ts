import type { Model, Pass } from '../engine/engine.js';
import type { PairLoss } from './loss.js';
import { countCorrect } from './loss.js';
import type { Sgd } from './sgd.js';
import { addGradients } from './sgd.js';

/** How many images of a batch are classified as labelled. */
export interface PairCounts {
  readonly correct: number;
  readonly adversarialCorrect: number;
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
