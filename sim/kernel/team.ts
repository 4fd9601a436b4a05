// Cores that send alike, as those that have a channel of a convolution each: what one compartment of theirs sends, the same
// compartment of every other sends by rows of its own. So spikes are written down compartment by compartment, for all cores
// together: few of them have each section to themselves.

import { CoreState } from './core-state';
import { openedNetwork } from './merged';
import { Network, SQUAD, Squad, slotAt, TEAM, Team, TOGETHER } from './merged-state';

/** Writes down all spikes of teams. */
export function sendTeams(): void {
  const net = openedNetwork();
  for (let at = net.teams; at < net.pastTeams; at += TEAM) sendTeam(net, changetype<Team>(at));
}

function sendTeam(net: Network, team: Team): void {
  const awake = team.awake;
  const pastAwake = listAwake(team);
  if (pastAwake === awake) return;
  for (let byte: usize = 0; byte < team.bytes; byte += 1) {
    const who = readMasks(team, pastAwake, byte);
    for (let bit: usize = 0; bit < 8; bit += 1) {
      if ((who >> <i32>bit) & 1) sendAlike(net, team, pastAwake, (byte << 3) + bit);
    }
  }
}

/** Writes down those squads of whom any core fired; gives where they end. */
function listAwake(team: Team): usize {
  let to = team.awake;
  for (let at = team.squads; at < team.pastSquads; at += SQUAD) {
    const squad = changetype<Squad>(at);
    let spikes = 0;
    for (let core = squad.cores; core < squad.pastCores; core += 4)
      spikes |= changetype<CoreState>(<usize>load<u32>(core)).spikes;
    if (spikes === 0) continue;
    store<u32>(to, <u32>at);
    to += 4;
  }
  return to;
}

/** Writes down who fires in eight compartments, compartment by compartment a mask of each squad; gives in which of them any does. */
function readMasks(team: Team, pastAwake: usize, byte: usize): i32 {
  const squads = (pastAwake - team.awake) >> 2;
  const zero = i8x16.splat(0);
  let fired = zero;
  let to = team.masks;
  for (let at = team.awake; at < pastAwake; at += 4) {
    const squad = changetype<Squad>(<usize>load<u32>(at));
    const firing = squad.firing;
    let a = bytesOf(firing, byte);
    let b = squad.vectors > 1 ? bytesOf(firing + 64, byte) : zero;
    let c = squad.vectors > 2 ? bytesOf(firing + 128, byte) : zero;
    let d = squad.vectors > 3 ? bytesOf(firing + 192, byte) : zero;
    fired = v128.or(fired, v128.or(v128.or(a, b), v128.or(c, d)));
    // The highest bit of each byte, compartment by compartment.
    for (let mask = to + ((squads * 7) << 3); mask >= to; mask -= squads << 3) {
      const lower = <u32>i8x16.bitmask(a) | ((<u32>i8x16.bitmask(b)) << 16);
      const upper = <u32>i8x16.bitmask(c) | ((<u32>i8x16.bitmask(d)) << 16);
      store<u32>(mask, lower);
      store<u32>(mask, upper, 4);
      a = i8x16.add(a, a);
      b = i8x16.add(b, b);
      c = i8x16.add(c, c);
      d = i8x16.add(d, d);
    }
    to += 8;
  }
  const half = i64x2.extract_lane(fired, 0) | i64x2.extract_lane(fired, 1);
  const quarter = half | (half >> 32);
  const eighth = quarter | (quarter >> 16);
  return <i32>(eighth | (eighth >> 8)) & 255;
}

/** A byte of each of 16 bitmaps, whose addresses stand at `bitmaps`. */
function bytesOf(bitmaps: usize, byte: usize): v128 {
  let bytes = i8x16.splat(load<i8>(<usize>load<u32>(bitmaps) + byte));
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 4) + byte, bytes, 1);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 8) + byte, bytes, 2);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 12) + byte, bytes, 3);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 16) + byte, bytes, 4);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 20) + byte, bytes, 5);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 24) + byte, bytes, 6);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 28) + byte, bytes, 7);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 32) + byte, bytes, 8);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 36) + byte, bytes, 9);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 40) + byte, bytes, 10);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 44) + byte, bytes, 11);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 48) + byte, bytes, 12);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 52) + byte, bytes, 13);
  bytes = v128.load_lane<u8>(<usize>load<u32>(bitmaps, 56) + byte, bytes, 14);
  return v128.load_lane<u8>(<usize>load<u32>(bitmaps, 60) + byte, bytes, 15);
}

/** Writes down the spikes of one compartment of all cores. */
function sendAlike(net: Network, team: Team, pastAwake: usize, compartment: usize): void {
  const squads = (pastAwake - team.awake) >> 2;
  const place = compartment << 2;
  const shift = load<u32>(team.shifts + place);
  const slot = slotAt(load<u32>(team.slots + place), net.beyond);
  let mask = team.masks + (((compartment & 7) * squads) << 3);
  let next = slot.end;
  for (let at = team.awake; at < pastAwake; at += 4) {
    const bits = load<u64>(mask);
    if (bits) next = writeShifts(bits, changetype<Squad>(<usize>load<u32>(at)).shifts, shift, next);
    mask += 8;
  }
  slot.end = next;
}

/**
 * Writes to `next` the shifts, out of a table and plus `shift`, of those whose bits are set; gives where they end. Some more words
 * behind that are written, and of the table the 65th is read.
 */
function writeShifts(bits: u64, table: usize, shift: u32, next: usize): usize {
  let rest = bits;
  for (let k: usize = 0; k < TOGETHER << 2; k += 4) {
    store<u32>(next + k, load<u32>(table + ((<usize>ctz(rest)) << 2)) + shift);
    rest &= rest - 1;
  }
  const spikes = <usize>popcnt(bits);
  if (spikes <= TOGETHER) return next + (spikes << 2);
  let to = next + (TOGETHER << 2);
  for (; rest; rest &= rest - 1) {
    store<u32>(to, load<u32>(table + ((<usize>ctz(rest)) << 2)) + shift);
    to += 4;
  }
  return to;
}
