// The discrete-event model of `../cycle-clock.ts`, whose docstring says what is modelled. Times are in units that divide
// every figure.
//
// Only sending units and links have completions in the queue. A port serves one core, and its core takes messages from
// that port alone; so when the message before is known, so is when the next leaves both: at once, when it enters the port.
// What is left of port and receiving unit in the queue is when they let the next of those come in that wait for room.

import { CoreState, FAN_SHIFT, Fan } from './core-state';
import { openQueue, schedule, stationOf, take, timeOf } from './event-queue';

/** Where the tables lie, and the figures; `../cycle-memory.ts` names the same words. */
@unmanaged
class Clock {
  queue: usize;
  senders: usize;
  ports: usize;
  links: usize;
  messages: usize;
  cores: i32;
  linkCount: i32;
  /** Tiles of a row of the board. */
  columns: i32;
  /** Messages that a link holds. */
  linkBuffer: i32;
  /** By message: when it was made (i64); and of those that entered a port, in that order, an `Arrival`; 0: nobody asks. */
  madeTimes: usize;
  arrivals: usize;
  arrivalCount: i32;
  criticalCore: i32;
  criticalLink: i32;
  /** By link and by core, over all timesteps (f64): messages; picoseconds at work. */
  linkMessages: usize;
  sendBusy: usize;
  receiveBusy: usize;
  unused: i32;
  updateActive: i64;
  updateInactive: i64;
  spikeOut: i64;
  withinTile: i64;
  /** When the last core is done. */
  last: i64;
  /** Picoseconds of a unit. */
  unit: f64;
}

/** A core's sending unit. */
@unmanaged
class Sender {
  core: usize;
  /** Tile. */
  x: i32;
  y: i32;
  compartments: i32;
  /** Number of the message of the core's first output axon. */
  firstMessage: i32;
  /** The spike in progress, the message in the making, and one past the spike's last. */
  spike: i32;
  message: i32;
  pastMessages: i32;
  /** The next of those that wait for the same station. */
  nextWaiting: i32;
  unused: i32;
  /** Time of the updates so far, of all work, and when it was last at work. */
  updated: i64;
  busy: i64;
  finish: i64;
}

/** A core's port and receiving unit. */
@unmanaged
class Port {
  /** Tile. */
  x: i32;
  y: i32;
  /** Messages that each of the two holds; 0 where no timestep can fill them. */
  buffer: i32;
  /** [buffer]: of each of the last that entered, a `Passage`; `at` is that of the oldest, in bytes. */
  passages: usize;
  at: i32;
  entered: i32;
  firstWaiting: i32;
  lastWaiting: i32;
  /** When the last message leaves the port, and when the receiving unit is done with it. */
  departure: i64;
  done: i64;
  /** Time of the axons that the host drives, and of all work. */
  host: i64;
  busy: i64;
}

@unmanaged
class Passage {
  /** When a message leaves the port, doubled; odd where it leaves in the event of the port, not of the receiving unit. */
  departure: i64;
  done: i64;
}

@unmanaged
class Link {
  /** Messages, first in first out. */
  head: i32;
  tail: i32;
  count: i32;
  firstWaiting: i32;
  lastWaiting: i32;
  nextWaiting: i32;
  /** The tile it leads to. */
  x: i32;
  y: i32;
  /** Messages in this timestep. */
  messages: i32;
  unused: i32;
  service: i64;
  /** Since when its head is in service or blocked, and for how long it was occupied in this timestep. */
  since: i64;
  occupied: i64;
}

/** What an output axon sends: at most one message in a timestep. */
@unmanaged
class Message {
  /** The core that it goes to. */
  to: i32;
  /** The next in its link. */
  next: i32;
  /** What it costs its receiver. */
  work: i64;
}

@unmanaged
class Arrival {
  message: i32;
  unused: i32;
  arrived: i64;
  done: i64;
}

/** Bytes as powers of two; of a sender, a port and a link. */
const STATION_SHIFT: usize = 6;
const MESSAGE_SHIFT: usize = 4;
const PASSAGE: i32 = 16;
const ARRIVAL: usize = 24;
const NONE: i32 = -1;

let senders: usize = 0;
let ports: usize = 0;
let links: usize = 0;
let messages: usize = 0;
/** First station of each kind; sending units come first. */
let receiver0: i32 = 0;
let port0: i32 = 0;
let link0: i32 = 0;
let columns: i32 = 0;
let linkBuffer: i32 = 0;
let updateActive: i64 = 0;
let updateInactive: i64 = 0;
let spikeOut: i64 = 0;
let withinTile: i64 = 0;
let madeTimes: usize = 0;
let arrival: usize = 0;
/** The present instant, and the largest number of a station whose completion was taken in it. */
let now: i64 = 0;
let mark: i32 = 0;

function sender(station: i32): Sender {
  return changetype<Sender>(senders + ((<usize>station) << STATION_SHIFT));
}

function port(core: i32): Port {
  return changetype<Port>(ports + ((<usize>core) << STATION_SHIFT));
}

function link(station: i32): Link {
  return changetype<Link>(links + ((<usize>(station - link0)) << STATION_SHIFT));
}

function message(number: i32): Message {
  return changetype<Message>(messages + ((<usize>number) << MESSAGE_SHIFT));
}

/** One timestep of the machine. The ports know the host's work; the last timestep has left every station empty. */
export function runTimestep(address: usize): void {
  const clock = changetype<Clock>(address);
  const cores = clock.cores;
  senders = clock.senders;
  ports = clock.ports;
  links = clock.links;
  messages = clock.messages;
  receiver0 = cores;
  port0 = 2 * cores;
  link0 = 3 * cores;
  columns = clock.columns;
  linkBuffer = clock.linkBuffer;
  updateActive = clock.updateActive;
  updateInactive = clock.updateInactive;
  spikeOut = clock.spikeOut;
  withinTile = clock.withinTile;
  madeTimes = clock.madeTimes;
  arrival = clock.arrivals;
  openQueue(clock.queue);
  now = -1;
  for (let core = 0; core < cores; core += 1) openCore(core);
  for (let completion = take(); completion; completion = take()) {
    const time = timeOf(completion);
    const station = stationOf(completion);
    if (time !== now || station > mark) mark = station;
    now = time;
    if (station < receiver0) inject(station);
    else if (station < port0) admit(station - receiver0);
    else if (station < link0) admit(station - port0);
    else forward(station);
  }
  clock.arrivalCount = <i32>((arrival - clock.arrivals) / ARRIVAL);
  close(clock);
}

function openCore(core: i32): void {
  const sending = sender(core);
  const receiving = port(core);
  receiving.at = 0;
  receiving.entered = 0;
  receiving.departure = 0;
  receiving.done = receiving.host;
  receiving.busy = receiving.host;
  sending.spike = -1;
  sending.message = 0;
  sending.pastMessages = 0;
  sending.updated = 0;
  sending.busy = 0;
  const next = nextMessage(sending, receiving.host);
  if (next >= 0) schedule(core, next);
}

/** When the sending unit, free from `from` on, has made its next message; −1 where it ends its work. */
function nextMessage(sending: Sender, from: i64): i64 {
  let work = spikeOut;
  if (sending.message >= sending.pastMessages) {
    const core = changetype<CoreState>(sending.core);
    const spikes = core.spikes;
    let spike = sending.spike + 1;
    let active: i64 = core.active;
    let reached: i64 = sending.compartments;
    for (; spike < spikes; spike += 1) {
      const compartment = load<i32>(core.spiked + ((<usize>spike) << 2));
      const fan = core.fans + ((<usize>compartment) << FAN_SHIFT);
      const entry = <i32>changetype<Fan>(fan).first;
      const pastEntries = <i32>changetype<Fan>(fan + (1 << FAN_SHIFT)).first;
      if (entry === pastEntries) continue;
      sending.message = sending.firstMessage + entry;
      sending.pastMessages = sending.firstMessage + pastEntries;
      active = load<i32>(core.activeUpTo + ((<usize>spike) << 2));
      reached = compartment + 1;
      break;
    }
    sending.spike = spike;
    const updated = active * updateActive + (reached - active) * updateInactive;
    work = updated - sending.updated + (spike < spikes ? spikeOut : 0);
    sending.updated = updated;
    if (spike >= spikes) {
      sending.busy += work;
      sending.finish = from + work;
      return -1;
    }
  }
  sending.busy += work;
  return from + work;
}

/** A sending unit has made a message; those made in the same instant follow at once, for no station comes before it. */
function inject(core: i32): void {
  const sending = sender(core);
  for (;;) {
    const number = sending.message;
    if (madeTimes) store<i64>(madeTimes + ((<usize>number) << 3), now);
    const to = message(number).to;
    const station = stationFrom(sending.x, sending.y, to);
    if (station < link0) {
      if (isPortFull(to)) {
        waitForPort(to, core);
        return;
      }
      enterPort(to, number);
    } else {
      const next = link(station);
      if (next.count >= linkBuffer) {
        waitForLink(next, core);
        return;
      }
      enterLink(station, next, number);
    }
    sending.message = number + 1;
    const time = nextMessage(sending, now);
    if (time !== now) {
      if (time >= 0) schedule(core, time);
      return;
    }
  }
}

/** A sending unit that has waited has got rid of its message. */
function resume(core: i32): void {
  const sending = sender(core);
  sending.message += 1;
  const time = nextMessage(sending, now);
  if (time === now) inject(core);
  else if (time >= 0) schedule(core, time);
}

/** A link has served its head: on to the next station, or blocked until that has room. */
function forward(station: i32): void {
  const from = link(station);
  const number = from.head;
  const to = message(number).to;
  const next = stationFrom(from.x, from.y, to);
  if (next < link0) {
    if (isPortFull(to)) {
      waitForPort(to, station);
      return;
    }
    leaveLink(from);
    enterPort(to, number);
  } else {
    const onward = link(next);
    if (onward.count >= linkBuffer) {
      waitForLink(onward, station);
      return;
    }
    leaveLink(from);
    enterLink(next, onward, number);
  }
  makeRoom(station);
}

/** The port of a core has room: whoever has waited longest comes in. */
function admit(core: i32): void {
  const freed = port(core);
  const waiting = freed.firstWaiting;
  if (waiting < receiver0) {
    freed.firstWaiting = sender(waiting).nextWaiting;
    enterPort(core, sender(waiting).message);
    if (freed.firstWaiting !== NONE) scheduleAdmission(core, freed);
    resume(waiting);
    return;
  }
  const from = link(waiting);
  freed.firstWaiting = from.nextWaiting;
  const number = from.head;
  leaveLink(from);
  enterPort(core, number);
  if (freed.firstWaiting !== NONE) scheduleAdmission(core, freed);
  makeRoom(waiting);
}

/** The head of link `station` has left: the next is served, and whoever waited longest comes in, and so on up the way. */
function makeRoom(station: i32): void {
  for (;;) {
    const freed = link(station);
    freed.occupied += now - freed.since;
    if (freed.count > 0) serve(station, freed);
    const waiting = freed.firstWaiting;
    if (waiting === NONE) return;
    if (waiting < receiver0) {
      freed.firstWaiting = sender(waiting).nextWaiting;
      enterLink(station, freed, sender(waiting).message);
      resume(waiting);
      return;
    }
    const from = link(waiting);
    freed.firstWaiting = from.nextWaiting;
    const number = from.head;
    leaveLink(from);
    enterLink(station, freed, number);
    station = waiting;
  }
}

function serve(station: i32, served: Link): void {
  served.since = now;
  schedule(station, now + served.service);
}

function enterLink(station: i32, entered: Link, number: i32): void {
  entered.messages += 1;
  if (entered.count++ === 0) {
    entered.head = number;
    serve(station, entered);
  } else message(entered.tail).next = number;
  entered.tail = number;
}

function leaveLink(left: Link): void {
  left.head = message(left.head).next;
  left.count -= 1;
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
  if (station < receiver0) sender(station).nextWaiting = NONE;
  else link(station).nextWaiting = NONE;
  if (first === NONE) return;
  if (last < receiver0) sender(last).nextWaiting = station;
  else link(last).nextWaiting = station;
}

/** The message whose place the next is to take. */
function oldest(asked: Port): Passage {
  return changetype<Passage>(asked.passages + <usize>asked.at);
}

/**
 * True while that message is in the port. If it leaves in this very instant, in the event of a station whose number is not
 * above that of one whose completion was taken already, it has left.
 */
function isPortFull(core: i32): bool {
  const asked = port(core);
  if (asked.firstWaiting !== NONE) return true;
  if (asked.buffer === 0 || asked.entered < asked.buffer) return false;
  const departure = oldest(asked).departure;
  const time = departure >> 1;
  return time > now || (time === now && mark < departureStation(core, departure));
}

function departureStation(core: i32, departure: i64): i32 {
  return (departure & 1 ? port0 : receiver0) + core;
}

function scheduleAdmission(core: i32, full: Port): void {
  const departure = oldest(full).departure;
  schedule(departureStation(core, departure), departure >> 1);
}

/** Times a message from when it enters the port, which has room, to when the receiving unit is done with it. */
function enterPort(core: i32, number: i32): void {
  const entered = port(core);
  const work = message(number).work;
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
    note.message = number;
    note.arrived = departure;
    note.done = entered.done;
    arrival += ARRIVAL;
  }
}

/** The station by which a message for core `to` leaves the router of a tile. */
function stationFrom(x: i32, y: i32, to: i32): i32 {
  const goal = port(to);
  const dx = goal.x - x;
  const dy = goal.y - y;
  const tile = link0 + 4 * (y * columns + x);
  if (dx !== 0) return tile + <i32>(dx < 0);
  if (dy !== 0) return tile + 2 + <i32>(dy < 0);
  return port0 + to;
}

/** Sums the work, and finds who was last, and which link was occupied longest. */
function close(clock: Clock): void {
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
  let longest: i64 = -1;
  let criticalLink = NONE;
  const pastLinks = clock.linkCount;
  for (let number = 0; number < pastLinks; number += 1) {
    const used = link(link0 + number);
    if (used.messages === 0) continue;
    if (used.occupied > longest) {
      longest = used.occupied;
      criticalLink = number;
    }
    add(clock.linkMessages, number, used.messages);
    used.messages = 0;
    used.occupied = 0;
  }
  clock.last = last;
  clock.criticalCore = criticalCore;
  clock.criticalLink = criticalLink;
}

function add(sums: usize, index: i32, amount: f64): void {
  const at = sums + ((<usize>index) << 3);
  store<f64>(at, load<f64>(at) + amount);
}
