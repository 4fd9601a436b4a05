// How many messages each link carries in a timestep, from how many a core sends to which: a message goes east-west first,
// then north-south, so each way adds to one stretch of links in a row, and one in a column. Stretches are noted by where
// they begin and end; running sums along rows and columns are the messages of the links.

import { CoreState } from './core-state';

/** `../link-load.ts` names the same words. */
@unmanaged
export class LinkLoad {
  /** Of each core a `Sending`. */
  cores: usize;
  pastCores: usize;
  /** Tiles of the board. */
  columns: i32;
  rows: i32;
  /** By link (i32): messages whose stretch begins there less those whose stretch ended before; zero between timesteps. */
  differences: usize;
  /** By link (f64): picoseconds of a message; messages in all timesteps. */
  linkTime: usize;
  linkMessages: usize;
  /** The link at work longest in this timestep (of several, the first), or −1; and its picoseconds. */
  busiestLink: i32;
  busiest: f64;
}

/** What a core sends. */
@unmanaged
export class Sending {
  core: usize;
  /** Messages in this timestep by route (u32): those to one core. */
  sentOn: usize;
  /** By route: a `Way`. */
  ways: usize;
  pastWays: usize;
  compartments: i32;
  /** Messages in this timestep. */
  messages: i32;
}

/** Addresses in `differences` where a stretch begins and after it ends, in a row and in a column. */
@unmanaged
class Way {
  enterRow: usize;
  leaveRow: usize;
  enterColumn: usize;
  leaveColumn: usize;
}

export const SENDING: usize = offsetof<Sending>();
const WAY: usize = offsetof<Way>();

/** Adds this timestep's messages to their links, and has them counted anew. */
export function loadLinks(address: usize): void {
  const links = changetype<LinkLoad>(address);
  links.busiest = 0;
  links.busiestLink = -1;
  let sent = 0;
  for (let at = links.cores; at < links.pastCores; at += SENDING) sent += takeSent(changetype<Sending>(at));
  if (sent === 0) return;
  const columns = links.columns;
  const rows = links.rows;
  for (let row = 0; row < rows; row += 1) {
    const first = row * columns;
    let messages = 0;
    for (let tile = first; tile < first + columns; tile += 1) messages = pass(links, 4 * tile, messages);
    for (let tile = first + columns - 1; tile >= first; tile -= 1) messages = pass(links, 4 * tile + 1, messages);
  }
  const last = (rows - 1) * columns;
  for (let column = 0; column < columns; column += 1) {
    let messages = 0;
    for (let tile = column; tile <= last + column; tile += columns) messages = pass(links, 4 * tile + 2, messages);
    for (let tile = last + column; tile >= column; tile -= columns) messages = pass(links, 4 * tile + 3, messages);
  }
}

/** Notes the ways of a core's messages; returns how many they are. */
function takeSent(sending: Sending): i32 {
  sending.messages = 0;
  if (changetype<CoreState>(sending.core).spikes === 0) return 0;
  let messages: u32 = 0;
  let sentOn = sending.sentOn;
  for (let at = sending.ways; at < sending.pastWays; at += WAY) {
    const sent = load<u32>(sentOn);
    if (sent !== 0) {
      const way = changetype<Way>(at);
      add(way.enterRow, sent);
      add(way.leaveRow, -sent);
      add(way.enterColumn, sent);
      add(way.leaveColumn, -sent);
      messages += sent;
      store<u32>(sentOn, 0);
    }
    sentOn += 4;
  }
  sending.messages = messages;
  return messages;
}

function add(at: usize, messages: u32): void {
  store<u32>(at, load<u32>(at) + messages);
}

/** A link that continues one with `before` messages; returns its own. */
function pass(links: LinkLoad, link: i32, before: i32): i32 {
  const difference = links.differences + ((<usize>link) << 2);
  const messages = before + load<i32>(difference);
  store<i32>(difference, 0);
  if (messages !== 0) {
    const place = (<usize>link) << 3;
    const total = links.linkMessages + place;
    store<f64>(total, load<f64>(total) + <f64>messages);
    const time = <f64>messages * load<f64>(links.linkTime + place);
    if (links.busiestLink < 0 || time > links.busiest || (time === links.busiest && link < links.busiestLink)) {
      links.busiest = time;
      links.busiestLink = link;
    }
  }
  return messages;
}
