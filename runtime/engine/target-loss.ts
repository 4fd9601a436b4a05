import type { Classifier, LossGradient, LossOptions, TargetLoss, Wanted } from './engine.js';

/** The gradient of a loss to the parameters or the images: in one run of the device where the engine can, else pass by pass. */
export async function lossGradient(
  classifier: Classifier,
  images: Float32Array,
  loss: TargetLoss,
  options: LossOptions,
  wanted: Wanted,
): Promise<LossGradient> {
  if (classifier.lossGradient !== undefined) return classifier.lossGradient(images, loss, options, wanted);
  return targetLossByPass(classifier, images, loss, options, wanted);
}

/** The gradient of a loss by a pass forward and one back. */
export async function targetLossByPass(
  classifier: Classifier,
  images: Float32Array,
  loss: TargetLoss,
  options: LossOptions,
  wanted: Wanted,
): Promise<LossGradient> {
  const pass = await classifier.forward(images, { ...options, gradients: wanted.parameters ? 'all' : 'input' });
  try {
    const upstream = atLogits(pass.logits, classifier.classes, loss);
    return { logits: pass.logits, ...(await pass.backward(upstream, wanted)) };
  } finally {
    pass.dispose();
  }
}

/** weight·(softmax(logits) − target), [N, classes]. */
function atLogits(logits: Float32Array, classes: number, { targets, weight }: TargetLoss): Float32Array {
  const gradient = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const shares = shareOf(logits.subarray(start, start + classes));
    for (let k = 0; k < classes; k += 1) gradient[start + k] = weight * (shares[k]! - targets[start + k]!);
  }
  return gradient;
}

/** The targets [N, classes] of labels: 1 at the label. */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  for (let n = 0; n < labels.length; n += 1) targets[n * classes + labels[n]!] = 1;
  return targets;
}

/** The targets [N, classes] of a prediction: its softmax. */
export function softmax(logits: Float32Array, classes: number): Float32Array {
  const targets = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    targets.set(shareOf(logits.subarray(start, start + classes)), start);
  }
  return targets;
}

/** Softmax of one row; subtracting the largest keeps exp from overflowing. */
function shareOf(row: Float32Array): Float64Array {
  const largest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const powers = Float64Array.from(row, (value) => Math.exp(value - largest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}
