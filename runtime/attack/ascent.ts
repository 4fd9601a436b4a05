import type { Classifier, TargetLoss } from '../engine/engine.js';
import type { Surrogate } from '../engine/surrogate.js';
import { lossGradient } from '../engine/target-loss.js';

/** The gradient of a loss to the images [N, H, W, C] in eval mode. */
export async function inputGradient(
  classifier: Classifier,
  images: Float32Array,
  loss: TargetLoss,
  surrogate: Surrogate,
): Promise<Float32Array> {
  const options = { mode: 'eval', surrogate } as const;
  const { input } = await lossGradient(classifier, images, loss, options, { parameters: false, input: true });
  if (input === null) throw new RangeError('the classifier gave no input gradient');
  return input;
}

/** `images` moved by `step` along the sign of `direction`; where that is 0 a value stays. */
export function ascendBySign(images: Float32Array, direction: Float32Array, step: number): Float32Array {
  const moved = new Float32Array(images.length);
  for (let k = 0; k < images.length; k += 1) moved[k] = images[k]! + step * Math.sign(direction[k]!);
  return moved;
}

/** `images` brought within `epsilon` of `centre` (up to float32 rounding) and into [0, 1], in place. */
export function projectToBall(images: Float32Array, centre: Float32Array, epsilon: number): Float32Array {
  for (let k = 0; k < images.length; k += 1) {
    const low = Math.max(0, centre[k]! - epsilon);
    const high = Math.min(1, centre[k]! + epsilon);
    images[k] = Math.min(high, Math.max(low, images[k]!));
  }
  return images;
}
