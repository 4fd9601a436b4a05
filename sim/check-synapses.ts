import { failure } from '../schemas/diagnostic.js';
import type { CoreImage, Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { coreName } from './board.js';
import type { SynapseStore } from './synapse.js';

/** Largest magnitude that a 32-bit accumulator holds. */
const accumulatorMax = 2 ** 31 - 1;

/** Throws SW3003 where an input axon's synapses reach compartments that the core has not. */
export function checkTargets({ axonsIn, compartmentCount }: CoreImage, store: SynapseStore, where: string): void {
  const { stretchOf, stretchStart, listOfAtom, lists } = store;
  const stretches = stretchStart.length - 1;
  const lowest = new Int32Array(stretches);
  const highest = new Int32Array(stretches).fill(-1);
  for (let stretch = 0; stretch < stretches; stretch++) {
    for (let atom = stretchStart[stretch]!; atom < stretchStart[stretch + 1]!; atom++) {
      const list = listOfAtom[atom]!;
      if (lists.count[list] === 0) continue;
      const own = lists.lowest[list]!;
      lowest[stretch] = highest[stretch]! < 0 ? own : Math.min(lowest[stretch]!, own);
      highest[stretch] = Math.max(highest[stretch]!, lists.highest[list]!);
    }
  }
  for (let axon = 0; axon < stretchOf.length; axon++) {
    const stretch = stretchOf[axon]!;
    if (highest[stretch]! < 0) continue;
    const first = axonsIn.base[axon]! + lowest[stretch]!;
    const last = axonsIn.base[axon]! + highest[stretch]!;
    if (first >= 0 && last < compartmentCount) continue;
    const what = `its synapses reach compartments ${first} to ${last}; the core has ${compartmentCount}.`;
    throw failure('SW3003', { where: `${where}, input axon ${axon}`, what });
  }
}

/** Calls `visit` for every list of a core that messages may find in one timestep: its base, and how many may. */
export type EachArrival = (visit: (list: number, base: number, messages: number) => void) => void;

/**
 * Throws SW3007 unless a membrane of core number `core` and all that is added to it in one timestep fit 32 bits even if
 * every source fired. `bound` sums the heaviest weight of all that may arrive, which settles nearly every core; only where
 * it fails are the compartments summed one by one.
 */
export function checkAccumulators(
  program: Program,
  core: number,
  store: SynapseStore,
  bound: number,
  target: Target,
  eachArrival: EachArrival,
): void {
  const image = program.cores[core]!;
  const drive = program.drives.reduce((most, { grid }) => Math.max(most, grid!.mantissaMax * 2 ** grid!.exponent), 0);
  const other = drive + membraneBound(image, target);
  if (bound + other <= accumulatorMax) return;
  const { mantissa, index, runStart, runOffset, runFactor, lists } = store;
  const sums = new Float64Array(image.compartmentCount);
  eachArrival((list, base, messages) => {
    for (let run = lists.firstRun[list]!; run < lists.firstRun[list + 1]!; run++) {
      const start = runStart[run]!;
      const offset = runOffset[run]!;
      for (let k = start; k < runStart[run + 1]!; k++) {
        const compartment = base + (offset < 0 ? index[k]! : offset + k - start);
        sums[compartment]! += messages * Math.abs(mantissa[k]!) * runFactor[run]!;
      }
    }
  });
  const largest = sums.reduce((most, sum) => Math.max(most, sum), 0);
  if (largest + other <= accumulatorMax) return;
  const what = `the weights of one compartment sum to as much as ${largest.toLocaleString('en')}; with membrane and bias that passes ${accumulatorMax.toLocaleString('en')}.`;
  throw failure('SW3007', { where: coreName(program, core), what });
}

/** Largest magnitude of a core's membranes before or after a reset, and of its static bias. */
function membraneBound({ profiles, bias }: CoreImage, { arithmetic }: Target): number {
  const largest = (values: Int32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const afterReset = profiles.reduce((most, { spiking, reset, threshold, resetBy }) => {
    if (!spiking || reset === 'hard') return most;
    return Math.max(
      most,
      largest(resetBy) + Math.max(0, -threshold.reduce((least, value) => Math.min(least, value), 0)),
    );
  }, 0);
  return Math.max(arithmetic.membraneMax, afterReset) + largest(bias.data);
}
