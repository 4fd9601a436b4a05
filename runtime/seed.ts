import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * A 32-bit seed for one purpose and one set of indices (epoch, sample, step …), so that draws do not depend on the order
 * or the batch in which they are made. `seed` and indices are whole numbers; equal arguments give equal seeds.
 */
export function deriveSeed(seed: number, purpose: string, ...indices: readonly number[]): number {
  let hash = mix(0x9e3779b9, seed);
  for (let position = 0; position < purpose.length; position += 1) hash = mix(hash, purpose.charCodeAt(position));
  for (const index of indices) hash = mix(hash, index);
  return hash;
}

/** The generator that starts from `deriveSeed` of the same arguments. */
export function seededGenerator(seed: number, purpose: string, ...indices: readonly number[]): RandomGenerator {
  return xoroshiro128plus(deriveSeed(seed, purpose, ...indices));
}

/** One round of MurmurHash3 (32 bit) followed by its finaliser, over both halves of a whole number up to 2⁵³. */
function mix(hash: number, value: number): number {
  let state = hash;
  for (const word of [value | 0, Math.floor(value / 2 ** 32) | 0]) {
    let key = Math.imul(word, 0xcc9e2d51);
    key = (key << 15) | (key >>> 17);
    state ^= Math.imul(key, 0x1b873593);
    state = (state << 13) | (state >>> 19);
    state = (Math.imul(state, 5) + 0xe6546b64) | 0;
  }
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return state ^ (state >>> 16);
}
