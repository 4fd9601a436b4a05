import type { Classifier } from '../engine/engine.js';
import type { Surrogate } from '../engine/surrogate.js';

/** The gradient of a loss to the images [N, H, W, C] in eval mode; `lossGradient` is the loss's to the logits. */
export async function inputGradient(
  classifier: Classifier,
  images: Float32Array,
  lossGradient: (logits: Float32Array) => Float32Array,
  surrogate: Surrogate,
): Promise<Float32Array> {
  const pass = await classifier.forward(images, { mode: 'eval', surrogate, gradients: 'input' });
  try {
    const { input } = await pass.backward(lossGradient(pass.logits), { parameters: false, input: true });
    if (input === null) throw new RangeError('the classifier gave no input gradient');
    return input;
  } finally {
    pass.dispose();
  }
}

/** `images` moved by `step` along the sign of `direction`; where that is 0 a value stays. */
export function ascendBySign(images: Float32Array, direction: Float32Array, step: number): Float32Array {
  return images.map((value, k) => value + step * Math.sign(direction[k]!));
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
