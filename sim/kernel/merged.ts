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
  Pattern,
  PUSH,
  PUSH_LIST,
  Push,
  PushList,
  SECTION,
  Section,
  SHARE,
  SHEET,
  Share,
  Sheet,
  SPREAD_SHIFT,
  Spread,
  STRETCH,
  Stretch,
  TILE,
  Tile,
} from './merged-state';
import { accumulate } from './synapse';
import { addTile, addVectors, addWhole } from './tile-sums';

/** Bytes of a place in a slot. */
const DUE: usize = 8;

let network: usize = 0;

/**
 * From now on spikes go to this network; it starts without any rows. Where nobody is `watched`, what cores receive is known
 * when it is asked for, and not before.
 */
export function openNetwork(address: usize, watched: bool): void {
  network = address;
  const net = changetype<Network>(address);
  net.watched = watched ? 1 : 0;
  net.slot = 0;
  for (let slot = 0; slot < net.slots; slot += 1) {
    store<u32>(net.slotEnds + ((<usize>slot) << 2), <u32>(net.ring + <usize>(slot * net.slotBytes)));
  }
  for (let at = net.owed; at < net.owedEnd; at += 4) changetype<Pattern>(<usize>load<u32>(at)).owed = 0;
  net.owedEnd = net.owed;
}

/** True where it is asked for every timestep who fired and what each core received. */
export function isWatched(): bool {
  return changetype<Network>(network).watched !== 0;
}

/** Hands the rows of those of a core's compartments first … end − 1 that fired to their sections, and counts what is sent. */
export function sendMerged(core: CoreState, first: i32, end: i32): void {
  const net = changetype<Network>(network);
  const spreads = core.spreads;
  const patternOf = core.patternOf;
  const firing = core.firing;
  const shifts = net.shifts;
  let touchedEnd = net.touchedEnd;
  let sent = i32x4.splat(0);
  const last = (end - 1) >> 6;
  for (let word = first >> 6; word <= last; word += 1) {
    let bits = load<u64>(firing + ((<usize>word) << 3)) & bitsWithin(word, first, end);
    const spread0 = spreads + (((<usize>word) << 6) << SPREAD_SHIFT);
    const pattern0 = patternOf + ((<usize>word) << 8);
    while (bits) {
      // Spikes that follow one another with one list, as do those of a pixel's channels, push their rows together.
      const list = changetype<Spread>(spread0 + ((<usize>ctz(bits)) << SPREAD_SHIFT)).list;
      let pastShifts = shifts;
      do {
        const lane = <usize>ctz(bits);
        const spread = changetype<Spread>(spread0 + (lane << SPREAD_SHIFT));
        if (spread.list !== list) break;
        store<u32>(pastShifts, spread.shift);
        pastShifts += 4;
        bits &= bits - 1;
        const address = <usize>load<u32>(pattern0 + (lane << 2));
        if (address === 0) continue;
        const pattern = changetype<Pattern>(address);
        store<u32>(touchedEnd, <u32>address);
        touchedEnd += select<usize>(4, 0, pattern.spikes === 0);
        pattern.spikes += 1;
        sent = i32x4.add(sent, v128.load(address, offsetof<Pattern>('messages')));
      } while (bits);
      if (list !== 0) pushAll(net, changetype<PushList>(list), shifts, pastShifts);
    }
  }
  net.touchedEnd = touchedEnd;
  core.messagesSent += i32x4.extract_lane(sent, 0);
  core.sentEastWest += i32x4.extract_lane(sent, 1);
  core.sentNorthSouth += i32x4.extract_lane(sent, 2);
  core.sentAcrossChips += i32x4.extract_lane(sent, 3);
}

/** Hands the rows of a list to their sections, once for each of the shifts that lie from `shifts` to `end`. */
function pushAll(net: Network, list: PushList, shifts: usize, end: usize): void {
  const pushes = changetype<usize>(list) + PUSH_LIST;
  if (end - shifts === 4) push(pushes, list.pastPushes, load<u32>(shifts));
  else pushSeveral(pushes, list.pastPushes, shifts, end);
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

function push(from: usize, past: usize, shift: u32): void {
  for (let at = from; at < past; at += PUSH) {
    const section = changetype<Section>(changetype<Push>(at).section);
    const end = section.end;
    store<u32>(end, changetype<Push>(at).row + shift);
    section.end = end + 4;
  }
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
  accumulateCores(net.cores, net.pastCores);
  pushDelayed(net);
  countPatterns(net);
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
    push(delayed.pushes, delayed.pastPushes, load<u32>(at, 4));
  }
  store<u32>(slotEnd, <u32>begin);
  net.slot = net.slot + 1 === net.slots ? 0 : net.slot + 1;
}

function countPatterns(net: Network): void {
  const end = net.touchedEnd;
  let owedEnd = net.owedEnd;
  for (let at = net.touched; at < end; at += 4) {
    const address = load<u32>(at);
    const pattern = changetype<Pattern>(<usize>address);
    if (net.watched) receivePattern(pattern, pattern.spikes, true);
    else {
      store<u32>(owedEnd, address);
      owedEnd += select<usize>(4, 0, pattern.owed === 0);
      pattern.owed += pattern.spikes;
    }
    pattern.spikes = 0;
  }
  net.owedEnd = owedEnd;
  net.touchedEnd = net.touched;
}

/** Counts what cores have received in earlier timesteps, as far as that has been put off. */
export function settle(): void {
  if (network === 0) return;
  const net = changetype<Network>(network);
  for (let at = net.owed; at < net.owedEnd; at += 4) {
    const pattern = changetype<Pattern>(<usize>load<u32>(at));
    receivePattern(pattern, pattern.owed, false);
    pattern.owed = 0;
  }
  net.owedEnd = net.owed;
}

/** Counts what so many spikes of a pattern send, in this timestep or in earlier ones, where it is received. */
function receivePattern(pattern: Pattern, spikes: u32, now: bool): void {
  for (let share = pattern.shares; share < pattern.pastShares; share += SHARE) {
    const own = changetype<Share>(share);
    const core = changetype<CoreState>(own.core);
    const messages = spikes * own.messages;
    const synapses = <f64>spikes * own.synapses;
    core.receivedInAll += <f64>messages;
    core.synapticOperationsInAll += synapses;
    if (!now) continue;
    core.received += messages;
    core.synapticOperations += synapses;
    store<u32>(own.sentOn, load<u32>(own.sentOn) + messages);
  }
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
      for (let place = sections; place < pastSections; place += SECTION) {
        const section = changetype<Section>(place);
        const past = section.end;
        const sums = section.sums + <usize>tile.offset;
        for (let from = section.begin; from < past; from += batch) {
          const to = min(past, from + batch);
          if (tile.blank) addWhole(sums, tile, from, to);
          else if (tile.vectors === 4) addTile(sums, tile.weights, from, to);
          else addVectors(sums, tile, from, to);
        }
      }
    }
    for (let place = sections; place < pastSections; place += SECTION) {
      const section = changetype<Section>(place);
      const rows = <i32>((section.end - section.begin) >> 2);
      if (rows === 0) continue;
      section.end = section.begin;
      handOver(section, rows);
    }
  }
}

/** Adds a section's sums of so many rows to the inputs of the cores that have its neurons, and makes them zero: where nobody has any they are. */
function handOver(section: Section, rows: i32): void {
  const zero = i32x4.splat(0);
  for (let at = section.stretches; at < section.pastStretches; at += STRETCH) {
    const stretch = changetype<Stretch>(at);
    const core = changetype<CoreState>(stretch.core);
    core.awake = 1;
    core.fed = 1;
    core.rowsMerged = max(core.rowsMerged, rows);
    let inputs = stretch.inputs;
    let sums = section.sums + <usize>stretch.offset;
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
