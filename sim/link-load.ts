import type { Machine } from './machine.js';
import type { Address } from './machine-memory.js';

/** Bytes of a core's `Sending`, of a `Way`, and of what is noted of all, as in kernel/link-load.ts. */
const sendingBytes = 24;
const wayBytes = 16;
const loadBytes = 40;

/** What counts the messages of links, in a machine's memory. */
export interface LinkLoad {
  readonly address: Address;
  /** Messages in all timesteps [links]. */
  readonly messages: Float64Array;
  /** The link at work longest in the last timestep (of several, the first), or −1. */
  readonly busiest: () => number;
}

/** Has the cores count what they send from now on. `linkTime` [links]: picoseconds of a message. */
export function placeLinkLoad({ memory, cores, mesh }: Machine, linkTime: Float64Array): LinkLoad {
  const { linkCount, board } = mesh;
  const differences = memory.reserve(4 * linkCount);
  const times = memory.reserve(8 * linkCount);
  memory.float64(times, linkCount).set(linkTime);
  const messages = memory.reserve(8 * linkCount);
  const begin = memory.reserve(sendingBytes * cores.length);
  const sending = memory.uint32(begin, (sendingBytes / 4) * cores.length);
  for (const { number, address, compartments, axonsOut } of cores) {
    axonsOut.countSent();
    const { routes, sentOn } = axonsOut;
    const ways = memory.place(
      Uint32Array.from(routes.flatMap((to) => mesh.stretches(number, to).map((link) => differences + 4 * link))),
    );
    sending.set(
      [address, sentOn.byteOffset, ways, ways + wayBytes * routes.length, compartments],
      (sendingBytes / 4) * number,
    );
  }
  const address = memory.reserve(loadBytes);
  const words = memory.int32(address, loadBytes / 4);
  words.set([begin, begin + sendingBytes * cores.length, board.columns, board.rows, differences, times, messages]);
  return { address, messages: memory.float64(messages, linkCount), busiest: () => words[7]! };
}
