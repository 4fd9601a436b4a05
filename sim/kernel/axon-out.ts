// Output axons: each spike puts a message into the inbox of every core that its compartment sends to.

import { CoreState } from './core-state';

/**
 * Sends the messages of spikes first … end − 1 of a core. Inboxes hold a message of every entry that leads to them: a
 * compartment fires once per timestep at most.
 */
export function send(address: usize, first: i32, end: i32): void {
  const core = changetype<CoreState>(address);
  let messages = 0;
  let eastWest = 0;
  let northSouth = 0;
  let crossings = 0;
  for (let spike = first; spike < end; spike += 1) {
    const at = (<usize>load<i32>(core.spiked + ((<usize>spike) << 2))) << 2;
    const from = load<u32>(core.offsets + at);
    const to = load<u32>(core.offsets + at, 4);
    for (let entry = from; entry < to; entry += 1) {
      const here = (<usize>entry) << 2;
      const route = (<usize>load<u32>(core.routeOf + here)) << 2;
      store<u32>(core.sentOn + route, load<u32>(core.sentOn + route) + 1);
      const destination = changetype<CoreState>(<usize>load<u32>(core.destinations + route));
      store<u32>(destination.inboxEnd, load<u32>(core.inletOf + here));
      destination.inboxEnd += 4;
    }
    messages += <i32>(to - from);
    eastWest += load<i32>(core.hopsEastWest + at);
    northSouth += load<i32>(core.hopsNorthSouth + at);
    crossings += load<i32>(core.chipCrossings + at);
  }
  core.messagesSent = messages;
  core.sentEastWest = eastWest;
  core.sentNorthSouth = northSouth;
  core.sentAcrossChips = crossings;
}

/** Puts one message, the host's, into a core's inbox. */
export function receive(address: usize, inlet: u32): void {
  const core = changetype<CoreState>(address);
  store<u32>(core.inboxEnd, inlet);
  core.inboxEnd += 4;
}
