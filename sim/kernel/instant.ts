// The discrete-event model where messages are made and cross the mesh in no time and find room everywhere, as on a target
// that publishes no figures of its mesh: a core receives a message when the update is over that caused it, and only the
// receiving units make anybody wait.

import { Axon, Clock, port, Sender, sender } from './clock-state';
import { CoreState, FAN_SHIFT, Fan } from './core-state';
import { LinkLoad, loadLinks } from './link-load';
import { NEVER, schedule, take, takenStation } from './pending';
import { openPort } from './port';
import { AXON_SHIFT, timeOfUpdates } from './sender';

/** One timestep of a clock that is opened. */
export function runInstantly(clock: Clock): void {
  for (let number = 0; number < clock.cores; number += 1) {
    openPort(port(number));
    const sending = sender(number);
    const updates = timeOfUpdates(sending.compartments, changetype<CoreState>(sending.core).active);
    sending.busy = updates;
    sending.finish = port(number).host + updates;
    sending.spike = 0;
    schedule(number, timeOfSpike(sending, number));
  }
  for (let now = take(); now !== NEVER; now = take()) {
    const number = takenStation();
    const sending = sender(number);
    deliver(sending, now);
    sending.spike += 1;
    schedule(number, timeOfSpike(sending, number));
  }
  loadLinks(clock.instant);
  clock.criticalLink = changetype<LinkLoad>(clock.instant).busiestLink;
}

/** When the update is over that causes the spike in progress; NEVER where there is none. */
function timeOfSpike(sending: Sender, number: i32): i64 {
  const core = changetype<CoreState>(sending.core);
  if (sending.spike >= core.spikes) return NEVER;
  const place = (<usize>sending.spike) << 2;
  const compartment = load<i32>(core.spiked + place);
  return port(number).host + timeOfUpdates(compartment + 1, load<i32>(core.activeUpTo + place));
}

/** The messages of the spike in progress reach their cores. */
function deliver(sending: Sender, now: i64): void {
  const core = changetype<CoreState>(sending.core);
  const compartment = load<i32>(core.spiked + ((<usize>sending.spike) << 2));
  const fan = core.fans + ((<usize>compartment) << FAN_SHIFT);
  const past = sending.axons + ((<usize>changetype<Fan>(fan + (1 << FAN_SHIFT)).first) << AXON_SHIFT);
  let axon = sending.axons + ((<usize>changetype<Fan>(fan).first) << AXON_SHIFT);
  for (; axon < past; axon += 1 << AXON_SHIFT) {
    const receiving = port(changetype<Axon>(axon).to);
    const work = load<i64>(changetype<Axon>(axon).work);
    receiving.done = max(now, receiving.done) + work;
    receiving.busy += work;
  }
}
