// Where the tables of the discrete-event model lie, and the figures; `../cycle-memory.ts` names the same words.

@unmanaged
export class Clock {
  pending: usize;
  senders: usize;
  ports: usize;
  links: usize;
  /** By core: its `Goal`. */
  goals: usize;
  cores: i32;
  linkCount: i32;
  /** By link (i64): for how long it was occupied in this timestep. */
  occupied: usize;
  /** Messages that a link holds. */
  linkBuffer: i32;
  /** Of messages that entered a port that is watched, in that order, an `Arrival`; 0: nobody asks. */
  arrivals: usize;
  arrivalCount: i32;
  criticalCore: i32;
  criticalLink: i32;
  /** By link and by core, over all timesteps (f64): messages; picoseconds at work. */
  linkMessages: usize;
  sendBusy: usize;
  receiveBusy: usize;
  /** Where no message takes time on its way: an `Instant`. 0 where one may. */
  instant: usize;
  /** Bits in which the number of every station fits. */
  stationBits: i32;
  updateActive: i64;
  updateInactive: i64;
  spikeOut: i64;
  withinTile: i64;
  /** When the last core is done. */
  last: i64;
  /** Picoseconds of a unit. */
  unit: f64;
}

/** Where the messages for a core go: its tile and its port. */
@unmanaged
export class Goal {
  x: i32;
  y: i32;
  port: usize;
  /** 1 where `arrivals` are to tell of its messages. */
  isWatched: i32;
}

/** A sending unit or a link: what holds a message that another station is to take. */
@unmanaged
export class Holder {
  /** The moment at which the message is ready to go. */
  ready: i64;
  /** The next of those that wait for the same station. */
  nextWaiting: usize;
}

/** A core's sending unit. */
@unmanaged
export class Sender extends Holder {
  /** Its tile, and the first of the links out of it. */
  firstLink: usize;
  x: i32;
  y: i32;
  core: usize;
  compartments: i32;
  /** By compartment: its `AxonList`. */
  axonLists: usize;
  /** What it sends in this timestep: a `Message` each. The one in the making, and one past the last. */
  outbox: usize;
  message: usize;
  pastMessages: usize;
  /** Time of all work. */
  busy: i64;
  /** Time of the updates after the last message; once that is gone, when it was last at work. */
  finish: i64;
}

/** A port or a link: what takes messages, of those that want it in turn. */
@unmanaged
export class Taker {
  unused0: i64;
  unused1: i64;
  /** The moment from which on there is room; `NEVER` where it is not known or somebody waits for it. */
  roomFrom: i64;
  /** Those that wait for room, in no order: `Holder`s. */
  firstWaiting: usize;
  /** Whose message it took last in this timestep; 0: none. */
  last: usize;
}

/** A core's port and receiving unit; a `Taker`. */
@unmanaged
export class Port {
  /** When the last message leaves the port. */
  departure: i64;
  /** Of each of the last messages that entered, as many as each of the two holds, a `Passage`; 0, 0 where no timestep can fill them. */
  pastPassages: usize;
  passages: usize;
  roomFrom: i64;
  firstWaiting: usize;
  last: usize;
  /** The oldest of the passages; and 1 where all of them are of this timestep, 0 where those before. */
  oldest: usize;
  cycled: i32;
  /** When the receiving unit is done with the last message. */
  done: i64;
  /** Time of the axons that the host drives, and of all work. */
  host: i64;
  busy: i64;
}

@unmanaged
export class Passage {
  /** Zeros: no message. */
  /** The moment at which a message leaves the port: in the event of the port or of the receiving unit. */
  departure: i64;
  done: i64;
}

/** Its head is ready when it has been served; a `Taker` too. */
@unmanaged
export class Link extends Holder {
  /** The station that its head goes to: a `Taker`. */
  next: usize;
  roomFrom: i64;
  firstWaiting: usize;
  last: usize;
  /** Messages, first in first out; and the place of the pointer to the one that comes in next. */
  head: usize;
  tail: usize;
  count: i32;
  /** Messages in this timestep. */
  messages: i32;
  /** The tile it leads to, and the first of the links out of it. */
  firstLink: usize;
  x: i32;
  y: i32;
  /** The lane of its completions, which tells how long it serves. */
  lane: usize;
}

/** The `Axon`s of a compartment: the same of all compartments that send alike. */
@unmanaged
export class AxonList {
  first: usize;
  past: usize;
}

/** An output axon: the core that its messages go to, and where it stands what one costs its receiver (i64). */
@unmanaged
export class Axon {
  to: i32;
  work: usize;
}

/** What an output axon sends: at most one message in a timestep. */
@unmanaged
export class Message {
  /** Of the core that it goes to. */
  goal: Goal;
  /** The next in its link. */
  next: usize;
  /** The station that it goes to next: a `Taker`. Known as soon as it enters one, and needed when it is at the head. */
  onward: usize;
  /** Where it stands what it costs its receiver (i64). */
  work: usize;
  /** What it costs its sender, the updates before it included; once that has begun, when it is made. */
  making: i64;
}

@unmanaged
export class Arrival {
  /** Place in the sender's outbox, and the core that it goes to. */
  message: usize;
  to: i32;
  arrived: i64;
  begin: i64;
  done: i64;
}

export const MESSAGE: usize = 24;
/** Bytes as powers of two; of a sender, a port and a link. */
const STATION_SHIFT: usize = 6;
const GOAL_SHIFT: usize = 4;
const TIME_SHIFT: usize = 3;
/** Later than any moment. */
export const NEVER: i64 = (<i64>1) << 62;

let senders: usize = 0;
let ports: usize = 0;
let links: usize = 0;
let occupied: usize = 0;
let goals: usize = 0;
let cores: i32 = 0;
let stationBits: i64 = 0;

/** All that follows is of this clock. */
export function openState(clock: Clock): void {
  senders = clock.senders;
  ports = clock.ports;
  links = clock.links;
  occupied = clock.occupied;
  goals = clock.goals;
  cores = clock.cores;
  stationBits = clock.stationBits;
}

/**
 * A moment tells which of two events comes first: it is an instant, and among the events of one the number of a station:
 * sending units, receiving units, ports, links. Instants go up to 2⁶² divided by the number of stations (the next
 * power of two); `../longest-timestep.ts` makes sure that no timestep lasts longer.
 */
export function momentOf(time: i64, station: i32): i64 {
  return (time << stationBits) | <i64>station;
}

export function timeOf(moment: i64): i64 {
  return moment >> stationBits;
}

export function stationOf(moment: i64): i32 {
  return <i32>(moment & (((<i64>1) << stationBits) - 1));
}

export function sender(core: i32): Sender {
  return changetype<Sender>(senders + ((<usize>core) << STATION_SHIFT));
}

export function port(core: i32): Port {
  return changetype<Port>(ports + ((<usize>core) << STATION_SHIFT));
}

export function link(number: i32): Link {
  return changetype<Link>(links + ((<usize>number) << STATION_SHIFT));
}

/** Its number among all stations. */
export function stationOfLink(link: Link): i32 {
  return 3 * cores + <i32>((changetype<usize>(link) - links) >> STATION_SHIFT);
}

/** Adds to the time for which a link was occupied. */
export function addOccupied(link: Link, time: i64): void {
  const at = occupied + ((changetype<usize>(link) - links) >> (STATION_SHIFT - TIME_SHIFT));
  store<i64>(at, load<i64>(at) + time);
}

/** For how long a link was occupied; it counts anew. */
export function takeOccupied(link: Link): i64 {
  const at = occupied + ((changetype<usize>(link) - links) >> (STATION_SHIFT - TIME_SHIFT));
  const time = load<i64>(at);
  store<i64>(at, 0);
  return time;
}

/** True of a link, false of a sending unit or port: links lie behind all of those. */
export function isLink(station: usize): bool {
  return station >= links;
}

export function coreOfSender(sender: usize): i32 {
  return <i32>((sender - senders) >> STATION_SHIFT);
}

export function coreOfPort(port: usize): i32 {
  return <i32>((port - ports) >> STATION_SHIFT);
}

export function receiverStation(core: i32): i32 {
  return cores + core;
}

export function portStation(core: i32): i32 {
  return 2 * cores + core;
}

export function goalOf(core: i32): Goal {
  return changetype<Goal>(goals + ((<usize>core) << GOAL_SHIFT));
}

/** The station by which a message leaves the router of a tile, whose links begin at `firstLink`. */
export function stationFrom(x: i32, y: i32, firstLink: usize, goal: Goal): usize {
  const dx = goal.x - x;
  const dy = goal.y - y;
  const direction = select<i32>(<i32>(dx < 0), 2 + <i32>(dy < 0), dx !== 0);
  return select<usize>(firstLink + ((<usize>direction) << STATION_SHIFT), goal.port, (dx | dy) !== 0);
}
