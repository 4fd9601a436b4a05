// Synapses of all cores of a population merged: a spike names rows of weights, each for a section of neighbouring
// neurons, whatever cores these are in. A section gathers the rows of a timestep; then its sums are formed in registers,
// tile by tile of 64 neurons, and handed to the cores. What each core received is counted by pattern: spikes of equal
// patterns send as many messages to the same cores, where these find as many synapses.

import { bitsWithin } from './bitmap';
import { CoreState } from './core-state';
import {
  CORE,
  DELAYED,
  DelayedPushes,
  Network,
  PUSH,
  PUSH_LIST,
  Push,
  PushList,
  SECTION,
  Section,
  SHEET,
  Sheet,
  STRETCH,
  Stretch,
  TILE,
  Tile,
} from './merged-state';
import { countReceived } from './patterns';
import { accumulate } from './synapse';
import { addTile, addVectors, addWhole } from './tile-sums';

/** Bytes of a place in a slot. */
const DUE: usize = 8;

/** No list has this address. */
const NOBODY: u32 = 1;

let network: usize = 0;

/**
 * From now on spikes go to this network; it starts without any rows. `watched` as the network says; where it is 0,
 * what is sent and received is counted when it is asked for, and not before.
 */
export function openNetwork(address: usize, watched: i32): void {
  network = address;
  const net = changetype<Network>(address);
  net.watched = watched;
  net.slot = 0;
  for (let slot = 0; slot < net.slots; slot += 1) {
    store<u32>(net.slotEnds + ((<usize>slot) << 2), <u32>(net.ring + <usize>(slot * net.slotBytes)));
  }
  memory.fill(net.counts, 0, net.pastCounts - net.counts);
}

/** The network that is open. */
export function openedNetwork(): Network {
  return changetype<Network>(network);
}

/**
 * Hands the rows of those of a core's compartments first … end − 1 that fired to their sections, if no team does. First what is known of all of
 * them is fetched, from all over the memory: what is done with each depends on it, and would wait for it each time.
 */
export function sendMerged(core: CoreState, first: i32, end: i32): void {
  const net = changetype<Network>(network);
  net.owes = 1;
  if (core.inTeam) {
    if (!core.isCounted) countPatterns(net, core, first, end);
    return;
  }
  const pastLists = fetchSpreads(net, core, first, end);
  let shift = net.shifts;
  for (let at = net.lists; at < pastLists; ) {
    // Spikes that follow one another with one list, as do those of a pixel's channels, push their rows together.
    const list = load<u32>(at);
    const shifts = shift;
    do {
      at += 4;
      shift += 4;
    } while (load<u32>(at) === list);
    if (list !== 0) pushAll(net, changetype<PushList>(<usize>list), shifts, shift);
  }
}

/** Counts the patterns of those that fired. */
function countPatterns(net: Network, core: CoreState, first: i32, end: i32): void {
  const firing = core.firing;
  const patterns = core.patterns;
  const counts = net.counts + ((<usize>core.firstPattern) << 2);
  const last = (end - 1) >> 6;
  for (let word = first >> 6; word <= last; word += 1) {
    let bits = load<u64>(firing + ((<usize>word) << 3)) & bitsWithin(word, first, end);
    for (; bits; bits &= bits - 1) {
      const place = (((<usize>word) << 6) + <usize>ctz(bits)) << 2;
      const count = counts + ((<usize>load<u32>(patterns + place)) << 2);
      store<u32>(count, load<u32>(count) + 1);
    }
  }
}

/** Writes down lists and shifts of those that fired, behind the lists one of nobody, and counts their patterns; gives where the lists end. */
function fetchSpreads(net: Network, core: CoreState, first: i32, end: i32): usize {
  const lists = core.lists;
  const shifts = core.shifts;
  const patterns = core.patterns;
  const firstShift = core.firstShift;
  const counts = net.counts + ((<usize>core.firstPattern) << 2);
  const firing = core.firing;
  let list = net.lists;
  let shift = net.shifts;
  const last = (end - 1) >> 6;
  for (let word = first >> 6; word <= last; word += 1) {
    let bits = load<u64>(firing + ((<usize>word) << 3)) & bitsWithin(word, first, end);
    for (; bits; bits &= bits - 1) {
      const place = (((<usize>word) << 6) + <usize>ctz(bits)) << 2;
      store<u32>(list, load<u32>(lists + place));
      store<u32>(shift, load<u32>(shifts + place) + firstShift);
      list += 4;
      shift += 4;
      const count = counts + ((<usize>load<u32>(patterns + place)) << 2);
      store<u32>(count, load<u32>(count) + 1);
    }
  }
  store<u32>(list, NOBODY);
  return list;
}

/** Hands the rows of a list to their sections, once for each of the shifts that lie from `shifts` to `end`. */
export function pushAll(net: Network, list: PushList, shifts: usize, end: usize): void {
  const pushes = changetype<usize>(list) + PUSH_LIST;
  if (end - shifts === 4) push(pushes, list.pastPushes, load<u32>(shifts));
  else pushSeveral(pushes, list.pastPushes, shifts, end);
  delayAll(net, list, shifts, end);
}

/** Keeps those rows of a list that act later for their timesteps. */
export function delayAll(net: Network, list: PushList, shifts: usize, end: usize): void {
  for (let at = list.delayed; at < list.pastDelayed; at += DELAYED) {
    const slot = (net.slot + changetype<DelayedPushes>(at).wait) % net.slots;
    const slotEnd = net.slotEnds + ((<usize>slot) << 2);
    let free = <usize>load<u32>(slotEnd);
    for (let shift = shifts; shift < end; shift += 4) {
      store<u32>(free, <u32>at);
      store<u32>(free, load<u32>(shift), 4);
      free += DUE;
    }
    store<u32>(slotEnd, <u32>free);
  }
}

/** Pushes come in pairs: half as often the processor has to guess whether there are more. */
function push(from: usize, past: usize, shift: u32): void {
  for (let at = from; at < past; at += 2 * PUSH) {
    pushOne(at, shift);
    pushOne(at + PUSH, shift);
  }
}

function pushOne(at: usize, shift: u32): void {
  const section = changetype<Section>(changetype<Push>(at).section);
  const end = section.end;
  store<u32>(end, changetype<Push>(at).row + shift);
  section.end = end + 4;
}

/** The same for several shifts, in vectors: behind its rows a section has room for what the last of them has too much. */
function pushSeveral(from: usize, past: usize, shifts: usize, end: usize): void {
  const bytes = end - shifts;
  for (let at = from; at < past; at += PUSH) {
    const section = changetype<Section>(changetype<Push>(at).section);
    const row = i32x4.splat(<i32>changetype<Push>(at).row);
    const to = section.end;
    for (let k: usize = 0; k < bytes; k += 16) v128.store(to + k, i32x4.add(v128.load(shifts + k), row));
    section.end = to + bytes;
  }
}

/** Takes all messages out of the inboxes of cores begin … end, and adds what acts in their next update. */
export function accumulateCores(begin: usize, end: usize): void {
  for (let address = begin; address < end; address += CORE) {
    const core = changetype<CoreState>(address);
    core.received = 0;
    core.synapticOperations = 0;
    if (core.inboxEnd === core.inbox && core.delays <= 1) continue;
    accumulate(address);
    if (core.rows === 0) continue;
    core.rowsAdded += core.rows;
    core.awake = 1;
    core.fed = 1;
  }
  total(begin, end);
}

/** Takes all messages of a timestep, and adds what acts in the next update of any core. */
export function accumulateAll(address: usize): void {
  const net = changetype<Network>(address);
  const nowhere = changetype<Section>(net.nowhere);
  nowhere.end = nowhere.begin;
  accumulateCores(net.cores, net.pastCores);
  pushDelayed(net);
  if (net.watched) countReceived(net, true);
  accumulateSheets(net.sheets, net.pastSheets);
}

function total(begin: usize, end: usize): void {
  for (let address = begin; address < end; address += CORE) {
    const core = changetype<CoreState>(address);
    core.receivedInAll += <f64>core.received;
    core.synapticOperationsInAll += core.synapticOperations;
  }
}

function pushDelayed(net: Network): void {
  if (net.slots === 0) return;
  const slotEnd = net.slotEnds + ((<usize>net.slot) << 2);
  const begin = net.ring + <usize>(net.slot * net.slotBytes);
  const end = <usize>load<u32>(slotEnd);
  for (let at = begin; at < end; at += DUE) {
    const delayed = changetype<DelayedPushes>(<usize>load<u32>(at));
    for (let own = delayed.pushes; own < delayed.pastPushes; own += PUSH) pushOne(own, load<u32>(at, 4));
  }
  store<u32>(slotEnd, <u32>begin);
  net.slot = net.slot + 1 === net.slots ? 0 : net.slot + 1;
}

/** Forms the sums of all sections of sheets begin … end, and adds them to the inputs of their cores. */
export function accumulateSheets(begin: usize, end: usize): void {
  for (let address = begin; address < end; address += SHEET) {
    const sheet = changetype<Sheet>(address);
    const sections = sheet.sections;
    const pastSections = sheet.pastSections;
    const batch = (<usize>sheet.rowsPerFlush) << 2;
    // Tile by tile: the weights of one for all rows fit a cache.
    for (let at = sheet.tiles; at < sheet.pastTiles; at += TILE) {
      const tile = changetype<Tile>(at);
      const isLast = at + TILE === sheet.pastTiles;
      for (let place = sections; place < pastSections; place += SECTION) {
        const section = changetype<Section>(place);
        const begin = section.begin;
        const past = section.end;
        if (past === begin) continue;
        const sums = section.sums + <usize>tile.offset;
        for (let from = begin; from < past; from += batch) {
          const to = min(past, from + batch);
          if (tile.blank) addWhole(sums, tile, from, to);
          else if (tile.vectors === 4) addTile(sums, tile.weights, from, to);
          else addVectors(sums, tile, from, to);
        }
        if (!isLast) continue;
        section.end = begin;
        handOver(section, <i32>((past - begin) >> 2));
      }
    }
  }
}

/** Adds those of a section's sums of so many rows that wait to the inputs of the cores that have its neurons, and makes them zero: where nobody has any they are. */
function handOver(section: Section, rows: i32): void {
  const zero = i32x4.splat(0);
  for (let at = section.stretches; at < section.pastStretches; at += STRETCH) {
    const stretch = changetype<Stretch>(at);
    const core = changetype<CoreState>(stretch.core);
    core.awake = 1;
    core.fed = 1;
    core.rowsMerged = max(core.rowsMerged, rows);
    let inputs = stretch.inputs;
    let sums = stretch.sums;
    const past = sums + ((<usize>stretch.length) << 2);
    for (; sums + 16 <= past; sums += 16) {
      v128.store(inputs, i32x4.add(v128.load(inputs), v128.load(sums)));
      v128.store(sums, zero);
      inputs += 16;
    }
    if (sums < past) {
      const own = i32x4.gt_s(i32x4.splat(<i32>((past - sums) >> 2)), i32x4(0, 1, 2, 3));
      const last = v128.load(sums);
      v128.store(inputs, i32x4.add(v128.load(inputs), v128.and(last, own)));
      v128.store(sums, v128.andnot(last, own));
    }
  }
}
