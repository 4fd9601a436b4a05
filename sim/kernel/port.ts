// Ports and receiving units. A port serves one core, and its core takes messages from that port alone; so when the message
// before is known, so is when the next leaves both: at once, when it enters the port. What is left of them in the queue is
// when they let the next of those come in that wait for room.

import { Arrival, firstPort, firstReceiver, Message, NONE, Passage, Port, port } from './clock-state';
import { NEVER, schedule } from './pending';

const PASSAGE: i32 = 16;
export const ARRIVAL: usize = 32;

let withinTile: i64 = 0;
let arrival: usize = 0;

/** `arrivals`: where messages that enter a port are noted; 0: nowhere. */
export function openPorts(time: i64, arrivals: usize): void {
  withinTile = time;
  arrival = arrivals;
}

/** Behind the last message noted. */
export function endOfArrivals(): usize {
  return arrival;
}

/** A timestep begins: nothing has arrived, and the host's axons are processed first. */
export function openPort(opened: Port): void {
  opened.at = 0;
  opened.entered = 0;
  opened.departure = 0;
  opened.done = opened.host;
  opened.busy = opened.host;
}

/** The message whose place the next is to take. */
function oldest(asked: Port): Passage {
  return changetype<Passage>(asked.passages + <usize>asked.at);
}

/**
 * True while that message is in the port at the instant `now`. If it leaves in this very instant, in the event of a station
 * whose number is not above `mark`, the largest of those whose completions were taken in it, it has left.
 */
export function isPortFull(core: i32, now: i64, mark: i32): bool {
  const asked = port(core);
  if (asked.firstWaiting !== NONE) return true;
  if (asked.buffer === 0 || asked.entered < asked.buffer) return false;
  const departure = oldest(asked).departure;
  const time = departure >> 1;
  return time > now || (time === now && mark < departureStation(core, departure));
}

function departureStation(core: i32, departure: i64): i32 {
  return (departure & 1 ? firstPort() : firstReceiver()) + core;
}

/** The next of those that wait comes in when that message leaves. */
export function scheduleAdmission(core: i32, full: Port): void {
  const departure = oldest(full).departure;
  schedule(departureStation(core, departure), departure >> 1);
}

/** The same where `station` has let one come in. */
export function rescheduleAdmission(core: i32, full: Port, station: i32): void {
  if (full.firstWaiting === NONE) {
    schedule(station, NEVER);
    return;
  }
  const departure = oldest(full).departure;
  const next = departureStation(core, departure);
  if (next !== station) schedule(station, NEVER);
  schedule(next, departure >> 1);
}

/** Times a message from now, when it enters the port, which has room, to when the receiving unit is done with it. */
export function enterPort(core: i32, message: usize, now: i64): void {
  const entered = port(core);
  const work = changetype<Message>(message).work;
  let departure = max(now, entered.departure) + withinTile;
  let inPort: i64 = 1;
  const buffer = entered.buffer;
  if (buffer !== 0) {
    const place = oldest(entered);
    if (entered.entered >= buffer && place.done > departure) {
      departure = place.done;
      inPort = 0;
    }
    const done = max(departure, entered.done) + work;
    place.departure = (departure << 1) | inPort;
    place.done = done;
    entered.done = done;
    entered.at = entered.at + PASSAGE === buffer * PASSAGE ? 0 : entered.at + PASSAGE;
  } else entered.done = max(departure, entered.done) + work;
  entered.departure = departure;
  entered.entered += 1;
  entered.busy += work;
  if (arrival) {
    const note = changetype<Arrival>(arrival);
    note.message = message;
    note.to = core;
    note.arrived = departure;
    note.begin = entered.done - work;
    note.done = entered.done;
    arrival += ARRIVAL;
  }
}
