import type { CoreImage, Program } from '../schemas/program.js';
import type { AxonsOut } from './axon-out.js';
import { Growing } from './growing.js';
import type { SourceRows } from './merged-memory.js';
import { type MergedCore, type Sheet, SheetBuilder } from './sheet-builder.js';
import { listOf } from './synapse.js';

/** A core that sends. */
export interface Sender {
  readonly number: number;
  readonly image: CoreImage;
  readonly axonsOut: AxonsOut;
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
  const isMerged = Uint8Array.from(program.cores, (_, number) => (cores.has(number) ? 1 : 0));
  const storeOf = program.cores.map((_, number) => cores.get(number)?.store);
  const rows = new Map<number, Omit<SourceRows, 'sheet'>>();
  for (const { number, image, axonsOut } of senders) {
    const { offsets, axon, atom } = image.axonsOut;
    const to = axonsOut.core;
    const start = new Int32Array(offsets.length);
    const [section, row, wait] = [0, 0, 0].map(() => new Growing(new Int32Array(1024)));
    const push = (ownSection: number, ownRow: number, ownWait: number): void => {
      section!.push(ownSection);
      row!.push(ownRow);
      wait!.push(ownWait);
    };
    for (let k = 0; k + 1 < offsets.length; k++) {
      builder.open();
      for (let entry = offsets[k]!; entry < offsets[k + 1]!; entry++) {
        const core = to[entry]!;
        if (isMerged[core] === 0) continue;
        const list = listOf(storeOf[core]!, axon[entry]!, atom[entry]!);
        builder.add(core, list, program.cores[core]!.axonsIn.base[axon[entry]!]!);
      }
      if (!builder.close(push)) return null;
      start[k + 1] = section!.length;
    }
    rows.set(number, { start, section: section!.taken(), row: row!.taken(), wait: wait!.taken() });
  }
  return { sheet: builder.sheet(), rows };
}
