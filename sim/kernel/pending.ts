// Pending events, by the moments at which they come; each station has at most one.
//
// What a link serves takes the time of its kind, so completions of one kind are scheduled in about the order in which they
// come: a lane holds them one behind the other. The events of sending units and ports are leaves of a tournament: every node
// holds the earlier of the two below it.

import { NEVER } from './clock-state';

/** Where the tables lie; `../pending-memory.ts` names the same words. */
@unmanaged
export class PendingState {
  /** [2·leaves] (i64): the tournament; node 1 is its root, and leaf k is node leaves + k. */
  nodes: usize;
  /** A power of two. */
  leaves: i32;
  /** One past the last of the lanes that follow. */
  pastLanes: usize;
  unused: i32;
}

/** A lane: moments from `head` to `tail`, at which one follows that never comes. */
@unmanaged
class Lane {
  head: usize;
  tail: usize;
  /** Room for twice as many as may be pending, and one before and one behind them. */
  start: usize;
  end: usize;
  /** How long its links serve. */
  service: i64;
}

const MOMENT: usize = 8;
const MOMENT_SHIFT: usize = 3;
const LANE: usize = 24;

let nodes: usize = 0;
let leaves: i32 = 0;
let lane0: usize = 0;
let pastLanes: usize = 0;

/** The events, none as the last `next` left them. */
export function openPending(address: usize): void {
  const state = changetype<PendingState>(address);
  nodes = state.nodes;
  leaves = state.leaves;
  lane0 = address + offsetof<PendingState>();
  pastLanes = state.pastLanes;
}

/** The event of a leaf; NEVER: it has none any more. */
export function schedule(leaf: i32, moment: i64): void {
  let node = <usize>(leaves + leaf);
  const base = nodes;
  let earliest = moment;
  store<i64>(base + (node << MOMENT_SHIFT), moment);
  while (node > 1) {
    const other = load<i64>(base + ((node ^ 1) << MOMENT_SHIFT));
    earliest = select<i64>(other, earliest, other < earliest);
    node >>= 1;
    store<i64>(base + (node << MOMENT_SHIFT), earliest);
  }
}

/** How long the links of a lane serve. */
export function serviceOf(lane: usize): i64 {
  return changetype<Lane>(lane).service;
}

/** The completion of a link: mostly behind all in its lane. */
export function append(address: usize, moment: i64): void {
  const lane = changetype<Lane>(address);
  if (lane.tail === lane.end) moveToStart(lane);
  let at = lane.tail;
  const head = lane.head;
  while (at > head) {
    const before = load<i64>(at - MOMENT);
    if (before < moment) break;
    store<i64>(at, before);
    at -= MOMENT;
  }
  store<i64>(at, moment);
  const tail = lane.tail + MOMENT;
  lane.tail = tail;
  store<i64>(tail, NEVER);
}

function moveToStart(lane: Lane): void {
  const left = lane.tail - lane.head;
  memory.copy(lane.start, lane.head, left);
  lane.head = lane.start;
  lane.tail = lane.start + left;
}

/** When the first event comes; NEVER where there is none. */
export function next(): i64 {
  let moment = load<i64>(nodes + MOMENT);
  for (let lane = lane0; lane < pastLanes; lane += LANE) {
    const first = load<i64>(changetype<Lane>(lane).head);
    moment = select<i64>(first, moment, first < moment);
  }
  return moment;
}

/** The first event is the first of this lane: it is no longer pending. */
export function takeFrom(address: usize): void {
  changetype<Lane>(address).head += MOMENT;
}
