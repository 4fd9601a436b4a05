import { encode } from 'fast-png';
import type { MapShape } from '../../schemas/tensor.js';

/** An image [H, W, C] with pixels in [0, 1] and 1 or 3 channels as a PNG file in base64; other depths show channel 0. */
export function imagePng(image: Float32Array, [height, width, channels]: MapShape): string {
  const shown = channels === 3 ? 3 : 1;
  const data = new Uint8Array(height * width * shown);
  for (let pixel = 0; pixel < height * width; pixel += 1) {
    for (let c = 0; c < shown; c += 1) {
      data[pixel * shown + c] = Math.round(255 * Math.min(1, Math.max(0, image[pixel * channels + c]!)));
    }
  }
  return Buffer.from(encode({ width, height, data, channels: shown })).toString('base64');
}

/** `adversarial` − `clean` in shades of grey: −epsilon black, 0 grey, +epsilon white. */
export function differenceImage(clean: Float32Array, adversarial: Float32Array, epsilon: number): Float32Array {
  return clean.map((value, index) => 0.5 + (adversarial[index]! - value) / (2 * Math.max(epsilon, 1e-9)));
}
