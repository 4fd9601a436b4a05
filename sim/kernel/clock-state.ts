// Where the tables of the discrete-event model lie, and the figures; `../cycle-memory.ts` names the same words.

@unmanaged
export class Clock {
  pending: usize;
  senders: usize;
  ports: usize;
  links: usize;
  /** By core: its `Tile`. */
  tiles: usize;
  cores: i32;
  linkCount: i32;
  /** Tiles of a row of the board. */
  columns: i32;
  /** Messages that a link holds. */
  linkBuffer: i32;
  /** Of messages that entered a port, in that order, an `Arrival`; 0: nobody asks. */
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

@unmanaged
class Tile {
  x: i32;
  y: i32;
}

/** A core's sending unit. */
@unmanaged
export class Sender {
  core: usize;
  /** Its tile. */
  x: i32;
  y: i32;
  compartments: i32;
  /** By output axon: an `Axon`. */
  axons: usize;
  /** What it sends in this timestep: a `Message` each. The one in the making, and one past the last. */
  outbox: usize;
  message: usize;
  pastMessages: usize;
  /** The next of those that wait for the same station. */
  nextWaiting: i32;
  unused: i32;
  /** Time of the updates after the last message, of all work, and when it was last at work. */
  lastUpdates: i64;
  busy: i64;
  finish: i64;
}

/** A core's port and receiving unit. */
@unmanaged
export class Port {
  /** Messages that each of the two holds; 0 where no timestep can fill them. */
  buffer: i32;
  /** [buffer]: of each of the last that entered, a `Passage`; `at` is that of the oldest, in bytes. */
  passages: usize;
  at: i32;
  entered: i32;
  firstWaiting: i32;
  lastWaiting: i32;
  unused0: i32;
  unused1: i32;
  /** When the last message leaves the port, and when the receiving unit is done with it. */
  departure: i64;
  done: i64;
  /** Time of the axons that the host drives, and of all work. */
  host: i64;
  busy: i64;
}

@unmanaged
export class Passage {
  /** When a message leaves the port, doubled; odd where it leaves in the event of the port, not of the receiving unit. */
  departure: i64;
  done: i64;
}

@unmanaged
export class Link {
  /** Messages, first in first out. */
  head: usize;
  tail: usize;
  count: i32;
  firstWaiting: i32;
  lastWaiting: i32;
  nextWaiting: i32;
  /** The tile it leads to. */
  x: i32;
  y: i32;
  /** Messages in this timestep. */
  messages: i32;
  /** The lane of its completions. */
  lane: usize;
  service: i64;
  /** Since when its head is in service or blocked, and for how long it was occupied in this timestep. */
  since: i64;
  occupied: i64;
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
  /** The core that it goes to. */
  to: i32;
  /** The next in its link. */
  next: usize;
  /** What it costs its receiver. */
  work: i64;
  /** What it costs its sender, the updates before it included; once it is made, when that was. */
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
const TILE_SHIFT: usize = 3;
export const NONE: i32 = -1;

let senders: usize = 0;
let ports: usize = 0;
let links: usize = 0;
let tiles: usize = 0;
let columns: i32 = 0;
/** First station of each kind; sending units come first. */
let receiver0: i32 = 0;
let port0: i32 = 0;
let link0: i32 = 0;

/** All that follows is of this clock. */
export function openState(clock: Clock): void {
  senders = clock.senders;
  ports = clock.ports;
  links = clock.links;
  tiles = clock.tiles;
  columns = clock.columns;
  receiver0 = clock.cores;
  port0 = 2 * clock.cores;
  link0 = 3 * clock.cores;
}

export function sender(core: i32): Sender {
  return changetype<Sender>(senders + ((<usize>core) << STATION_SHIFT));
}

export function port(core: i32): Port {
  return changetype<Port>(ports + ((<usize>core) << STATION_SHIFT));
}

export function link(station: i32): Link {
  return changetype<Link>(links + ((<usize>(station - link0)) << STATION_SHIFT));
}

export function firstReceiver(): i32 {
  return receiver0;
}

export function firstPort(): i32 {
  return port0;
}

export function firstLink(): i32 {
  return link0;
}

/** The station by which a message for core `to` leaves the router of a tile. */
export function stationFrom(x: i32, y: i32, to: i32): i32 {
  const goal = changetype<Tile>(tiles + ((<usize>to) << TILE_SHIFT));
  const dx = goal.x - x;
  const dy = goal.y - y;
  const direction = select<i32>(<i32>(dx < 0), 2 + <i32>(dy < 0), dx !== 0);
  return select<i32>(link0 + 4 * (y * columns + x) + direction, port0 + to, (dx | dy) !== 0);
}
