// Output axons: each spike goes to every core that its compartment sends to, into its inbox, but for merged synapses.

import { bitsWithin } from './bitmap';
import { CoreState, FAN_SHIFT, Fan } from './core-state';

/** Where an output axon leads to: the state of a core, and an inlet there. */
@unmanaged
class Outlet {
  core: usize;
  inlet: u32;
}

/** Bytes of an `Outlet`, as a power of two. */
const OUTLET_SHIFT: usize = 3;

/**
 * Sends the messages of those of a core's compartments first … end − 1 that fired. Inboxes hold a message of every output axon
 * that leads to them: a compartment fires once per timestep at most.
 */
export function send(address: usize, first: i32, end: i32): void {
  const core = changetype<CoreState>(address);
  core.messagesSent = 0;
  core.sentEastWest = 0;
  core.sentNorthSouth = 0;
  core.sentAcrossChips = 0;
  if (core.outlets) sendSingly(core, first, end);
}

/** Puts messages into inboxes. */
function sendSingly(core: CoreState, first: i32, end: i32): void {
  const fans = core.fans;
  const counts = core.sentOn !== 0;
  let messages = 0;
  let eastWest = 0;
  let northSouth = 0;
  let crossings = 0;
  const last = (end - 1) >> 6;
  for (let word = first >> 6; word <= last; word += 1) {
    const place = (<usize>word) << 3;
    let bits = load<u64>(core.firing + place) & bitsWithin(word, first, end);
    for (; bits; bits &= bits - 1) {
      const at = fans + ((((<usize>word) << 6) + <usize>ctz(bits)) << FAN_SHIFT);
      const fan = changetype<Fan>(at);
      const past = changetype<Fan>(at + (1 << FAN_SHIFT)).outlets;
      for (let outlet = fan.outlets; outlet < past; outlet += 1 << OUTLET_SHIFT) {
        receive(changetype<Outlet>(outlet).core, changetype<Outlet>(outlet).inlet);
      }
      if (counts) countRoutes(core, fan.outlets, past);
      messages += <i32>((past - fan.outlets) >> OUTLET_SHIFT);
      eastWest += fan.eastWest;
      northSouth += fan.northSouth;
      crossings += fan.crossings;
    }
  }
  core.messagesSent += messages;
  core.sentEastWest += eastWest;
  core.sentNorthSouth += northSouth;
  core.sentAcrossChips += crossings;
}

function countRoutes(core: CoreState, from: usize, past: usize): void {
  for (let outlet = from; outlet < past; outlet += 1 << OUTLET_SHIFT) {
    const number = (outlet - core.outlets) >> OUTLET_SHIFT;
    const sent = core.sentOn + ((<usize>load<u32>(core.routeOf + (number << 2))) << 2);
    store<u32>(sent, load<u32>(sent) + 1);
  }
}

/** Puts one message into a core's inbox. */
export function receive(address: usize, inlet: u32): void {
  const core = changetype<CoreState>(address);
  store<u32>(core.inboxEnd, inlet);
  core.inboxEnd += 4;
}
