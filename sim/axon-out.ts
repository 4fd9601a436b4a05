import { failure } from '../schemas/diagnostic.js';
import type { CoreImage } from '../schemas/program.js';
import type { Board } from './board.js';
import type { Mesh } from './mesh.js';

/**
 * The output axons of a core: each spike of compartment k makes one message for each of its entries
 * offsets[k] … offsets[k + 1] − 1. What a spike sends over the mesh is summed once, when the Program is loaded.
 */
export interface AxonsOut {
  readonly offsets: Uint32Array;
  /** Core that each entry goes to (a place in `program.cores`), and the input axon there. */
  readonly core: Int32Array;
  readonly axon: Int32Array;
  /** Links on the way of all messages of one spike, by compartment. */
  readonly hopsEastWest: Int32Array;
  readonly hopsNorthSouth: Int32Array;
  readonly chipCrossings: Int32Array;
}

/**
 * Resolves the output axons of core number `from`. Throws SW3001 for offsets that are not ascending rows over the
 * entries, and for an entry that names a core or an input axon that the Program lacks.
 */
export function resolveAxonsOut(
  from: number,
  images: readonly CoreImage[],
  board: Board,
  mesh: Mesh,
  where: string,
): AxonsOut {
  const image = images[from]!;
  const { offsets, chip, core, axon } = image.axonsOut;
  const compartments = image.compartmentCount;
  const entries = chip.length;
  const rowsAscend = offsets.every((offset, k) => k === 0 || offset >= offsets[k - 1]!);
  const spansEntries = offsets.length === compartments + 1 && offsets[0] === 0 && offsets[compartments] === entries;
  if (!rowsAscend || !spansEntries || core.length !== entries || axon.length !== entries) {
    const what = `the output axons are not ${compartments} ascending rows over ${entries} entries.`;
    throw failure('SW3001', { where, what });
  }
  const resolved: AxonsOut = {
    offsets,
    core: new Int32Array(entries),
    axon: Int32Array.from(axon),
    hopsEastWest: new Int32Array(compartments),
    hopsNorthSouth: new Int32Array(compartments),
    chipCrossings: new Int32Array(compartments),
  };
  for (let k = 0; k < compartments; k++) {
    for (let entry = offsets[k]!; entry < offsets[k + 1]!; entry++) {
      const to = board.indexOf(chip[entry]!, core[entry]!);
      const axons = images[to]?.axonsIn.firstWord.length ?? 0;
      if (to < 0 || axon[entry]! >= axons) {
        const what = `compartment ${k} sends to chip ${chip[entry]}, core ${core[entry]}, input axon ${axon[entry]}: there is none.`;
        throw failure('SW3001', { where, what });
      }
      resolved.core[entry] = to;
      const { eastWest, northSouth, chipCrossings } = mesh.distance(from, to);
      resolved.hopsEastWest[k]! += eastWest;
      resolved.hopsNorthSouth[k]! += northSouth;
      resolved.chipCrossings[k]! += chipCrossings;
    }
  }
  return resolved;
}
