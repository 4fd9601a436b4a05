// Synapses of all cores of a population merged: a spike names rows of weights, each for a section of neighbouring
// neurons, whatever cores these are in. A section gathers the rows of a timestep; then its sums are formed in registers,
// tile by tile of 64 neurons, and handed to the cores. What each core received is counted by pattern: spikes of equal
// patterns send as many messages to the same cores, where these find as many synapses.

import { CoreState } from './core-state';
import { accumulate } from './synapse';

/** All merged synapses of a machine; `../merged-memory.ts` names the same words. */
@unmanaged
class Network {
  /** States of all cores. */
  cores: usize;
  pastCores: usize;
  sheets: usize;
  pastSheets: usize;
  /** Addresses of the patterns of this timestep's spikes, each once, up to the address in `touchedEnd`. */
  touched: usize;
  touchedEnd: usize;
  /** Slots of `slotBytes` bytes: delayed pushes and their shifts, up to the addresses in `slotEnds`; no slots where none are delayed. */
  slots: i32;
  slot: i32;
  ring: usize;
  slotBytes: i32;
  slotEnds: usize;
  unused: i32;
}

/** One population's: sections, and tiles of their weights. */
@unmanaged
class Sheet {
  sections: usize;
  pastSections: usize;
  tiles: usize;
  pastTiles: usize;
  /** Rows whose weights cannot overflow 16 bits. */
  rowsPerFlush: i32;
  unused: i32;
}

/** Neurons that rows reach together. */
@unmanaged
class Section {
  /** The rows of this timestep lie from `begin` to `end`, each as its offset in a tile of 64. */
  end: usize;
  begin: usize;
  /** Sums of the timestep (i32), zero in between. */
  sums: usize;
  /** Where they go. */
  stretches: usize;
  pastStretches: usize;
  unused: i32;
}

/** The weights of up to 64 neighbouring neurons of a section, or, where rows are too many for a cache, of all, row by row. */
@unmanaged
class Tile {
  weights: usize;
  /** Vectors of 16 weights. */
  vectors: i32;
  /** Bytes from a section's first sum to the tile's. */
  offset: i32;
  /** Of a tile of all neurons: where in a tile of 64 a row of zeros would be; else 0. */
  blank: u32;
}

/** Neighbouring neurons of a section that are neighbouring compartments of a core. */
@unmanaged
class Stretch {
  /** The input (i32) of the first of them. */
  inputs: usize;
  /** Bytes from the section's first sum to theirs, and how many they are. */
  offset: i32;
  length: i32;
  core: usize;
}

/** A row of a section, but for the shift of the compartment. */
@unmanaged
class Push {
  section: usize;
  row: u32;
}

/** Pushes that act `wait` timesteps later than others. */
@unmanaged
class DelayedPushes {
  wait: i32;
  pushes: usize;
  pastPushes: usize;
  unused: i32;
}

/** What the spikes of some compartments of a core send. */
@unmanaged
class Pattern {
  /** Of this timestep. */
  spikes: u32;
  shares: usize;
  pastShares: usize;
  /** Of one spike, and the links on the way of all. */
  messages: i32;
  eastWest: i32;
  northSouth: i32;
  crossings: i32;
  unused: i32;
}

/** The rows of some compartments, but for the shift of each. */
@unmanaged
class PushList {
  pushes: usize;
  pastPushes: usize;
  delayed: usize;
  pastDelayed: usize;
}

/** Of a compartment: its pattern, or 0 where it sends nothing, its list of rows, or 0, and its shift. */
@unmanaged
class Spread {
  pattern: usize;
  list: usize;
  shift: u32;
  unused: i32;
}

/** What a core receives of one spike. */
@unmanaged
class Share {
  core: usize;
  messages: u32;
  /** Where the sender counts its messages to this core (u32). */
  sentOn: usize;
  unused: i32;
  synapses: f64;
}

const CORE: usize = offsetof<CoreState>();
const SHEET: usize = offsetof<Sheet>();
const SECTION: usize = offsetof<Section>();
const TILE: usize = offsetof<Tile>();
const STRETCH: usize = offsetof<Stretch>();
const PUSH: usize = offsetof<Push>();
const DELAYED: usize = offsetof<DelayedPushes>();
const SHARE: usize = offsetof<Share>();
const SPREAD: usize = offsetof<Spread>();
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

/**
 * Rows of 64 weights. Of the two bytes in each 16 bits the lower one holds a weight + 128, the upper one another weight:
 * summed as they are, and the upper ones alone, they can be told apart.
 */
function addTile(sums: usize, weights: usize, from: usize, to: usize): void {
  let a = i16x8.splat(0);
  let b = i16x8.splat(0);
  let c = i16x8.splat(0);
  let d = i16x8.splat(0);
  let e = i16x8.splat(0);
  let f = i16x8.splat(0);
  let g = i16x8.splat(0);
  let h = i16x8.splat(0);
  for (let at = from; at < to; at += 4) {
    const row = weights + <usize>load<u32>(at);
    const w = v128.load(row);
    const x = v128.load(row, 16);
    const y = v128.load(row, 32);
    const z = v128.load(row, 48);
    a = i16x8.add(a, w);
    b = i16x8.add(b, i16x8.shr_s(w, 8));
    c = i16x8.add(c, x);
    d = i16x8.add(d, i16x8.shr_s(x, 8));
    e = i16x8.add(e, y);
    f = i16x8.add(f, i16x8.shr_s(y, 8));
    g = i16x8.add(g, z);
    h = i16x8.add(h, i16x8.shr_s(z, 8));
  }
  const bias = biasOf(from, to);
  addSums(sums, a, b, bias);
  addSums(sums + 64, c, d, bias);
  addSums(sums + 128, e, f, bias);
  addSums(sums + 192, g, h, bias);
}

/** Rows of 16, 32 or 48 weights. */
function addVectors(sums: usize, tile: Tile, from: usize, to: usize): void {
  const bias = biasOf(from, to);
  const vectors = <usize>tile.vectors;
  for (let vector: usize = 0; vector < vectors; vector += 1) {
    let a = i16x8.splat(0);
    let b = i16x8.splat(0);
    const weights = tile.weights + (vector << 4);
    for (let at = from; at < to; at += 4) {
      const w = v128.load(weights + (<usize>load<u32>(at) >> 2) * vectors);
      a = i16x8.add(a, w);
      b = i16x8.add(b, i16x8.shr_s(w, 8));
    }
    addSums(sums + (vector << 6), a, b, bias);
  }
}

/** Rows of any length, eight at a time, each from its beginning to its end, as memory is read fastest. */
function addWhole(sums: usize, tile: Tile, from: usize, to: usize): void {
  const bias = i16x8.splat(8 << 7);
  const vectors = <usize>tile.vectors;
  for (let at = from; at < to; at += 32) {
    let r = rowAt(tile, at, to);
    let s = rowAt(tile, at + 4, to);
    let t = rowAt(tile, at + 8, to);
    let u = rowAt(tile, at + 12, to);
    let v = rowAt(tile, at + 16, to);
    let w = rowAt(tile, at + 20, to);
    let x = rowAt(tile, at + 24, to);
    let y = rowAt(tile, at + 28, to);
    const past = r + (vectors << 4);
    let place = sums;
    for (; r < past; r += 16) {
      const a = v128.load(r);
      const b = v128.load(s);
      const c = v128.load(t);
      const d = v128.load(u);
      const e = v128.load(v);
      const f = v128.load(w);
      const g = v128.load(x);
      const h = v128.load(y);
      const both = i16x8.add(i16x8.add(i16x8.add(a, b), i16x8.add(c, d)), i16x8.add(i16x8.add(e, f), i16x8.add(g, h)));
      const upper = i16x8.add(
        i16x8.add(i16x8.add(i16x8.shr_s(a, 8), i16x8.shr_s(b, 8)), i16x8.add(i16x8.shr_s(c, 8), i16x8.shr_s(d, 8))),
        i16x8.add(i16x8.add(i16x8.shr_s(e, 8), i16x8.shr_s(f, 8)), i16x8.add(i16x8.shr_s(g, 8), i16x8.shr_s(h, 8))),
      );
      addSums(place, both, upper, bias);
      place += 64;
      s += 16;
      t += 16;
      u += 16;
      v += 16;
      w += 16;
      x += 16;
      y += 16;
    }
  }
}

/** Where the row named at `at` lies in a tile of whole rows; beyond `to` that of zeros. */
function rowAt(tile: Tile, at: usize, to: usize): usize {
  return tile.weights + (<usize>(at < to ? load<u32>(at) : tile.blank) >> 2) * <usize>tile.vectors;
}

/** What the lower weights of the rows of from … to have been stored above their value. */
function biasOf(from: usize, to: usize): v128 {
  return i16x8.splat(<i16>(((to - from) >> 2) << 7));
}

/** Adds the sums of 16 weights to 32-bit ones: `upper` of the upper bytes, `both` of both together. */
function addSums(sums: usize, both: v128, upper: v128, bias: v128): void {
  const lower = i16x8.sub(i16x8.sub(both, i16x8.shl(upper, 8)), bias);
  v128.store(sums, i32x4.add(v128.load(sums), i32x4.extend_low_i16x8_s(lower)));
  v128.store(sums, i32x4.add(v128.load(sums, 16), i32x4.extend_high_i16x8_s(lower)), 16);
  v128.store(sums, i32x4.add(v128.load(sums, 32), i32x4.extend_low_i16x8_s(upper)), 32);
  v128.store(sums, i32x4.add(v128.load(sums, 48), i32x4.extend_high_i16x8_s(upper)), 48);
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
