// The bound of `../analytic-clock.ts`, whose docstring says why it is one.

import { CoreState } from './core-state';
import { LinkLoad, loadLinks, SENDING, Sending } from './link-load';

/** `../analytic-clock.ts` names the same words. */
@unmanaged
class Bound {
  links: usize;
  /** By core (f64), picoseconds: at work on the axons that the host drives; and in all timesteps, sending and receiving. */
  hostWork: usize;
  sendBusy: usize;
  receiveBusy: usize;
  /** The core that takes longest (of several, the first). */
  criticalCore: i32;
  unused: i32;
  updateActive: f64;
  updateInactive: f64;
  spikeOut: f64;
  axonIn: f64;
  synapticOperation: f64;
  withinTile: f64;
  /** Picoseconds of the timestep, the barrier left out. */
  longest: f64;
}

/** One timestep of the machine. */
export function boundTimestep(address: usize): void {
  const bound = changetype<Bound>(address);
  loadLinks(bound.links);
  const links = changetype<LinkLoad>(bound.links);
  let longest: f64 = 0;
  let criticalCore = 0;
  let number = 0;
  for (let at = links.cores; at < links.pastCores; at += SENDING) {
    const sending = changetype<Sending>(at);
    const core = changetype<CoreState>(sending.core);
    const place = (<usize>number) << 3;
    const host = load<f64>(bound.hostWork + place);
    const active: f64 = core.active;
    const inactive = <f64>sending.compartments - active;
    const send = active * bound.updateActive + inactive * bound.updateInactive + <f64>sending.messages * bound.spikeOut;
    const received: f64 = core.received;
    const receive = host + received * bound.axonIn + core.synapticOperations * bound.synapticOperation;
    add(bound.sendBusy + place, send);
    add(bound.receiveBusy + place, receive);
    const time = max(max(host + send, receive), received * bound.withinTile);
    if (time > longest) {
      longest = time;
      criticalCore = number;
    }
    number += 1;
  }
  bound.criticalCore = criticalCore;
  bound.longest = max(longest, links.busiest);
}

function add(sum: usize, time: f64): void {
  store<f64>(sum, load<f64>(sum) + time);
}
