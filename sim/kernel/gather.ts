// What sections gather in a timestep: of each list that names rows of theirs those of its spikes. They come to lie one behind the
// other, section by section, so that the loops that sum them read on and on. Sections look at all lists that name rows of
// theirs; or, where few of these can have any spikes, or their rows act later, those that have bring theirs.

import { CoreState } from './core-state';
import {
  ACTIVE,
  Active,
  Network,
  ROW,
  ROW_GROUP,
  Row,
  RowGroup,
  SECTION,
  Section,
  Sheet,
  Slot,
  SOURCE,
  Source,
  slotAt,
  TOGETHER,
} from './merged-state';

/** So many times more costs it to bring the rows of a list than to look whether it has any. */
const BRINGING: i32 = 4;

/** Gathers the rows of a sheet, if any may act in this timestep. */
export function gather(net: Network, sheet: Sheet): void {
  const spikes = spikesOf(sheet);
  if (spikes) sheet.due = sheet.lasts;
  sheet.isFed = sheet.due > 0 ? 1 : 0;
  if (!sheet.isFed) return;
  sheet.due -= 1;
  const looks = spikes * BRINGING >= sheet.promptGroups;
  let past = net.actives;
  if (!looks && spikes) past = listActive(net, sheet.groups, sheet.pastPrompt, past);
  past = listActive(net, sheet.pastPrompt, sheet.pastGroups, past);
  let row = net.rows;
  for (let at = sheet.sections; at < sheet.pastSections; at += SECTION) {
    const section = changetype<Section>(at);
    section.begin = row;
    if (looks) {
      row = lookAt(section.sources, section.pastSingle, 0, row);
      row = lookAt(section.pastSingle, section.pastSources, net.beyond, row);
    }
    section.end = row;
    row += <usize>section.brought;
    section.brought = 0;
  }
  for (let at = net.actives; at < past; at += ACTIVE) bring(changetype<Active>(at));
}

/** Spikes of all that reach a sheet. */
function spikesOf(sheet: Sheet): i32 {
  let spikes = 0;
  for (let at = sheet.senders; at < sheet.pastSenders; at += 4)
    spikes += changetype<CoreState>(<usize>load<u32>(at)).spikes;
  return spikes;
}

/** Copies the rows of all sources, and gives where they end; of each the first eight, there or not, without asking: they are seldom more. */
function lookAt(sources: usize, past: usize, beyond: usize, rows: usize): usize {
  let to = rows;
  for (let at = sources; at < past; at += SOURCE) {
    const slot = changetype<Slot>(changetype<Source>(at).slot + beyond);
    const row = v128.load_splat<u32>(at, offsetof<Source>('row'));
    const from = slot.begin;
    const bytes = slot.end - from;
    v128.store(to, i32x4.add(v128.load(from), row));
    v128.store(to, i32x4.add(v128.load(from, 16), row), 16);
    for (let k = TOGETHER << 2; k < bytes; k += 16) v128.store(to + k, i32x4.add(v128.load(from + k), row));
    to += bytes;
  }
  return to;
}

/** Lists those groups that have spikes in this timestep, and makes room for their rows; gives where the list ends. */
function listActive(net: Network, groups: usize, past: usize, list: usize): usize {
  let to = list;
  let wait = 0;
  let beyond = net.beyond;
  for (let at = groups; at < past; at += ROW_GROUP) {
    const group = changetype<RowGroup>(at);
    if (group.wait !== wait) {
      wait = group.wait;
      const plane = net.plane - wait;
      beyond = <u32>((plane < 0 ? plane + net.planes : plane) * net.slotBytes);
    }
    const slot = slotAt(group.slot, beyond);
    const bytes = slot.end - slot.begin;
    if (bytes === 0) continue;
    const active = changetype<Active>(to);
    active.group = at;
    active.begin = slot.begin;
    active.end = slot.end;
    to += ACTIVE;
    for (let row = group.rows; row < group.pastRows; row += ROW) {
      changetype<Section>(changetype<Row>(row).section).brought += <u32>bytes;
    }
  }
  return to;
}

/** Appends the rows of a group to those of its sections, none too many: others lie behind them. */
function bring(active: Active): void {
  const group = changetype<RowGroup>(active.group);
  for (let at = group.rows; at < group.pastRows; at += ROW) {
    const section = changetype<Section>(changetype<Row>(at).section);
    const row = changetype<Row>(at).row;
    const rows = v128.load_splat<u32>(at, offsetof<Row>('row'));
    let to = section.end;
    let from = active.begin;
    for (; from + 16 <= active.end; from += 16) {
      v128.store(to, i32x4.add(v128.load(from), rows));
      to += 16;
    }
    for (; from < active.end; from += 4) {
      store<u32>(to, load<u32>(from) + row);
      to += 4;
    }
    section.end = to;
  }
}
