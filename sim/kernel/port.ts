// Ports and receiving units. A port serves one core, and its core takes messages from that port alone; so when the message
// before is known, so is when the next leaves both: at once, when it enters the port. What is left of them in the queue is
// when they let the next of those come in that wait for room.

import { Arrival, Message, momentOf, Passage, Port, portStation, receiverStation } from './clock-state';

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
  opened.roomFrom = 0;
  opened.oldest = opened.passages;
  opened.entered = 0;
  opened.departure = 0;
  opened.done = opened.host;
  opened.busy = opened.host;
}

/** Times a message from now, when it enters the port, which has room, to when the receiving unit is done with it. */
export function enterPort(entered: Port, core: i32, message: usize, now: i64): void {
  const work = changetype<Message>(message).work;
  const buffer = entered.buffer;
  let departure = max(now, entered.departure) + withinTile;
  if (buffer !== 0) {
    const place = changetype<Passage>(entered.oldest);
    let station = portStation(core);
    if (entered.entered >= buffer && place.done > departure) {
      departure = place.done;
      station = receiverStation(core);
    }
    const done = max(departure, entered.done) + work;
    place.departure = momentOf(departure, station);
    place.done = done;
    entered.done = done;
    const next = entered.oldest + PASSAGE;
    entered.oldest = next === entered.passages + <usize>(buffer * PASSAGE) ? entered.passages : next;
    entered.entered += 1;
    // The next takes the place of the oldest, once that has left.
    if (entered.entered >= buffer) entered.roomFrom = changetype<Passage>(entered.oldest).departure;
  } else entered.done = max(departure, entered.done) + work;
  entered.departure = departure;
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
