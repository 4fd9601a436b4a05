// The discrete-event model of `../cycle-clock.ts`, whose docstring says what is modelled: how messages pass from station to
// station. Times are in units that divide every figure.

import {
  Clock,
  firstLink,
  firstPort,
  firstReceiver,
  Link,
  link,
  MESSAGE,
  Message,
  NONE,
  openState,
  port,
  sender,
  stationFrom,
} from './clock-state';
import { runInstantly } from './instant';
import { enterLink, leaveLink, serve } from './link';
import { NEVER, openPending, schedule, take, takenStation } from './pending';
import {
  ARRIVAL,
  endOfArrivals,
  enterPort,
  isPortFull,
  openPort,
  openPorts,
  rescheduleAdmission,
  scheduleAdmission,
} from './port';
import { nextMessage, openSender, openSenders } from './sender';

let linkBuffer: i32 = 0;
/** The present instant, and the largest number of a station whose completion was taken in it. */
let now: i64 = 0;
let mark: i32 = 0;

/** One timestep of the machine. The ports know the host's work; the last timestep has left every station empty. */
export function runTimestep(address: usize): void {
  const clock = changetype<Clock>(address);
  openState(clock);
  openPending(clock.pending);
  openSenders(clock);
  openPorts(clock.withinTile, clock.arrivals);
  if (clock.instant) {
    runInstantly(clock);
    closeCores(clock);
    return;
  }
  linkBuffer = clock.linkBuffer;
  for (let core = 0; core < clock.cores; core += 1) {
    const receiving = port(core);
    openPort(receiving);
    const sending = sender(core);
    openSender(sending);
    const next = nextMessage(sending, receiving.host);
    if (next !== NEVER) schedule(core, next);
  }
  now = -1;
  for (let time = take(); time !== NEVER; time = take()) {
    const station = takenStation();
    mark = time === now ? max(mark, station) : station;
    now = time;
    if (station >= firstLink()) forward(station);
    else if (station < firstReceiver()) inject(station);
    else admit(station);
  }
  clock.arrivalCount = <i32>((endOfArrivals() - clock.arrivals) / ARRIVAL);
  closeCores(clock);
  closeLinks(clock);
}

/** A sending unit has made a message; those made in the same instant follow at once, for no station comes before it. */
function inject(core: i32): void {
  const sending = sender(core);
  for (;;) {
    const message = sending.message;
    const to = changetype<Message>(message).to;
    changetype<Message>(message).making = now;
    const station = stationFrom(sending.x, sending.y, to);
    if (station < firstLink()) {
      if (isPortFull(to, now, mark)) {
        schedule(core, NEVER);
        waitForPort(to, core);
        return;
      }
      enterPort(to, message, now);
    } else {
      const next = link(station);
      if (next.count >= linkBuffer) {
        schedule(core, NEVER);
        waitForLink(next, core);
        return;
      }
      enterLink(station, next, message, now);
    }
    sending.message = message + MESSAGE;
    const time = nextMessage(sending, now);
    if (time !== now) {
      schedule(core, time);
      return;
    }
  }
}

/** A sending unit that has waited has got rid of its message. */
function resume(core: i32): void {
  const sending = sender(core);
  sending.message += MESSAGE;
  const time = nextMessage(sending, now);
  if (time === now) inject(core);
  else if (time !== NEVER) schedule(core, time);
}

/** A link has served its head: on to the next station, or blocked until that has room. */
function forward(station: i32): void {
  const from = link(station);
  const message = from.head;
  const to = changetype<Message>(message).to;
  const next = stationFrom(from.x, from.y, to);
  if (next < firstLink()) {
    if (isPortFull(to, now, mark)) {
      waitForPort(to, station);
      return;
    }
    leaveLink(from);
    enterPort(to, message, now);
  } else {
    const onward = link(next);
    if (onward.count >= linkBuffer) {
      waitForLink(onward, station);
      return;
    }
    leaveLink(from);
    enterLink(next, onward, message, now);
  }
  makeRoom(station);
}

/** A port has room, by its own completion or by its receiving unit's: whoever has waited longest comes in. */
function admit(station: i32): void {
  const core = station - (station < firstPort() ? firstReceiver() : firstPort());
  const freed = port(core);
  const waiting = freed.firstWaiting;
  if (waiting < firstReceiver()) {
    const sending = sender(waiting);
    freed.firstWaiting = sending.nextWaiting;
    enterPort(core, sending.message, now);
    rescheduleAdmission(core, freed, station);
    resume(waiting);
    return;
  }
  const from = link(waiting);
  freed.firstWaiting = from.nextWaiting;
  const message = from.head;
  leaveLink(from);
  enterPort(core, message, now);
  rescheduleAdmission(core, freed, station);
  makeRoom(waiting);
}

/** The head of link `station` has left: the next is served, and whoever waited longest comes in, and so on up the way. */
function makeRoom(station: i32): void {
  for (;;) {
    const freed = link(station);
    freed.occupied += now - freed.since;
    if (freed.count > 0) serve(station, freed, now);
    const waiting = freed.firstWaiting;
    if (waiting === NONE) return;
    if (waiting < firstReceiver()) {
      freed.firstWaiting = sender(waiting).nextWaiting;
      enterLink(station, freed, sender(waiting).message, now);
      resume(waiting);
      return;
    }
    const from = link(waiting);
    freed.firstWaiting = from.nextWaiting;
    const message = from.head;
    leaveLink(from);
    enterLink(station, freed, message, now);
    station = waiting;
  }
}

function waitForLink(full: Link, station: i32): void {
  enqueue(full.firstWaiting, full.lastWaiting, station);
  if (full.firstWaiting === NONE) full.firstWaiting = station;
  full.lastWaiting = station;
}

function waitForPort(core: i32, station: i32): void {
  const full = port(core);
  enqueue(full.firstWaiting, full.lastWaiting, station);
  if (full.firstWaiting === NONE) {
    full.firstWaiting = station;
    scheduleAdmission(core, full);
  }
  full.lastWaiting = station;
}

/** `station` comes behind `last`, where anybody waits. */
function enqueue(first: i32, last: i32, station: i32): void {
  setNextWaiting(station, NONE);
  if (first !== NONE) setNextWaiting(last, station);
}

function setNextWaiting(station: i32, next: i32): void {
  if (station < firstReceiver()) sender(station).nextWaiting = next;
  else link(station).nextWaiting = next;
}

/** Sums the work, and finds who was last. */
function closeCores(clock: Clock): void {
  let last: i64 = 0;
  let criticalCore = 0;
  for (let core = 0; core < clock.cores; core += 1) {
    add(clock.sendBusy, core, <f64>sender(core).busy * clock.unit);
    add(clock.receiveBusy, core, <f64>port(core).busy * clock.unit);
    const finish = max(sender(core).finish, port(core).done);
    if (finish > last) {
      last = finish;
      criticalCore = core;
    }
  }
  clock.last = last;
  clock.criticalCore = criticalCore;
}

/** Sums the messages, and finds which link was occupied longest. */
function closeLinks(clock: Clock): void {
  let longest: i64 = -1;
  let criticalLink = NONE;
  for (let number = 0; number < clock.linkCount; number += 1) {
    const used = link(firstLink() + number);
    if (used.messages === 0) continue;
    if (used.occupied > longest) {
      longest = used.occupied;
      criticalLink = number;
    }
    add(clock.linkMessages, number, used.messages);
    used.messages = 0;
    used.occupied = 0;
  }
  clock.criticalLink = criticalLink;
}

function add(sums: usize, index: i32, amount: f64): void {
  const at = sums + ((<usize>index) << 3);
  store<f64>(at, load<f64>(at) + amount);
}
