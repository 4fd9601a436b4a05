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
  /** The cores that any entry goes to, and the messages sent to each since this was last cleared, once they are counted. */
  readonly routes: readonly number[];
  readonly sentOn: Uint32Array;
  /** From now on messages are counted in `sentOn`. */
  countSent(): void;
}

/** Words of a `Fan` in kernel/core-state.ts: first output axon, links of each kind on the way of all its messages. */
const fanWords = 4;

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
  const outlets = new Uint32Array(2 * entries);
  const fans = new Uint32Array(fanWords * (compartments + 1));
  const routes = new Map<number, number>();
  for (let k = 0; k < compartments; k++) {
    const fan = fanWords * k;
    fans[fan] = offsets[k]!;
    for (let entry = offsets[k]!; entry < offsets[k + 1]!; entry++) {
      const to = ways.core[entry]!;
      const route = routes.get(to) ?? routes.size;
      routes.set(to, route);
      routeOf[entry] = route;
      outlets[2 * entry] = states[to]!.address;
      outlets[2 * entry + 1] = ways.inlet[entry]!;
      const distance = mesh.distance(from, to);
      fans[fan + 1]! += distance.eastWest;
      fans[fan + 2]! += distance.northSouth;
      fans[fan + 3]! += distance.chipCrossings;
    }
  }
  fans[fanWords * compartments] = entries;
  const state = states[from]!;
  const sentOn = memory.reserve(4 * routes.size);
  state.set({ fans: memory.place(fans), outlets: memory.place(outlets), routeOf: memory.place(routeOf) });
  return {
    offsets,
    core: ways.core,
    inlet: ways.inlet,
    routes: [...routes.keys()],
    sentOn: memory.uint32(sentOn, routes.size),
    countSent: () => state.set({ sentOn }),
  };
}
