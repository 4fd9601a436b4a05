import type { CoreImage } from '../schemas/program.js';
import type { CoreState } from './core-state.js';
import type { InletMap } from './inlets.js';
import type { MachineMemory } from './machine-memory.js';
import type { Mesh } from './mesh.js';

/**
 * The output axons of a core: each spike of compartment k makes one message for each of its entries
 * offsets[k] … offsets[k + 1] − 1. What a spike sends over the mesh is summed once, when the Program is loaded.
 */
export interface AxonsOut {
  readonly offsets: Uint32Array;
  /** Core that each entry goes to (a place in `program.cores`), and the inlet there. */
  readonly core: Int32Array;
  readonly inlet: Int32Array;
  /** The cores that any entry goes to, and the messages sent to each since this was last cleared. */
  readonly routes: readonly number[];
  readonly sentOn: Uint32Array;
}

/** Places the output axons of core number `from`, whose ways are `ways`; `states` are those of all cores. */
export function placeAxonsOut(
  from: number,
  { compartmentCount: compartments, axonsOut: { offsets } }: CoreImage,
  ways: InletMap['routes'][number],
  mesh: Mesh,
  memory: MachineMemory,
  states: readonly CoreState[],
): AxonsOut {
  const entries = ways.core.length;
  const routeOf = new Int32Array(entries);
  const [eastWest, northSouth, crossings] = [0, 0, 0].map(() => new Int32Array(compartments)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const routes = new Map<number, number>();
  for (let k = 0; k < compartments; k++) {
    for (let entry = offsets[k]!; entry < offsets[k + 1]!; entry++) {
      const to = ways.core[entry]!;
      const route = routes.get(to) ?? routes.size;
      routes.set(to, route);
      routeOf[entry] = route;
      const distance = mesh.distance(from, to);
      eastWest[k]! += distance.eastWest;
      northSouth[k]! += distance.northSouth;
      crossings[k]! += distance.chipCrossings;
    }
  }
  const placed = {
    offsets: memory.place(offsets),
    routeOf: memory.place(routeOf),
    inletOf: memory.place(ways.inlet),
    destinations: memory.place(Uint32Array.from(routes.keys(), (to) => states[to]!.address)),
    sentOn: memory.reserve(4 * routes.size),
    hopsEastWest: memory.place(eastWest),
    hopsNorthSouth: memory.place(northSouth),
    chipCrossings: memory.place(crossings),
  };
  states[from]!.set(placed);
  return {
    offsets: memory.uint32(placed.offsets, offsets.length),
    core: ways.core,
    inlet: memory.int32(placed.inletOf, entries),
    routes: [...routes.keys()],
    sentOn: memory.uint32(placed.sentOn, routes.size),
  };
}
