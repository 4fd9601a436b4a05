// The discrete-event model of `../cycle-clock.ts`, whose docstring says what is modelled: how messages pass from station to
// station. Times are in units that divide every figure.

import {
  addOccupied,
  Clock,
  coreOfPort,
  coreOfSender,
  Holder,
  isLink,
  Link,
  link,
  MESSAGE,
  Message,
  momentOf,
  NEVER,
  openState,
  Port,
  port,
  portStation,
  Sender,
  sender,
  stationOf,
  stationOfLink,
  Taker,
  takeOccupied,
  timeOf,
} from './clock-state';
import { runInstantly } from './instant';
import { enterLink, leaveLink, openLinks } from './link';
import { append, next, openPending, schedule, serviceOf, takeFrom } from './pending';
import { ARRIVAL, endOfArrivals, enterPort, openPort, openPorts } from './port';
import { nextMessage, openSender, openSenders } from './sender';
import { takeTurn, wait } from './waiting';

let cores: i32 = 0;

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
  openLinks(clock.linkBuffer);
  cores = clock.cores;
  for (let core = 0; core < cores; core += 1) {
    const receiving = port(core);
    openPort(receiving);
    const sending = sender(core);
    openSender(sending);
    const made = nextMessage(sending, receiving.host);
    if (made !== NEVER) schedule(core, momentOf(made, core));
  }
  let present: i64 = -1;
  const receivers = cores;
  const ports = portStation(0);
  const links = portStation(cores);
  for (let moment = next(); moment !== NEVER; moment = next()) {
    // Others of this instant may follow that have smaller numbers.
    present = max(present, moment);
    const now = timeOf(moment);
    const station = stationOf(moment);
    let freed: usize = 0;
    if (station >= links) freed = inline.always(forward(link(station - links), now, present));
    else if (station < receivers) schedule(station, send(sender(station), now, present));
    else freed = inline.always(admit(station < ports ? station - receivers : station - ports, now, present));
    if (freed !== 0) inline.always(makeRoom(changetype<Link>(freed), now, present));
  }
  clock.arrivalCount = <i32>((endOfArrivals() - clock.arrivals) / ARRIVAL);
  closeCores(clock);
  closeLinks(clock);
}

/**
 * Sends the message of a sending unit that is made now, and those that follow in this instant: no station comes before it.
 * When the next is to be sent; NEVER where there is none, or it is known to wait.
 */
function send(sending: Sender, now: i64, present: i64): i64 {
  let made = now;
  while (made === now) {
    const message = sending.message;
    const first = changetype<Taker>(changetype<Message>(message).onward);
    if (first.roomFrom > present) {
      sending.ready = present;
      waitFor(first, sending);
      return NEVER;
    }
    first.last = changetype<usize>(sending);
    inline.always(enter(first, message, now));
    sending.message = message + MESSAGE;
    made = nextMessage(sending, now);
  }
  return made === NEVER ? NEVER : inline.always(expectMessage(sending, made));
}

/** A sending unit has begun to make a message, which takes a while: when it is to be sent; NEVER where it is known to wait. */
function expectMessage(sending: Sender, made: i64): i64 {
  const first = changetype<Taker>(changetype<Message>(sending.message).onward);
  const ready = momentOf(made, coreOfSender(changetype<usize>(sending)));
  if (first.roomFrom <= ready) return ready;
  sending.ready = ready;
  waitFor(first, sending);
  return NEVER;
}

/** A sending unit that has waited has got rid of its message. */
function resume(sending: Sender, now: i64, present: i64): void {
  sending.message += MESSAGE;
  const made = nextMessage(sending, now);
  if (made === NEVER) return;
  const moment = made === now ? send(sending, now, present) : inline.always(expectMessage(sending, made));
  if (moment !== NEVER) schedule(coreOfSender(changetype<usize>(sending)), moment);
}

/** The head of a link is served from now on. */
function serve(served: Link, now: i64): void {
  const onward = changetype<Message>(served.head).onward;
  const service = serviceOf(served.lane);
  const ready = momentOf(now + service, stationOfLink(served));
  served.next = onward;
  served.ready = ready;
  // What is served at once may come after stations with larger numbers, in whose events it is served.
  if (service !== 0 && changetype<Taker>(onward).roomFrom > ready) waitFor(changetype<Taker>(onward), served);
  else append(served.lane, ready);
}

/** A link has served its head: on to the next station, or blocked until that has room. The link that has room now, or 0. */
function forward(from: Link, now: i64, present: i64): usize {
  takeFrom(from.lane);
  const onward = changetype<Taker>(from.next);
  if (onward.roomFrom > present) {
    from.ready = present;
    waitFor(onward, from);
    return 0;
  }
  onward.last = changetype<usize>(from);
  inline.always(enter(onward, leaveLink(from), now));
  return changetype<usize>(from);
}

/** The port of a core has room, by its own completion or by its receiving unit's: whose turn it is comes in. The link that has room now, or 0. */
function admit(core: i32, now: i64, present: i64): usize {
  const freed = port(core);
  const waiting = takeTurn(changetype<Taker>(freed), present);
  if (waiting === 0) {
    freed.roomFrom = 0;
    schedule(cores + core, NEVER);
    dismiss(changetype<Taker>(freed));
    return 0;
  }
  const others = freed.firstWaiting;
  const comesOverLink = isLink(waiting);
  const message = comesOverLink ? leaveLink(changetype<Link>(waiting)) : changetype<Sender>(waiting).message;
  inline.always(enterPort(freed, core, message, now));
  const room = freed.roomFrom;
  freed.roomFrom = select<i64>(room, NEVER, others === 0);
  schedule(cores + core, select<i64>(NEVER, room, others === 0));
  if (comesOverLink) return waiting;
  inline.always(resume(changetype<Sender>(waiting), now, present));
  return 0;
}

/** The head of a link has left: the next is served, and whose turn it is comes in, and so on up the way. */
function makeRoom(left: Link, now: i64, present: i64): void {
  let freed = left;
  for (;;) {
    if (freed.count > 0) inline.always(serve(freed, now));
    else addOccupied(freed, now);
    if (freed.firstWaiting === 0) return;
    const waiting = takeTurn(changetype<Taker>(freed), present);
    if (waiting === 0) {
      dismiss(changetype<Taker>(freed));
      return;
    }
    if (!isLink(waiting)) {
      enter(changetype<Taker>(freed), changetype<Sender>(waiting).message, now);
      resume(changetype<Sender>(waiting), now, present);
      return;
    }
    const from = changetype<Link>(waiting);
    inline.always(enter(changetype<Taker>(freed), leaveLink(from), now));
    freed = from;
  }
}

/** A station has room before any of those that wait is ready: each is to see for itself, when it is. */
function dismiss(taker: Taker): void {
  let waiting = taker.firstWaiting;
  taker.firstWaiting = 0;
  while (waiting !== 0) {
    const dismissed = changetype<Holder>(waiting);
    if (isLink(waiting)) append(changetype<Link>(waiting).lane, dismissed.ready);
    else schedule(coreOfSender(waiting), dismissed.ready);
    waiting = dismissed.nextWaiting;
  }
}

function enter(taker: Taker, message: usize, now: i64): void {
  const address = changetype<usize>(taker);
  if (!isLink(address)) inline.always(enterPort(changetype<Port>(taker), coreOfPort(address), message, now));
  else if (enterLink(changetype<Link>(taker), message)) {
    addOccupied(changetype<Link>(taker), -now);
    inline.always(serve(changetype<Link>(taker), now));
  }
}

/** The first that waits for a port has it told when there is room; from then on that is kept for those that wait. */
function waitFor(full: Taker, waiting: Holder): void {
  const address = changetype<usize>(full);
  if (full.firstWaiting === 0 && !isLink(address)) {
    schedule(cores + coreOfPort(address), full.roomFrom);
    full.roomFrom = NEVER;
  }
  inline.always(wait(full, waiting));
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
  let criticalLink = -1;
  for (let number = 0; number < clock.linkCount; number += 1) {
    const used = link(number);
    if (used.messages === 0) continue;
    const occupied = takeOccupied(used);
    if (occupied > longest) {
      longest = occupied;
      criticalLink = number;
    }
    add(clock.linkMessages, number, used.messages);
    used.messages = 0;
    used.last = 0;
  }
  clock.criticalLink = criticalLink;
}

function add(sums: usize, index: i32, amount: f64): void {
  const at = sums + ((<usize>index) << 3);
  store<f64>(at, load<f64>(at) + amount);
}
