// Pending completions, earliest first; of two at one instant that of the station with the smaller number comes first. Each
// station has at most one pending.
//
// What a link serves takes the time of its kind, so completions of one kind are scheduled in the order in which they come:
// a lane holds them one behind the other. All other stations are leaves of a tournament: every node holds the earlier of the
// two below it, and of two at one instant the left.

/** Where the tables lie; `../cycle-memory.ts` names the same words. */
@unmanaged
export class PendingState {
  /** [2·leaves]: the tournament; node 1 is its root, and station s has node leaves + s. */
  nodes: usize;
  /** A power of two above the number of the last station that is no link. */
  leaves: i32;
  /** One past the last of the lanes that follow. */
  pastLanes: usize;
}

/** A completion, in a node or a lane. */
@unmanaged
class Completion {
  time: i64;
  station: i32;
  unused: i32;
}

/** A lane: completions from `head` to `tail`, at which one follows that never comes. */
@unmanaged
class Lane {
  head: usize;
  tail: usize;
  /** Room for twice as many as may be pending, and one before and one behind them. */
  start: usize;
  end: usize;
}

const COMPLETION: usize = 16;
const COMPLETION_SHIFT: usize = 4;
const LANE: usize = 16;
/** Later than any instant. */
export const NEVER: i64 = (<i64>1) << 62;

let nodes: usize = 0;
let leaves: i32 = 0;
let lane0: usize = 0;
let pastLanes: usize = 0;
let taken: i32 = 0;

/** The queue, empty as the last `take` left it. */
export function openPending(address: usize): void {
  const state = changetype<PendingState>(address);
  nodes = state.nodes;
  leaves = state.leaves;
  lane0 = address + offsetof<PendingState>();
  pastLanes = state.pastLanes;
}

/** The completion of a station that is no link; NEVER: it has none any more. */
export function schedule(station: i32, time: i64): void {
  let node = <usize>(leaves + station);
  let winner = station;
  let earliest = time;
  changetype<Completion>(nodes + (node << COMPLETION_SHIFT)).time = time;
  while (node > 1) {
    const other = changetype<Completion>(nodes + ((node ^ 1) << COMPLETION_SHIFT));
    // Where the other is the left one it comes first at one instant too.
    const isOther = other.time < earliest + <i64>(node & 1);
    earliest = select<i64>(other.time, earliest, isOther);
    winner = select<i32>(other.station, winner, isOther);
    node >>= 1;
    const parent = changetype<Completion>(nodes + (node << COMPLETION_SHIFT));
    parent.time = earliest;
    parent.station = winner;
  }
}

/** The completion of a link, `time` after all in its lane or at the instant of the last. */
export function append(address: usize, station: i32, time: i64): void {
  const lane = changetype<Lane>(address);
  if (lane.tail === lane.end) moveToStart(lane);
  let at = lane.tail;
  const head = lane.head;
  while (at > head) {
    const before = changetype<Completion>(at - COMPLETION);
    if (before.time !== time || before.station < station) break;
    v128.store(at, v128.load(at - COMPLETION));
    at -= COMPLETION;
  }
  changetype<Completion>(at).time = time;
  changetype<Completion>(at).station = station;
  lane.tail += COMPLETION;
  changetype<Completion>(lane.tail).time = NEVER;
}

function moveToStart(lane: Lane): void {
  const left = lane.tail - lane.head;
  memory.copy(lane.start, lane.head, left);
  lane.head = lane.start;
  lane.tail = lane.start + left;
}

/** The instant of the earliest completion, of `takenStation`; NEVER where there is none. That of a link is no longer pending. */
export function take(): i64 {
  const root = changetype<Completion>(nodes + COMPLETION);
  let time = root.time;
  let station = root.station;
  let lane: usize = 0;
  for (let next = lane0; next < pastLanes; next += LANE) {
    const head = changetype<Completion>(changetype<Lane>(next).head);
    const isEarlier = head.time < time || (head.time === time && head.station < station);
    time = select<i64>(head.time, time, isEarlier);
    station = select<i32>(head.station, station, isEarlier);
    lane = select<usize>(next, lane, isEarlier);
  }
  if (lane) changetype<Lane>(lane).head += COMPLETION;
  taken = station;
  return time;
}

/** The station of the completion that was taken last. */
export function takenStation(): i32 {
  return taken;
}
