import type { CoreImage, Program } from '../schemas/program.js';

/** Compartments of a block, which is updated at once. */
const blockLength = 16;
/** What 16 bits hold. */
const wordMax = 2 ** 15 - 1;

/**
 * True of a core whose updates in a window can be told from its drive alone, of currents up to `driveMost`, in 16 bits (kernel/ahead.ts),
 * unless currents are too negative: all its compartments are of one population, in blocks that have one profile each, without
 * decay or tables by timestep, and reset hard. That nothing else reaches it the loops see.
 */
export function canLookAhead({ ranges, profiles, compartmentProfile, bias }: CoreImage, driveMost: number): boolean {
  const isSimple = profiles.every(({ threshold, resetBy, decay, reset }) => {
    return (
      threshold.length * resetBy.length * decay.length === 1 &&
      Math.abs(threshold[0]!) + driveMost <= wordMax &&
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

/** Bytes of the bitmaps of a window: who of so many compartments fires in each timestep. */
export function aheadBytes({ timesteps }: Pick<Program, 'timesteps'>, compartments: number): number {
  return 8 * Math.ceil(compartments / 64) * timesteps;
}
