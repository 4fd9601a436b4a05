// Cores that send alike, as those that have a channel of a convolution each: what one compartment of theirs sends, the same
// compartment of every other sends by rows of its own. So spikes are handed over compartment by compartment, for all cores
// together: few of them have each section to themselves, and lists are looked up once.

import { CoreState } from './core-state';
import { delayAll, openedNetwork, pushAll } from './merged';
import { Network, PUSH, PUSH_LIST, Push, PushList, Section, TEAM, Team } from './merged-state';

/** Spikes that are handed over without asking how many they are. */
const TOGETHER: i32 = 8;

/** Hands the rows of all spikes of teams to their sections. */
export function sendTeams(): void {
  const net = openedNetwork();
  for (let at = net.teams; at < net.pastTeams; at += TEAM) {
    const team = changetype<Team>(at);
    if (anyFired(team)) sendTeam(net, team);
  }
}

function anyFired(team: Team): bool {
  let spikes = 0;
  for (let at = team.cores; at < team.pastCores; at += 4) spikes |= changetype<CoreState>(<usize>load<u32>(at)).spikes;
  return spikes !== 0;
}

function sendTeam(net: Network, team: Team): void {
  const firing = team.firing;
  for (let byte: usize = 0; byte < team.bytes; byte += 1) {
    let lower = bytesOf(firing, byte);
    let upper = bytesOf(firing + 64, byte);
    if (!v128.any_true(v128.or(lower, upper))) continue;
    // The highest bit of each byte: who of the cores fired in one compartment.
    for (let compartment = <i32>(byte << 3) + 7; compartment >= <i32>(byte << 3); compartment -= 1) {
      const fired = i8x16.bitmask(lower) | (i8x16.bitmask(upper) << 16);
      lower = i8x16.add(lower, lower);
      upper = i8x16.add(upper, upper);
      if (fired) sendAlike(net, team, compartment, fired);
    }
  }
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

/** Hands over the rows of one compartment of those cores whose bit is set. */
function sendAlike(net: Network, team: Team, compartment: i32, cores: u32): void {
  const place = (<usize>compartment) << 2;
  const address = <usize>load<u32>(team.lists + place);
  if (address === 0) return;
  const list = changetype<PushList>(address);
  const shifts = team.shifts;
  const own = v128.load_splat<u32>(team.shiftOf + place);
  const spikes = <i32>popcnt(cores);
  let fired = <u64>cores;
  if (spikes > TOGETHER) {
    let end = net.shifts;
    for (; fired; fired &= fired - 1) {
      store<u32>(end, load<u32>(shifts + ((<usize>ctz(fired)) << 2)) + load<u32>(team.shiftOf + place));
      end += 4;
    }
    pushAll(net, list, net.shifts, end);
    return;
  }
  // Behind the last of them comes what the next spikes will write over.
  let low = v128.load_zero<u32>(shifts + ((<usize>ctz(fired)) << 2));
  fired &= fired - 1;
  low = v128.load_lane<u32>(shifts + ((<usize>ctz(fired)) << 2), low, 1);
  fired &= fired - 1;
  low = v128.load_lane<u32>(shifts + ((<usize>ctz(fired)) << 2), low, 2);
  fired &= fired - 1;
  low = v128.load_lane<u32>(shifts + ((<usize>ctz(fired)) << 2), low, 3);
  fired &= fired - 1;
  let high = v128.load_zero<u32>(shifts + ((<usize>ctz(fired)) << 2));
  fired &= fired - 1;
  high = v128.load_lane<u32>(shifts + ((<usize>ctz(fired)) << 2), high, 1);
  fired &= fired - 1;
  high = v128.load_lane<u32>(shifts + ((<usize>ctz(fired)) << 2), high, 2);
  fired &= fired - 1;
  high = v128.load_lane<u32>(shifts + ((<usize>ctz(fired)) << 2), high, 3);
  low = i32x4.add(low, own);
  high = i32x4.add(high, own);
  const past = list.pastPushes;
  const bytes = (<usize>spikes) << 2;
  for (let push = address + PUSH_LIST; push < past; push += 2 * PUSH) {
    pushEight(push, low, high, bytes);
    pushEight(push + PUSH, low, high, bytes);
  }
  if (list.delayed === list.pastDelayed) return;
  v128.store(net.shifts, low);
  v128.store(net.shifts, high, 16);
  delayAll(net, list, net.shifts, net.shifts + bytes);
}

function pushEight(at: usize, low: v128, high: v128, bytes: usize): void {
  const section = changetype<Section>(changetype<Push>(at).section);
  const row = v128.load_splat<u32>(at, offsetof<Push>('row'));
  const to = section.end;
  v128.store(to, i32x4.add(low, row));
  v128.store(to, i32x4.add(high, row), 16);
  section.end = to + bytes;
}
