// Output axons where faults strike messages at random; `../fault-injector.ts` says what becomes of those struck.

import { receive } from './axon-out';
import { CoreState, FAN_SHIFT, Fan } from './core-state';

/** Messages that were sent, and the links on their way, as far as those were not struck; behind it (u32) the output axons struck. */
@unmanaged
class Sent {
  messages: i32;
  eastWest: i32;
  northSouth: i32;
  crossings: i32;
}

/** An `Outlet` of axon-out.ts: bytes as a power of two, and where the inlet stands in it. */
const OUTLET_SHIFT: usize = 3;
const INLET: usize = 4;

/**
 * Sends the messages of spikes `first` … `past` − 1 of a core, but those that are struck: each with probability `rate`, by what
 * `drawn` gives for its output axon. Writes a `Sent`, whose links are those of all, and behind it the axons struck; returns how many.
 */
export function sendUnstruck(address: usize, first: i32, past: i32, drawn: u32, rate: f64, to: usize): i32 {
  const core = changetype<CoreState>(address);
  const limit = <u64>ceil<f64>(rate * 4294967296.0);
  const begin = to + offsetof<Sent>();
  let struck = begin;
  let messages: usize = 0;
  let eastWest = 0;
  let northSouth = 0;
  let crossings = 0;
  for (let spike = first; spike < past; spike += 1) {
    const compartment = <usize>load<i32>(core.spiked + ((<usize>spike) << 2));
    const at = core.fans + (compartment << FAN_SHIFT);
    const fan = changetype<Fan>(at);
    const outlets = fan.outlets;
    const pastOutlets = changetype<Fan>(at + (1 << FAN_SHIFT)).outlets;
    let axon = <u32>((outlets - core.outlets) >> OUTLET_SHIFT);
    for (let outlet = outlets; outlet < pastOutlets; outlet += 1 << OUTLET_SHIFT) {
      if (<u64>drawnFrom(drawn, axon) < limit) {
        store<u32>(struck, axon);
        struck += 4;
      } else receive(load<usize>(outlet), load<u32>(outlet, INLET));
      axon += 1;
    }
    messages += (pastOutlets - outlets) >> OUTLET_SHIFT;
    eastWest += fan.eastWest;
    northSouth += fan.northSouth;
    crossings += fan.crossings;
  }
  const sent = changetype<Sent>(to);
  sent.messages = <i32>messages;
  sent.eastWest = eastWest;
  sent.northSouth = northSouth;
  sent.crossings = crossings;
  return <i32>((struck - begin) >> 2);
}

/**
 * One of as many further numbers as are wanted, got from a drawn one for next to nothing: MurmurHash3's finaliser of a
 * Weyl sequence (that of Steele, Lea and Flood's SplitMix, 2014, in 32 bits).
 */
function drawnFrom(drawn: u32, index: u32): u32 {
  let state = drawn + (index + 1) * 0x9e3779b9;
  state = (state ^ (state >> 16)) * 0x85ebca6b;
  state = (state ^ (state >> 13)) * 0xc2b2ae35;
  return state ^ (state >> 16);
}
