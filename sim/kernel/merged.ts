// Synapses of all cores of a population merged: a spike names rows of weights, each for a section of neighbouring
// neurons, whatever cores these are in. A section gathers the rows of a timestep; then its sums are formed in registers,
// tile by tile of 64 neurons, and handed to the cores. What each core received is counted by pattern: spikes of equal
// patterns send as many messages to the same cores, where these find as many synapses.

import { CoreState } from './core-state';
import {
  CORE,
  DELAYED,
  DelayedPushes,
  Network,
  Pattern,
  PUSH,
  Push,
  PushList,
  SECTION,
  Section,
  SHARE,
  SHEET,
  Share,
  Sheet,
  SPREAD,
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

/** From now on spikes go to this network; it starts without any rows. */
export function openNetwork(address: usize): void {
  network = address;
  const net = changetype<Network>(address);
  net.slot = 0;
  for (let slot = 0; slot < net.slots; slot += 1) {
    store<u32>(net.slotEnds + ((<usize>slot) << 2), <u32>(net.ring + <usize>(slot * net.slotBytes)));
  }
}

/** Hands the rows of spikes first … end − 1 of a core to their sections, and counts what is sent. */
export function sendMerged(core: CoreState, first: i32, end: i32): void {
  const net = changetype<Network>(network);
  const spreads = core.spreads;
  const spiked = core.spiked;
  let messages = 0;
  let eastWest = 0;
  let northSouth = 0;
  let crossings = 0;
  for (let spike = first; spike < end; spike += 1) {
    const spread = changetype<Spread>(spreads + <usize>load<i32>(spiked + ((<usize>spike) << 2)) * SPREAD);
    if (spread.pattern === 0) continue;
    const pattern = changetype<Pattern>(spread.pattern);
    if (pattern.spikes === 0) {
      store<u32>(net.touchedEnd, <u32>spread.pattern);
      net.touchedEnd += 4;
    }
    pattern.spikes += 1;
    messages += pattern.messages;
    eastWest += pattern.eastWest;
    northSouth += pattern.northSouth;
    crossings += pattern.crossings;
    if (spread.list === 0) continue;
    const list = changetype<PushList>(spread.list);
    push(list.pushes, list.pastPushes, spread.shift);
    for (let at = list.delayed; at < list.pastDelayed; at += DELAYED) {
      const slot = (net.slot + changetype<DelayedPushes>(at).wait) % net.slots;
      const slotEnd = net.slotEnds + ((<usize>slot) << 2);
      const free = <usize>load<u32>(slotEnd);
      store<u32>(free, <u32>at);
      store<u32>(free, spread.shift, 4);
      store<u32>(slotEnd, <u32>(free + DUE));
    }
  }
  core.messagesSent += messages;
  core.sentEastWest += eastWest;
  core.sentNorthSouth += northSouth;
  core.sentAcrossChips += crossings;
}

function push(from: usize, past: usize, shift: u32): void {
  for (let at = from; at < past; at += PUSH) {
    const section = changetype<Section>(changetype<Push>(at).section);
    const end = section.end;
    store<u32>(end, changetype<Push>(at).row + shift);
    section.end = end + 4;
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
  for (let at = net.touched; at < end; at += 4) {
    const pattern = changetype<Pattern>(<usize>load<u32>(at));
    const spikes = pattern.spikes;
    pattern.spikes = 0;
    for (let share = pattern.shares; share < pattern.pastShares; share += SHARE) {
      const own = changetype<Share>(share);
      const core = changetype<CoreState>(own.core);
      const messages = spikes * own.messages;
      const synapses = <f64>spikes * own.synapses;
      core.received += messages;
      core.synapticOperations += synapses;
      core.receivedInAll += <f64>messages;
      core.synapticOperationsInAll += synapses;
      store<u32>(own.sentOn, load<u32>(own.sentOn) + messages);
    }
  }
  net.touchedEnd = net.touched;
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
      if (section.end === section.begin) continue;
      section.end = section.begin;
      handOver(section);
    }
  }
}

/** Adds a section's sums to the inputs of the cores that have its neurons, and makes them zero: where nobody has any they are. */
function handOver(section: Section): void {
  const zero = i32x4.splat(0);
  for (let at = section.stretches; at < section.pastStretches; at += STRETCH) {
    const stretch = changetype<Stretch>(at);
    const core = changetype<CoreState>(stretch.core);
    core.awake = 1;
    core.fed = 1;
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
