import type { Machine } from './machine.js';
import type { Address } from './machine-memory.js';

/** Bytes of a moment, of a lane, and of what stands before the lanes, as in kernel/pending.ts. */
const momentBytes = 8;
const laneBytes = 24;
const stateBytes = 16;
/** Later than any instant. */
const never = 2n ** 62n;

/** The queue of kernel/pending.ts in a machine's memory. */
interface Pending {
  readonly address: Address;
  /** The lane of links that serve for so long. */
  readonly laneOf: ReadonlyMap<number, Address>;
}

/** No events, of two stations of each core, and of the links, whose durations are `linkTime` [links]. */
export function placePending({ memory, cores, mesh, board }: Machine, linkTime: Float64Array): Pending {
  const leaves = 2 ** Math.ceil(Math.log2(2 * cores.length));
  const nodes = memory.reserve(2 * momentBytes * leaves);
  memory.int64(nodes, 2 * leaves).fill(never);
  const links = Array.from({ length: board.columns * board.rows }, (_, tile) => mesh.linksOf(tile)).flat();
  const durations = [...new Set(links.map((link) => linkTime[link]!))];
  const address = memory.reserve(stateBytes + laneBytes * durations.length);
  memory.int32(address, 3).set([nodes, leaves, address + stateBytes + laneBytes * durations.length]);
  const laneOf = new Map<number, Address>();
  for (const [index, time] of durations.entries()) {
    const lane = address + stateBytes + laneBytes * index;
    const size = 2 * momentBytes * links.filter((link) => linkTime[link] === time).length;
    const start = memory.reserve(momentBytes + size);
    memory.int64(start, 1)[0] = never;
    memory.int32(lane, 4).set([start, start, start, start + size]);
    memory.int64(lane, laneBytes / 8)[2] = BigInt(time);
    laneOf.set(time, lane);
  }
  return { address, laneOf };
}
