import type { CoreImage, Program } from '../schemas/program.js';
import type { AxonsOut } from './axon-out.js';
import { Growing } from './growing.js';
import type { SourceRows } from './merged-memory.js';
import { type MergedCore, type Sheet, SheetBuilder } from './sheet-builder.js';
import { listOf } from './synapse.js';

/**
 * A core that sends, and those of its output axons that lead to the cores being loaded, core by core: `compartment` is that
 * of each.
 */
export interface Sender {
  readonly number: number;
  readonly image: CoreImage;
  readonly axonsOut: AxonsOut;
  readonly entries: Int32Array;
  readonly compartment: Int32Array;
}

/** Orders the output axons of a core by where they lead, as far as `isMember` is 1 there. */
export function openSender(number: number, image: CoreImage, axonsOut: AxonsOut, isMember: Uint8Array): Sender {
  const { core, offsets } = axonsOut;
  const next = new Int32Array(isMember.length + 1);
  for (let entry = 0; entry < core.length; entry++) if (isMember[core[entry]!] === 1) next[core[entry]! + 1]!++;
  for (let to = 0; to < isMember.length; to++) next[to + 1]! += next[to]!;
  const entries = new Int32Array(next[isMember.length]!);
  const compartment = new Int32Array(entries.length);
  for (let k = 0; k + 1 < offsets.length; k++) {
    for (let entry = offsets[k]!; entry < offsets[k + 1]!; entry++) {
      if (isMember[core[entry]!] !== 1) continue;
      const place = next[core[entry]!]!++;
      entries[place] = entry;
      compartment[place] = k;
    }
  }
  return { number, image, axonsOut, entries, compartment };
}

/** The merged synapses of one population, and the rows that each core's spikes send there. */
export interface MergedRows {
  readonly sheet: Sheet;
  readonly rows: ReadonlyMap<number, Omit<SourceRows, 'sheet'>>;
}

/**
 * Merges the synapses of `cores`, all of one population, for what `senders` send to them. Null where that is not worth
 * it or not possible: their loops then take messages one by one.
 */
export function mergeRows(
  program: Program,
  cores: ReadonlyMap<number, MergedCore>,
  senders: readonly Sender[],
): MergedRows | null {
  const [one] = cores.keys();
  const { shape } = program.populations[program.cores[one!]!.ranges[0]!.population]!;
  const builder = new SheetBuilder(shape, cores);
  const storeOf = program.cores.map((_, number) => cores.get(number)?.store);
  const baseOf = program.cores.map(({ axonsIn }) => axonsIn.base);
  const rows = new Map<number, Omit<SourceRows, 'sheet'>>();
  for (const { number, image, axonsOut, entries, compartment } of senders) {
    const { axon, atom } = image.axonsOut;
    const to = axonsOut.core;
    const compartments = image.compartmentCount;
    builder.openCore();
    const start = new Int32Array(compartments + 1);
    const [section, row, wait] = [0, 0, 0].map(() => new Growing(new Int32Array(1024)));
    for (let first = 0; first < compartments; first += builder.sourcesMax) {
      const count = Math.min(builder.sourcesMax, compartments - first);
      builder.open(count);
      for (let place = 0; place < entries.length; place++) {
        const source = compartment[place]! - first;
        if (source < 0 || source >= count) continue;
        const entry = entries[place]!;
        const core = to[entry]!;
        const store = storeOf[core];
        if (store === undefined) continue;
        builder.add(source, core, listOf(store, axon[entry]!, atom[entry]!), baseOf[core]![axon[entry]!]!);
      }
      const isMerged = builder.close((source, ownSection, ownRow, ownWait) => {
        start[first + source + 1]!++;
        section!.push(ownSection);
        row!.push(ownRow);
        wait!.push(ownWait);
      });
      if (!isMerged) return null;
    }
    for (let k = 0; k < compartments; k++) start[k + 1]! += start[k]!;
    rows.set(number, { start, section: section!.taken(), row: row!.taken(), wait: wait!.taken() });
  }
  const sheet = builder.sheet();
  for (const { row } of rows.values()) for (let k = 0; k < row.length; k++) row[k] = sheet.placeOf[row[k]!]!;
  return { sheet, rows };
}
