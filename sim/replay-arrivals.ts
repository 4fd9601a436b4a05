import type { Arrival } from './cycle-memory.js';
import type { PacketObserver } from './observer.js';

/** What happens to messages, in the order in which it does at one instant. */
const made = 0;
const processed = 1;
const arrived = 2;
/** A message that takes no time is processed as soon as it arrives. */
const processedAtOnce = 3;

interface Moment {
  readonly time: number;
  readonly kind: number;
  /** Of what a core does in the same instant: messages are made in the order of their output axons. */
  readonly order: number;
  readonly arrival: Arrival;
}

/**
 * Tells an observer of the messages of a timestep in the order in which things happened to them. `arrivals` are in any
 * order in which those for one core are in that of their arrival; `firstMessage` [cores] are the numbers of their first output axons.
 */
export function replayArrivals(arrivals: readonly Arrival[], firstMessage: Int32Array, packets: PacketObserver): void {
  const moments = arrivals.flatMap((arrival): Moment[] => {
    const { to, done } = arrival;
    return [
      { time: arrival.made, kind: made, order: arrival.message, arrival },
      { time: arrival.arrived, kind: arrived, order: to, arrival },
      { time: done, kind: done === arrival.arrived ? processedAtOnce : processed, order: to, arrival },
    ];
  });
  moments.sort((a, b) => a.time - b.time || a.kind - b.kind || a.order - b.order);
  for (const { time, kind, arrival } of moments) {
    const { message, from, to, begin } = arrival;
    if (kind === made) packets.made(message, from, message - firstMessage[from]!, time);
    else if (kind === arrived) packets.arrived(message, to, time);
    else packets.processed(message, to, begin, time);
  }
}
