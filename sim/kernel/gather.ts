// What sections gather in a timestep: of each list that names rows of theirs those of its spikes. They come to lie one behind the
// other, section by section, so that the loops that sum them read on and on.

import { CoreState } from './core-state';
import { LATE_SOURCE, LateSource, Network, SECTION, Section, Sheet, Slot, SOURCE, Source } from './merged-state';

/** Gathers the rows of a sheet, if any may act in this timestep. */
export function gather(net: Network, sheet: Sheet): void {
  if (anyFired(sheet)) sheet.due = sheet.lasts;
  sheet.isFed = sheet.due > 0 ? 1 : 0;
  if (!sheet.isFed) return;
  sheet.due -= 1;
  let row = net.rows;
  for (let at = sheet.sections; at < sheet.pastSections; at += SECTION) {
    const section = changetype<Section>(at);
    section.begin = row;
    row = gatherPrompt(section.sources, section.pastSources, net.planeSlots, row);
    if (section.pastSources < section.pastLate) row = gatherLate(net, section, row);
    section.end = row;
  }
}

function anyFired(sheet: Sheet): bool {
  for (let at = sheet.senders; at < sheet.pastSenders; at += 4) {
    if (changetype<CoreState>(<usize>load<u32>(at)).spikes) return true;
  }
  return false;
}

function gatherPrompt(sources: usize, past: usize, slots: usize, rows: usize): usize {
  let to = rows;
  for (let at = sources; at < past; at += SOURCE) {
    const slot = changetype<Slot>(slots + <usize>changetype<Source>(at).slot);
    to = copyRows(slot, v128.load_splat<u32>(at, offsetof<Source>('row')), to);
  }
  return to;
}

function gatherLate(net: Network, section: Section, rows: usize): usize {
  let to = rows;
  for (let at = section.pastSources; at < section.pastLate; at += LATE_SOURCE) {
    const source = changetype<LateSource>(at);
    const plane = net.plane - source.wait;
    const slots = net.slots + <usize>((plane < 0 ? plane + net.planes : plane) * net.slotBytes);
    const slot = changetype<Slot>(slots + <usize>source.slot);
    to = copyRows(slot, v128.load_splat<u32>(at, offsetof<LateSource>('row')), to);
  }
  return to;
}

/** Writes a row for each spike of a slot, the first eight of which, there or not, without asking: they are seldom more. Gives where they end. */
function copyRows(slot: Slot, row: v128, to: usize): usize {
  const from = slot.begin;
  const bytes = slot.end - from;
  v128.store(to, i32x4.add(v128.load(from), row));
  v128.store(to, i32x4.add(v128.load(from, 16), row), 16);
  for (let k: usize = 32; k < bytes; k += 16) v128.store(to + k, i32x4.add(v128.load(from + k), row));
  return to + bytes;
}
