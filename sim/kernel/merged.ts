// Synapses of all cores of a population merged: a spike names rows of weights, each for a section of neighbouring
// neurons, whatever cores these are in. A section gathers the rows of a timestep; then its sums are formed in registers,
// tile by tile of 64 neurons, and handed to the cores. What each core received is counted by pattern: spikes of equal
// patterns send as many messages to the same cores, where these find as many synapses.

import { countPatterns, listFired, writeBundles } from './bundles';
import { CoreState } from './core-state';
import { gather } from './gather';
import {
  CORE,
  Network,
  SECTION,
  Section,
  SHEET,
  Sheet,
  SLOT,
  Slot,
  STRETCH,
  Stretch,
  TILE,
  Tile,
} from './merged-state';
import { countReceived } from './patterns';
import { accumulate } from './synapse';
import { addTile, addVectors, addWhole } from './tile-sums';

let network: usize = 0;

/**
 * From now on spikes go to this network; it starts without any. `watched` as the network says; where it is 0,
 * what is sent and received is counted when it is asked for, and not before.
 */
export function openNetwork(address: usize, watched: i32): void {
  network = address;
  const net = changetype<Network>(address);
  net.watched = watched;
  for (let plane = net.planes - 1; plane >= 0; plane -= 1) openPlane(net, plane);
  for (let at = net.sheets; at < net.pastSheets; at += SHEET) changetype<Sheet>(at).due = 0;
  memory.fill(net.counts, 0, net.pastCounts - net.counts);
}

/** What is sent from now on is kept in a plane, that is empty. */
function openPlane(net: Network, plane: i32): void {
  net.plane = plane;
  net.beyond = <u32>(plane * net.slotBytes);
  const slots = net.lateSlots + <usize>net.beyond;
  empty(slots, slots + <usize>net.slotBytes);
  empty(net.slots, net.pastSlots);
}

function empty(slots: usize, past: usize): void {
  for (let at = slots; at < past; at += SLOT) changetype<Slot>(at).end = changetype<Slot>(at).begin;
}

/** The network that is open. */
export function openedNetwork(): Network {
  return changetype<Network>(network);
}

/** Sends the spikes of a core to merged synapses, if no team does. */
export function sendMerged(core: CoreState): void {
  const net = changetype<Network>(network);
  net.owes = 1;
  if (!core.inTeam) writeBundles(net, core);
  else if (!core.isCounted) countPatterns(net, core, listFired(net, core));
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
  if (net.watched) countReceived(net);
  for (let at = net.sheets; at < net.pastSheets; at += SHEET) {
    gatherSheet(address, at);
    addSheet(at);
  }
  turnPlane(address);
}

/** Gathers the rows of a sheet for this timestep; they last until those of another are gathered. */
export function gatherSheet(network: usize, sheet: usize): void {
  gather(changetype<Network>(network), changetype<Sheet>(sheet));
}

/** The timestep is over: what is sent now acts in the next. */
export function turnPlane(address: usize): void {
  const net = changetype<Network>(address);
  openPlane(net, net.plane + 1 === net.planes ? 0 : net.plane + 1);
}

function total(begin: usize, end: usize): void {
  for (let address = begin; address < end; address += CORE) {
    const core = changetype<CoreState>(address);
    core.receivedInAll += <f64>core.received;
    core.synapticOperationsInAll += core.synapticOperations;
  }
}

/** Forms the sums of all sections of a sheet whose rows have been gathered, and adds them to the inputs of their cores. */
export function addSheet(address: usize): void {
  const sheet = changetype<Sheet>(address);
  if (!sheet.isFed) return;
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
      if (isLast) handOver(section, <i32>((past - begin) >> 2));
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
