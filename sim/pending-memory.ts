import type { Machine } from './machine.js';
import type { Address } from './machine-memory.js';

/** Bytes of a completion, of a lane, and of what stands before the lanes, as in kernel/pending.ts. */
const completionBytes = 16;
const laneBytes = 16;
const stateBytes = 12;
/** Later than any instant. */
const never = 2n ** 62n;

/** The queue of kernel/pending.ts in a machine's memory. */
interface Pending {
  readonly address: Address;
  /** The lane of links that serve for so long. */
  readonly laneOf: ReadonlyMap<number, Address>;
}

/** An empty queue for the three stations of each core, and for the links, whose durations are `linkTime` [links]. */
export function placePending({ memory, cores, mesh, board }: Machine, linkTime: Float64Array): Pending {
  const leaves = 2 ** Math.ceil(Math.log2(3 * cores.length));
  const nodes = memory.reserve(2 * completionBytes * leaves);
  const times = memory.int64(nodes, 2 * (completionBytes / 8) * leaves);
  const words = memory.int32(nodes, 2 * (completionBytes / 4) * leaves);
  for (let node = 1; node < 2 * leaves; node++) {
    times[(completionBytes / 8) * node] = never;
    // The leftmost leaf below: of stations that have no completion that with the smallest number comes first.
    words[(completionBytes / 4) * node + 2] = node * 2 ** Math.floor(Math.log2((2 * leaves - 1) / node)) - leaves;
  }
  const links = Array.from({ length: board.columns * board.rows }, (_, tile) => mesh.linksOf(tile)).flat();
  const durations = [...new Set(links.map((link) => linkTime[link]!))];
  const address = memory.reserve(stateBytes + laneBytes * durations.length);
  memory.int32(address, 3).set([nodes, leaves, address + stateBytes + laneBytes * durations.length]);
  const laneOf = new Map<number, Address>();
  for (const [index, time] of durations.entries()) {
    const lane = address + stateBytes + laneBytes * index;
    const size = 2 * completionBytes * links.filter((link) => linkTime[link] === time).length;
    const start = memory.reserve(completionBytes + size);
    memory.int64(start, 1)[0] = never;
    memory.int32(lane, laneBytes / 4).set([start, start, start, start + size]);
    laneOf.set(time, lane);
  }
  return { address, laneOf };
}
