import type { Arrivals } from './cycle-memory.js';
import type { PacketObserver } from './observer.js';

/** What happens to messages, in the order in which it does at one instant. */
const made = 0;
const processed = 1;
const arrived = 2;
/** A message that takes no time is processed as soon as it arrives. */
const processedAtOnce = 3;

/**
 * Tells an observer of the messages of a timestep in the order in which things happened to them. `arrivals` are in any
 * order in which those for one core are in that of their arrival; `firstMessage` [cores] are the numbers of their first output axons.
 */
export function replayArrivals(arrivals: Arrivals, firstMessage: Int32Array, packets: PacketObserver): void {
  const { message, from, to, begin, done } = arrivals;
  const count = message.length;
  // Each message three times: as it is made, as it arrives, and as it has been processed. There are millions of them.
  const time = new Float64Array(3 * count);
  const kind = new Uint8Array(3 * count);
  /** Of what a core does in the same instant: messages are made in the order of their output axons. */
  const order = new Int32Array(3 * count);
  for (const [part, times] of [arrivals.made, arrivals.arrived, done].entries()) time.set(times, part * count);
  for (const [part, orders] of [message, to, to].entries()) order.set(orders, part * count);
  kind.fill(made, 0, count).fill(arrived, count, 2 * count);
  for (let k = 0; k < count; k++) kind[2 * count + k] = done[k] === arrivals.arrived[k] ? processedAtOnce : processed;
  const moments = Uint32Array.from(time, (_, moment) => moment);
  moments.sort((a, b) => time[a]! - time[b]! || kind[a]! - kind[b]! || order[a]! - order[b]!);
  for (const moment of moments) {
    const k = moment % count;
    const number = message[k]!;
    if (kind[moment] === made) packets.made(number, from[k]!, to[k]!, number - firstMessage[from[k]!]!, time[moment]!);
    else if (kind[moment] === arrived) packets.arrived(number, to[k]!, time[moment]!);
    else packets.processed(number, to[k]!, begin[k]!, time[moment]!);
  }
}
