// Ports and receiving units. A port serves one core, and its core takes messages from that port alone; so when the message
// before is known, so is when the next leaves both: at once, when it enters the port. What is left of them in the queue is
// when they let the next of those come in that wait for room.

import { Arrival, Message, momentOf, Passage, Port, portStation, receiverStation } from './clock-state';

const PASSAGE: usize = 16;
export const ARRIVAL: usize = 32;

let withinTile: i64 = 0;
let arrival: usize = 0;

/** `arrivals`: where messages that enter a watched port are noted; 0: nowhere. */
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
  opened.last = 0;
  const passages = opened.passages;
  memory.fill(passages, 0, (opened.cycled ? opened.pastPassages : opened.oldest) - passages);
  opened.oldest = passages;
  opened.cycled = 0;
  opened.departure = 0;
  opened.done = opened.host;
  opened.busy = opened.host;
}

/** Times a message from now, when it enters the port, which has room, to when the receiving unit is done with it. */
export function enterPort(entered: Port, core: i32, message: usize, now: i64): void {
  const work = load<i64>(changetype<Message>(message).work);
  let departure = max(now, entered.departure) + withinTile;
  let done = entered.done;
  const pastPassages = entered.pastPassages;
  if (pastPassages !== 0) {
    const oldest = entered.oldest;
    const place = changetype<Passage>(oldest);
    const free = place.done;
    const station = select<i32>(receiverStation(core), portStation(core), free > departure);
    departure = max(departure, free);
    done = max(departure, done) + work;
    place.departure = momentOf(departure, station);
    place.done = done;
    let next = oldest + PASSAGE;
    if (next === pastPassages) {
      next = entered.passages;
      entered.cycled = 1;
    }
    entered.oldest = next;
    // The next takes the place of the oldest, once that has left.
    entered.roomFrom = changetype<Passage>(next).departure;
  } else done = max(departure, done) + work;
  entered.done = done;
  entered.departure = departure;
  entered.busy += work;
  if (arrival && changetype<Message>(message).goal.isWatched) {
    const note = changetype<Arrival>(arrival);
    note.message = message;
    note.to = core;
    note.arrived = departure;
    note.begin = done - work;
    note.done = done;
    arrival += ARRIVAL;
  }
}
