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

/** Resolves the output axons of core number `from` of a sound Program. */
export function resolveAxonsOut(from: number, images: readonly CoreImage[], board: Board, mesh: Mesh): AxonsOut {
  const { compartmentCount: compartments, axonsOut } = images[from]!;
  const { offsets, chip, core, axon } = axonsOut;
  const entries = chip.length;
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
      resolved.core[entry] = to;
      const { eastWest, northSouth, chipCrossings } = mesh.distance(from, to);
      resolved.hopsEastWest[k]! += eastWest;
      resolved.hopsNorthSouth[k]! += northSouth;
      resolved.chipCrossings[k]! += chipCrossings;
    }
  }
  return resolved;
}
