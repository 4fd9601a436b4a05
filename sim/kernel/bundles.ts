// Spikes on their way to merged synapses: each is written down as the shift of its rows, in the slot of the list of rows that it
// names. Sections fetch them from there (gather.ts).

import { CoreState } from './core-state';
import { BUNDLE, Bundle, Network, slotAt, TOGETHER } from './merged-state';

/** Writes down the spikes of a core, and counts their patterns. */
export function writeBundles(net: Network, core: CoreState): void {
  const past = listFired(net, core);
  if (!core.isUniform) countPatterns(net, core, past);
  if (core.slots) {
    fillSingly(net, core, past);
    return;
  }
  if (!core.isEven) listShifts(net, core, past);
  fillSlots(net, core, core.isEven ? net.fired : net.shifts);
}

/** Appends the shifts of those that are listed, one by one, to those of their lists. */
function fillSingly(net: Network, core: CoreState, past: usize): void {
  const slots = core.slots;
  const table = core.shifts;
  const shift = core.firstShift;
  const beyond = net.beyond;
  for (let at = net.fired; at < past; at += 4) {
    const place = <usize>load<u32>(at);
    const slot = slotAt(load<u32>(slots + place), beyond);
    const end = slot.end;
    store<u32>(end, load<u32>(table + place) + shift);
    slot.end = end + 4;
  }
}

/** Lists the shifts of those that are listed. */
function listShifts(net: Network, core: CoreState, past: usize): void {
  const table = core.shifts;
  const shift = core.firstShift;
  let to = net.shifts;
  for (let at = net.fired; at < past; at += 4) {
    store<u32>(to, load<u32>(table + <usize>load<u32>(at)) + shift);
    to += 4;
  }
}

/** Lists the compartments of a core that fired, each as its place in a table of words, and how many fired before each word of the bitmap; gives where the list ends. */
export function listFired(net: Network, core: CoreState): usize {
  const firing = core.firing;
  const bytes = <usize>(((core.lanes + 63) >> 6) << 3);
  const list = net.fired;
  let ranks = net.ranks;
  let to = list;
  for (let word: usize = 0; word < bytes; word += 8) {
    store<u32>(ranks, to - list);
    ranks += 4;
    to = listBits(load<u64>(firing + word), <u32>(word << 5), to);
  }
  store<u32>(ranks, to - list);
  return to;
}

/** Lists the places of those whose bits are set, from that of the first bit on; some more words behind them are written. */
function listBits(bits: u64, first: u32, to: usize): usize {
  if (bits === 0) return to;
  let rest = bits;
  for (let k: usize = 0; k < TOGETHER << 2; k += 4) {
    store<u32>(to + k, first + ((<u32>ctz(rest)) << 2));
    rest &= rest - 1;
  }
  const spikes = <usize>popcnt(bits);
  if (spikes <= TOGETHER) return to + (spikes << 2);
  let at = to + (TOGETHER << 2);
  for (; rest; rest &= rest - 1) {
    store<u32>(at, first + ((<u32>ctz(rest)) << 2));
    at += 4;
  }
  return at;
}

/** Counts the patterns of those that are listed. */
export function countPatterns(net: Network, core: CoreState, past: usize): void {
  const patterns = core.patterns;
  const counts = net.counts + ((<usize>core.firstPattern) << 2);
  for (let at = net.fired; at < past; at += 4) {
    const count = counts + ((<usize>load<u32>(patterns + <usize>load<u32>(at))) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
}

/** Appends the shifts of each bundle of a core to those of its list; they are listed, or in an even core the places that they follow from. */
function fillSlots(net: Network, core: CoreState, list: usize): void {
  const beyond = net.beyond;
  const ranks = net.ranks;
  const firing = core.firing;
  const past = core.pastBundles;
  const counts = core.isUniform ? net.counts + ((<usize>core.firstPattern) << 2) : 0;
  let from = list + rankOf(core.bundles, firing, ranks);
  for (let at = core.bundles; at < past; at += BUNDLE) {
    const to = list + rankOf(at + BUNDLE, firing, ranks);
    const slot = slotAt(changetype<Bundle>(at).slot, beyond);
    const end = slot.end;
    const bytes = to - from;
    v128.store(end, shiftsOf(at, from));
    v128.store(end, shiftsOf(at, from + 16), 16);
    for (let k: usize = TOGETHER << 2; k < bytes; k += 16) v128.store(end + k, shiftsOf(at, from + k));
    slot.end = end + bytes;
    from = to;
    if (counts === 0) continue;
    const count = counts + ((<usize>changetype<Bundle>(at).pattern) << 2);
    store<u32>(count, load<u32>(count) + <u32>(bytes >> 2));
  }
}

/** Four shifts of a bundle's spikes. */
function shiftsOf(bundle: usize, from: usize): v128 {
  const step = v128.load_splat<u32>(bundle, offsetof<Bundle>('step'));
  return i32x4.add(i32x4.mul(v128.load(from), step), v128.load_splat<u32>(bundle, offsetof<Bundle>('shift')));
}

/** Bytes of the list of those that fired before the first of a bundle. */
function rankOf(at: usize, firing: usize, ranks: usize): usize {
  const bundle = changetype<Bundle>(at);
  const word = <usize>bundle.word;
  return <usize>load<u32>(ranks + (word >> 1)) + ((<usize>popcnt(load<u64>(firing + word) & bundle.before)) << 2);
}
