// Spikes on their way to merged synapses: each is written down as the shift of its rows, in the slot of the list of rows that it
// names. Sections fetch them from there (gather.ts).

import { CoreState } from './core-state';
import { BUNDLE, Bundle, Network, Slot } from './merged-state';

/** Spikes of a word, or of a bundle, that are written down without asking how many they are. */
const TOGETHER: usize = 8;

/** Writes down the spikes of a core, and counts their patterns. */
export function writeBundles(net: Network, core: CoreState): void {
  const past = listFired(net, core);
  const table = core.shifts;
  const shift = core.firstShift;
  const patterns = core.patterns;
  const counts = net.counts + ((<usize>core.firstPattern) << 2);
  let to = net.shifts;
  for (let at = net.fired; at < past; at += 4) {
    const place = <usize>load<u32>(at);
    store<u32>(to, load<u32>(table + place) + shift);
    to += 4;
    const count = counts + ((<usize>load<u32>(patterns + place)) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  fillSlots(net, core);
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

/** Appends the shifts of each bundle of a core to those of its list. */
function fillSlots(net: Network, core: CoreState): void {
  const slots = net.planeSlots;
  const shifts = net.shifts;
  const ranks = net.ranks;
  const firing = core.firing;
  const past = core.pastBundles;
  let from = shifts + rankOf(core.bundles, firing, ranks);
  for (let at = core.bundles; at < past; at += BUNDLE) {
    const to = shifts + rankOf(at + BUNDLE, firing, ranks);
    const slot = changetype<Slot>(slots + <usize>changetype<Bundle>(at).slot);
    const end = slot.end;
    v128.store(end, v128.load(from));
    v128.store(end, v128.load(from, 16), 16);
    const bytes = to - from;
    for (let k: usize = TOGETHER << 2; k < bytes; k += 16) v128.store(end + k, v128.load(from + k));
    slot.end = end + bytes;
    from = to;
  }
}

/** Bytes of the list of those that fired before the first of a bundle. */
function rankOf(at: usize, firing: usize, ranks: usize): usize {
  const bundle = changetype<Bundle>(at);
  const word = <usize>bundle.word;
  return <usize>load<u32>(ranks + (word >> 1)) + ((<usize>popcnt(load<u64>(firing + word) & bundle.before)) << 2);
}
