import type { DrivenNeuron, Mismatch, Reproducer } from '../../schemas/reproducer.js';
import type { EncodedSample } from '../drive.js';
import { breathe, type Hooks } from '../hooks.js';
import type { Comparison } from './compare.js';
import { leastFailing, reduceFailing } from './delta-debug.js';
import type { SideBySide } from './side-by-side.js';

/** Runs of chip and twin that each of two searches for fewer currents may take. */
const TRIALS = 300;
/** Runs that the search for smaller currents may take. */
const SIZE_TRIALS = 100;
/** Both, and some for the timesteps and the last look. */
const MOST_RUNS = 2 * TRIALS + SIZE_TRIALS + 20;

/** One current of one drive. */
interface Part {
  readonly drive: number;
  readonly neuron: number;
  readonly current: number;
}

/** What is left of a sample in which chip and twin differ. */
export type MinimalCase = Pick<Reproducer, 'sample' | 'timesteps' | 'drives' | 'isMinimal' | 'mismatch'>;

/**
 * Cuts a sample in which chip and twin differ down to the fewest timesteps, to currents none of which can be left out,
 * and to small ones. Null where chip and twin agree on the sample. Progress is told in runs, of
 * which it seldom takes all.
 */
export async function minimiseCase(
  pair: SideBySide,
  drives: EncodedSample,
  sample: number,
  hooks: Hooks = {},
): Promise<MinimalCase | null> {
  const { graph } = pair;
  let runs = 0;
  const compare = async (currents: EncodedSample, timesteps: number): Promise<Comparison['firstMismatch']> => {
    await breathe(hooks);
    runs += 1;
    hooks.progress?.(Math.min(runs, MOST_RUNS), MOST_RUNS);
    return (await pair.compare(currents, timesteps, sample)).firstMismatch;
  };
  if ((await compare(drives, graph.timesteps)) === null) return null;
  const timesteps = await leastFailing(1, graph.timesteps, async (steps) => (await compare(drives, steps)) !== null);
  const sized = (parts: readonly Part[]): EncodedSample => {
    const currents = drives.map(({ length }) => new Int32Array(length));
    for (const { drive, neuron, current } of parts) currents[drive]![neuron] = current;
    return currents;
  };
  const all = drives.flatMap((currents, drive) =>
    [...currents].flatMap((current, neuron) => (current === 0 ? [] : [{ drive, neuron, current }])),
  );
  const fails = async (parts: readonly Part[]): Promise<boolean> => (await compare(sized(parts), timesteps)) !== null;
  const some = await reduceFailing(all, fails, TRIALS);
  const smaller = [...some.kept];
  const last = runs + SIZE_TRIALS;
  for (const [index, part] of smaller.entries()) {
    const step = 2 ** graph.drives[part.drive]!.grid!.exponent;
    const resized = (mantissa: number): Part => ({ ...part, current: Math.sign(part.current) * mantissa * step });
    const least = await leastFailing(1, Math.abs(part.current) / step, async (mantissa) =>
      runs < last ? fails(smaller.with(index, resized(mantissa))) : false,
    );
    smaller[index] = resized(least);
  }
  // Smaller currents may make others needless.
  const { kept: parts, isMinimal } = await reduceFailing(smaller, fails, TRIALS);
  return {
    sample,
    timesteps,
    drives: graph.drives.map(({ population }, drive) => ({
      population,
      currents: parts
        .filter((part) => part.drive === drive)
        .map(({ neuron, current }): DrivenNeuron => [neuron, current]),
    })),
    isMinimal,
    mismatch: mismatchOf((await compare(sized(parts), timesteps))!),
  };
}

/** Without the number of the sample, which the case names itself. */
function mismatchOf({ sample: _, ...mismatch }: NonNullable<Comparison['firstMismatch']>): Mismatch {
  return mismatch;
}
