import type { AxisPattern } from './axis-plan.js';
import type { TileLayout } from './layout.js';
import type { ListSizer } from './packing.js';

/** Axons that share one list per source channel: equal patterns, and equally far behind their bases. */
export interface ListClass {
  readonly row: AxisPattern;
  readonly column: AxisPattern;
  /** Compartments from the base to the first target: more than 0 only where targets lie beyond the largest base. */
  readonly residue: number;
}

/** Non-zero weights of a list: all, those beyond its first run of targets without a gap, those beyond its first block. */
export interface WeightCounts {
  readonly all: number;
  readonly beyondRun: number;
  readonly beyondBlock: number;
}

/**
 * How a list is stored: `dense` synapses without indices for the compartments from the base on, zeros where no weight
 * is, then `indexed` non-zero ones beyond them, each with `indexBits`; each part in entries of at most so many synapses.
 */
export interface ListForm {
  readonly dense: number;
  readonly denseChunk: number;
  readonly indexed: number;
  readonly indexedChunk: number;
  readonly indexBits: number;
  readonly words: number;
}

/** Compartments from a list's first target to its last. */
export function listSpan({ row, column }: Pick<ListClass, 'row' | 'column'>, layout: TileLayout): number {
  const { pitch, block, blocks, positions } = layout;
  return (blocks - 1) * positions * block + ((row.taps - 1) * pitch + column.taps) * block;
}

/** Whether all targets of a list's first block follow one another. */
export function isGapless({ row, column }: Pick<ListClass, 'row' | 'column'>, { pitch }: TileLayout): boolean {
  return row.taps === 1 || column.taps === pitch;
}

/** The counts of a list without zero weights. */
export function fullCounts(list: ListClass, layout: TileLayout): WeightCounts {
  const { row, column } = list;
  const { channels, block } = layout;
  const taps = row.taps * column.taps;
  const run = isGapless(list, layout) ? taps : column.taps;
  return { all: taps * channels, beyondRun: taps * channels - run * block, beyondBlock: taps * (channels - block) };
}

/**
 * The form of the fewest words, of those the one with the fewest synapses: everything indexed, or everything dense, or the
 * first run or block dense. Where `fillsGaps` is false no zeros are stored but in runs, unless an index could not reach far
 * enough. `dense` and `indexed` size lists of such synapses, whose indices have `indexBits`.
 */
export function listForm(
  list: ListClass,
  layout: TileLayout,
  counts: WeightCounts,
  fillsGaps: boolean,
  indexBits: number,
  dense: ListSizer,
  indexed: ListSizer,
): ListForm {
  const { residue, row, column } = list;
  const whole = residue + listSpan(list, layout);
  let best: ListForm | null = null;
  const offer = (denseCount: number, indexedCount: number): void => {
    const first = denseCount === 0 ? nothing : dense.size(denseCount);
    const rest = indexedCount === 0 ? nothing : indexed.size(indexedCount);
    const words = first.words + rest.words;
    if (best !== null) {
      if (words > best.words) return;
      if (words === best.words && denseCount + indexedCount >= best.dense + best.indexed) return;
    }
    best = {
      dense: denseCount,
      denseChunk: first.chunk,
      indexed: indexedCount,
      indexedChunk: rest.chunk,
      indexBits,
      words,
    };
  };
  const reaches = whole <= 2 ** indexBits;
  if (reaches) {
    const isWhole = isGapless(list, layout);
    if (residue === 0) {
      const taps = isWhole ? row.taps * column.taps : column.taps;
      offer(taps * layout.block, counts.beyondRun);
    }
    offer(0, counts.all);
    if (fillsGaps && !isWhole) {
      offer(residue + ((row.taps - 1) * layout.pitch + column.taps) * layout.block, counts.beyondBlock);
    }
  }
  if (!reaches || fillsGaps) offer(whole, 0);
  return best!;
}

const nothing = { words: 0, chunk: 0 } as const;
