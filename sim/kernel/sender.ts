// Sending units: somas update their compartments in ascending order, and after each that fires its messages are made.

import { Axon, AxonList, Clock, goalOf, MESSAGE, Message, NEVER, Sender, stationFrom } from './clock-state';
import { CoreState } from './core-state';

export const AXON_SHIFT: usize = 3;
export const AXON_LIST_SHIFT: usize = 3;

let updateActive: i64 = 0;
let updateInactive: i64 = 0;
let spikeOut: i64 = 0;

export function openSenders(clock: Clock): void {
  updateActive = clock.updateActive;
  updateInactive = clock.updateInactive;
  spikeOut = clock.spikeOut;
}

/**
 * A timestep begins: fills the outbox with all that the core's spikes send, at one go, for what is read of one spike does not
 * wait for what is read of the last.
 */
export function openSender(opened: Sender): void {
  const core = changetype<CoreState>(opened.core);
  const spikes = core.spikes;
  const lists = opened.axonLists;
  let message = opened.outbox;
  let updated: i64 = 0;
  for (let spike: usize = 0; spike < <usize>spikes; spike += 1) {
    const compartment = load<i32>(core.spiked + (spike << 2));
    const list = changetype<AxonList>(lists + ((<usize>compartment) << AXON_LIST_SHIFT));
    let axon = list.first;
    const pastAxons = list.past;
    if (axon === pastAxons) continue;
    const updates = timeOfUpdates(compartment + 1, load<i32>(core.activeUpTo + (spike << 2)));
    let making = updates - updated + spikeOut;
    updated = updates;
    for (; axon < pastAxons; axon += 1 << AXON_SHIFT) {
      const made = changetype<Message>(message);
      const goal = goalOf(changetype<Axon>(axon).to);
      made.goal = goal;
      made.onward = stationFrom(opened.x, opened.y, opened.firstLink, goal);
      made.work = changetype<Axon>(axon).work;
      made.making = making;
      making = spikeOut;
      message += MESSAGE;
    }
  }
  const allUpdates = timeOfUpdates(opened.compartments, core.active);
  opened.message = opened.outbox;
  opened.pastMessages = message;
  opened.finish = allUpdates - updated;
  opened.busy = allUpdates + <i64>((message - opened.outbox) / MESSAGE) * spikeOut;
}

/** Of the first `compartments` compartments, of which so many are active. */
export function timeOfUpdates(compartments: i64, active: i64): i64 {
  return active * updateActive + (compartments - active) * updateInactive;
}

/** The unit, free from `from` on, makes its next message: when that is made; NEVER where it ends its work. */
export function nextMessage(sending: Sender, from: i64): i64 {
  const message = sending.message;
  if (message === sending.pastMessages) {
    sending.finish += from;
    return NEVER;
  }
  const made = from + changetype<Message>(message).making;
  changetype<Message>(message).making = made;
  return made;
}
