import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { seededGenerator } from './seed.js';

/** Standard normal draws (Box and Muller 1958), `length` in all, in equal parts for each sample; they depend on its index. */
export function normalNoise(indices: ArrayLike<number>, length: number, seed: number): Float32Array {
  const noise = new Float32Array(length);
  const size = length / indices.length;
  for (let n = 0; n < indices.length; n += 1) {
    const random = seededGenerator(seed, 'normal start', indices[n]!);
    for (let k = n * size; k < (n + 1) * size; k += 1) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat32(random)));
      noise[k] = radius * Math.cos(2 * Math.PI * uniformFloat32(random));
    }
  }
  return noise;
}
