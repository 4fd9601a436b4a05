import type { CoreImage, Program } from '../schemas/program.js';
import { bitmapWords, wordBits, wordBytes } from './bitmap.js';
import { blockLength } from './soma.js';

/** What 16 bits hold. */
const wordMax = 2 ** 15 - 1;
const countingBitmaps = 4;

/**
 * True of a core whose updates in a window can be told from its drive alone, of currents up to `driveMost`, in 16 bits (kernel/ahead.ts),
 * unless currents are too negative: all its compartments are of one population, in blocks that have one profile each, without
 * decay or tables by timestep, reset hard, and do not fire at zero: once the drive is gone, they stay as they are. That nothing else
 * reaches it the loops see.
 */
export function canLookAhead({ ranges, profiles, compartmentProfile, bias }: CoreImage, driveMost: number): boolean {
  const isSimple = profiles.every(({ threshold, resetBy, decay, reset }) => {
    return (
      threshold.length * resetBy.length * decay.length === 1 &&
      threshold[0]! >= 1 &&
      threshold[0]! + driveMost <= wordMax &&
      decay[0] === 0 &&
      reset === 'hard'
    );
  });
  if (!isSimple || bias.data.length > 0) return false;
  const inBlocks = compartmentProfile.every((profile, k) => profile === compartmentProfile[k - (k % blockLength)]);
  return (
    inBlocks && ranges.every(({ first, neurons }) => first % blockLength === 0 && neurons.length % blockLength === 0)
  );
}

/**
 * Which compartments of a word of a bitmap have a pattern: of each word and pattern four words, pattern by pattern, as
 * kernel/ahead.ts reads them. `patterns` by compartment.
 */
export function patternMembers(patterns: Uint32Array): Uint32Array {
  const members = new Map<number, { word: number; pattern: number; bits: bigint }>();
  const words = bitmapWords(patterns.length);
  for (const [k, pattern] of patterns.entries()) {
    const word = Math.floor(k / wordBits);
    const key = pattern * words + word;
    const own = members.get(key) ?? { word, pattern, bits: 0n };
    own.bits |= 1n << BigInt(k % wordBits);
    members.set(key, own);
  }
  const inOrder = [...members.entries()].sort(([a], [b]) => a - b);
  return Uint32Array.from(
    inOrder.flatMap(([, { word, pattern, bits }]) => [
      Number(bits & 0xffff_ffffn),
      Number(bits >> 32n),
      wordBytes * word,
      pattern,
    ]),
  );
}

/** Bytes of the bitmaps of a window, who of so many compartments fires in each timestep, and of those to count them with. */
export function aheadBytes({ timesteps }: Pick<Program, 'timesteps'>, compartments: number): number {
  return wordBytes * bitmapWords(compartments) * (timesteps + countingBitmaps);
}
