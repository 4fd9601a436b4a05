import type { ImageSource } from '../../../runtime/data/image-source.js';

/** Images in memory, [count, H, W, C]. */
export function heldImages(images: Float32Array, count: number): ImageSource {
  const size = images.length / count;
  return { count, images: (first, end) => images.slice(first * size, end * size) };
}
