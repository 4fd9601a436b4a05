// One timestep of many cores: the loops over their ranges, that no call per core is needed.

import { countAhead, runAhead } from './ahead';
import { send } from './axon-out';
import { bitsWithin, countMembers } from './bitmap';
import { CoreState } from './core-state';
import { openedNetwork, sendMerged } from './merged';
import { countReceipts, countSent } from './patterns';
import { RANGE_BYTES, Range, Window } from './range-state';
import { largestLane, update } from './soma';
import { sendTeams } from './team';

/** A core as before any timestep: membranes and inputs zero, and nobody fired. */
export function rest(address: usize): void {
  const core = changetype<CoreState>(address);
  const bytes = bytesOfBitmap(core);
  clear(core.membranes, (<usize>core.lanes) << 2);
  clear(core.firing, bytes);
  clear(core.fired, bytes);
  if (core.fed) clear(core.inputs, (<usize>core.lanes) << 2);
  core.fed = 0;
  core.rowsAdded = 0;
  core.rowsMerged = 0;
  core.spikes = 0;
  core.active = 0;
  core.disturbed = 1;
  core.isCounted = 0;
}

/** Zeros, to whole vectors, of which all that is placed has room: memory.fill is a call out of the module, too much for a bitmap. */
function clear(at: usize, bytes: usize): void {
  const zero = i32x4.splat(0);
  const past = at + bytes;
  for (; at < past; at += 16) v128.store(at, zero);
}

function bytesOfBitmap(core: CoreState): usize {
  return ((<usize>core.lanes + 63) >> 6) << 3;
}

/** Neuron updates of all ranges of begin … end that are not at rest. */
export function updateRanges(begin: usize, end: usize): void {
  for (let address = begin; address < end; address += RANGE_BYTES) {
    const range = changetype<Range>(address);
    const core = changetype<CoreState>(range.core);
    if (range.opens) openCore(core);
    if (!core.awake) continue;
    updateRange(core, range);
    if (!range.closes) continue;
    core.fed = 0;
    core.rowsAdded = 0;
    core.rowsMerged = 0;
    core.disturbed = 0;
    core.awake = core.active > 0 || core.restless ? 1 : 0;
  }
}

function openCore(core: CoreState): void {
  if (core.spikes) clear(core.firing, bytesOfBitmap(core));
  core.spikes = 0;
  core.active = 0;
  if (core.delays > 1) core.slot = core.slot + 1 === core.delays ? 0 : core.slot + 1;
}

function updateRange(core: CoreState, range: Range): void {
  const window = changetype<Window>(range.window);
  const inWindow = window.inWindow !== 0;
  const row = <usize>window.row;
  const drive = inWindow ? range.drive : 0;
  const bias = inWindow && range.bias ? range.bias + row * <usize>range.biasRowBytes : 0;
  if (range.ahead) {
    if (!inWindow) closeAhead(core, range);
    else if (row === 0) openAhead(core, range);
    if (range.isAhead) {
      takeAhead(core, range, row);
      return;
    }
  }
  const hasInput = core.fed !== 0 || (drive | bias) !== 0;
  if (range.still && !hasInput && !core.disturbed) {
    core.active += range.stillActive;
    range.active += <f64>range.stillActive;
    return;
  }
  const active = core.active;
  const spikes = core.spikes;
  const profiles = core.profileTable + row * <usize>core.profileRowBytes;
  const input =
    (core.fed ? <f64>(core.rowsAdded + core.rowsMerged) * core.heaviest : 0) +
    (drive ? range.driveMost : 0) +
    (bias ? range.biasMost : 0);
  const bounded = input <= <f64>core.inputMax && range.reach + input <= <f64>core.membraneMax;
  const seen = update(core, range.first, range.end, profiles, drive, bias, range.spiking !== 0, bounded);
  range.reach = max(bounded ? range.reach + input : <f64>seen, range.resetMost);
  range.stillActive = core.active - active;
  range.active += <f64>range.stillActive;
  const changes = hasInput || core.spikes !== spikes || core.decays !== 0 || core.profileRowBytes !== 0;
  range.still = changes ? 0 : 1;
  if (!inWindow) return;
  range.saturations += <f64>core.saturations;
  range.inputsBeyondMax += <f64>core.inputsBeyondMax;
}

function closeAhead(core: CoreState, range: Range): void {
  range.isAhead = 0;
  core.isCounted = 0;
}

/** Runs a window ahead, where nobody sees membranes in it, nothing but the drive reaches the core, and its membranes are at zero and stay within bounds. */
function openAhead(core: CoreState, range: Range): void {
  closeAhead(core, range);
  const timesteps = <f64>range.timesteps;
  const reach = timesteps * range.driveMost;
  const fits = reach <= <f64>core.membraneMax && range.driveMost <= <f64>core.inputMax;
  const isNarrow = timesteps * <f64>range.driveLeast >= <f64>i16.MIN_VALUE;
  if (openedNetwork().watched > 1 || core.heaviest > 0 || range.reach > 0 || !fits || !isNarrow) return;
  range.isAhead = 1;
  range.reach = reach;
  const bytes = bytesOfBitmap(core);
  const active = runAhead(core, range.first, range.end, range.drive, range.timesteps, range.ahead, bytes);
  range.aheadActive = <i32>active;
  // Once the drive is gone.
  range.still = 1;
  range.stillActive = <i32>(active >> 32);
  const net = openedNetwork();
  if (net.watched || range.members === range.pastMembers) return;
  const counts = net.counts + ((<usize>core.firstPattern) << 2);
  countAhead(counts, range.members, range.pastMembers, range.ahead, bytes, range.timesteps);
  core.isCounted = 1;
  net.owes = 1;
}

/** Takes a timestep of a window that has been run ahead. */
function takeAhead(core: CoreState, range: Range, row: usize): void {
  const bytes = bytesOfBitmap(core);
  const from = range.ahead + row * bytes;
  let spikes: u64 = 0;
  for (let at: usize = 0; at < bytes; at += 8) {
    const word = load<u64>(from + at);
    spikes += popcnt(word);
    store<u64>(core.firing + at, word);
  }
  core.spikes = <i32>spikes;
  core.active += range.aheadActive;
  range.active += <f64>range.aheadActive;
}

/** Counts the spikes of each range, marks the neurons that fired and, where anybody watches, lists them. */
export function noteSpikes(begin: usize, end: usize): void {
  const lists = openedNetwork().watched > 1;
  let spike = 0;
  for (let address = begin; address < end; address += RANGE_BYTES) {
    const range = changetype<Range>(address);
    const core = changetype<CoreState>(range.core);
    if (range.opens) {
      spike = 0;
      if (lists && core.spikes) listSpikes(core);
    }
    range.firstSpike = spike;
    if (core.spikes) {
      const isAlone = range.opens !== 0 && range.closes !== 0;
      const count = isAlone ? core.spikes : countMembers(core.firing, range.first, range.end);
      const window = changetype<Window>(range.window);
      window.spikes += count;
      range.spikes += <f64>count;
      if (window.inWindow && count) {
        if (isAlone) markAll(core);
        else markFired(core, range.first, range.end);
      }
      spike += count;
    }
    range.endSpike = spike;
  }
}

/** Writes down who fired in ascending order, and how many of those up to each were active. */
function listSpikes(core: CoreState): void {
  let at: usize = 0;
  let active = 0;
  const words = (core.lanes + 63) >> 6;
  for (let word = 0; word < words; word += 1) {
    const place = (<usize>word) << 3;
    const isActive = load<u64>(core.activity + place);
    let bits = load<u64>(core.firing + place);
    for (; bits; bits &= bits - 1) {
      const lane = ctz(bits);
      store<i32>(core.spiked + at, (word << 6) + <i32>lane);
      store<i32>(core.activeUpTo + at, active + <i32>popcnt(isActive << (63 - lane)));
      at += 4;
    }
    active += <i32>popcnt(isActive);
  }
}

function markAll(core: CoreState): void {
  const bytes = bytesOfBitmap(core);
  for (let place: usize = 0; place < bytes; place += 8) {
    const at = core.fired + place;
    store<u64>(at, load<u64>(at) | load<u64>(core.firing + place));
  }
}

function markFired(core: CoreState, first: i32, end: i32): void {
  const last = (end - 1) >> 6;
  for (let word = first >> 6; word <= last; word += 1) {
    const place = (<usize>word) << 3;
    const own = load<u64>(core.firing + place) & bitsWithin(word, first, end);
    store<u64>(core.fired + place, load<u64>(core.fired + place) | own);
  }
}

/** Counts the neurons of the population with a window that were marked since this was last asked. */
export function takeFired(begin: usize, end: usize, window: usize): i32 {
  let count = 0;
  for (let address = begin; address < end; address += RANGE_BYTES) {
    const range = changetype<Range>(address);
    if (range.window !== window) continue;
    const fired = changetype<CoreState>(range.core).fired;
    count += countMembers(fired, range.first, range.end);
    const last = (range.end - 1) >> 6;
    for (let word = range.first >> 6; word <= last; word += 1) {
      const place = fired + ((<usize>word) << 3);
      store<u64>(place, load<u64>(place) & ~bitsWithin(word, range.first, range.end));
    }
  }
  return count;
}

/** Wakes the cores that a drive which has been loaded gives a current, and takes down the least. */
export function wakeDriven(begin: usize, end: usize): void {
  for (let address = begin; address < end; address += RANGE_BYTES) {
    const range = changetype<Range>(address);
    if (range.drive === 0) continue;
    let bits = i32x4.splat(0);
    let least = bits;
    for (let k = range.first & ~3; k < range.end; k += 4) {
      const four = v128.load(range.drive + ((<usize>k) << 2));
      bits = v128.or(bits, four);
      least = i32x4.min_s(least, four);
    }
    range.driveLeast = -largestLane(i32x4.neg(least));
    if (!v128.any_true(bits)) continue;
    const core = changetype<CoreState>(range.core);
    core.awake = 1;
    // Its window may last.
    core.restless = 1;
  }
}

/** Counts what has been sent and received, as far as that has been put off. */
export function settle(): void {
  const net = openedNetwork();
  if (changetype<usize>(net) === 0 || net.watched || !net.owes) return;
  net.owes = 0;
  countSent(net);
  countReceipts(net);
}

/** Sends the spikes of a core to merged synapses, if it has any. */
export function sendCore(address: usize): void {
  const core = changetype<CoreState>(address);
  if (core.spikes !== 0 && core.patterns !== 0) sendMerged(core);
}

/** Sends the messages of all spikes of the ranges. */
export function sendRanges(begin: usize, end: usize): void {
  for (let address = begin; address < end; address += RANGE_BYTES) {
    const range = changetype<Range>(address);
    if (range.opens) sendCore(range.core);
    if (range.firstSpike === range.endSpike) continue;
    const core = changetype<CoreState>(range.core);
    send(range.core, range.first, range.end);
    range.messages += <f64>core.messagesSent;
    range.eastWest += <f64>core.sentEastWest;
    range.northSouth += <f64>core.sentNorthSouth;
    range.crossings += <f64>core.sentAcrossChips;
  }
  sendTeams();
  const net = openedNetwork();
  if (net.watched) countSent(net);
}
