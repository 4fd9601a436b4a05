import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** What |x|·gain must pass for a spike, uniform in [0, 1): [T, H, W, C], the same for every image of a batch. */
export function poissonDraws(timesteps: number, size: number, random: RandomGenerator): Float32Array {
  return Float32Array.from({ length: timesteps * size }, () => uniformFloat32(random));
}
