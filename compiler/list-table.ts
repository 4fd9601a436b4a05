import type { CorePlan, CorePlanner } from './core-plan.js';
import { countNonZero, type IncomingProjection } from './incoming.js';
import type { TileLayout } from './layout.js';
import { fullCounts, isGapless, type ListClass, type ListForm, type WeightCounts } from './list-form.js';
import type { Span } from './tiling.js';

/**
 * The lists of synapses of one core and projection, in the order in which they are stored: one for each class and each
 * source channel that has a synapse there, lists starts[n] … starts[n + 1] − 1 those of class n.
 */
export interface ListTable {
  readonly classes: readonly ListClass[];
  readonly starts: Int32Array;
  /** Source channel of each list, and the number of its form. */
  readonly input: Int32Array;
  readonly formOf: Int32Array;
  readonly forms: readonly ListForm[];
}

/** The lists of a core whose axons have these classes. */
export function listTable(
  plan: CorePlan,
  incoming: IncomingProjection,
  classes: readonly ListClass[],
  planner: CorePlanner,
): ListTable {
  const inputs = incoming.projection.kernel.shape[2];
  const { c } = plan.layout.tile;
  const starts = new Int32Array(classes.length + 1);
  const input = new Int32Array(classes.length * inputs);
  const formOf = new Int32Array(input.length);
  const forms: ListForm[] = [];
  let lists = 0;
  classes.forEach((list, number) => {
    /** Form numbers by the weights that are not zero. */
    const known = new Map<number, number>();
    const full = fullCounts(list, plan.layout);
    // A dense list of a kernel with few zeros is as long whatever they are: it only must not be all zeros.
    const isWhole = incoming.nonZero === null && planner.form(plan, list, full, incoming.delayBits).indexed === 0;
    for (let source = 0; source < inputs; source += 1) {
      if (isWhole && !hasNonZero(incoming, list, source, c)) continue;
      const counts = isWhole ? full : weightCounts(incoming, list, plan.layout, source);
      if (counts.all === 0) continue;
      const key = (counts.all * COUNT_MAX + counts.beyondRun) * COUNT_MAX + counts.beyondBlock;
      let form = known.get(key);
      if (form === undefined) {
        form = forms.push(planner.form(plan, list, counts, incoming.delayBits)) - 1;
        known.set(key, form);
      }
      input[lists] = source;
      formOf[lists] = form;
      lists += 1;
    }
    starts[number + 1] = lists;
  });
  return { classes, starts, input: input.slice(0, lists), formOf: formOf.slice(0, lists), forms };
}

/** More weights than any list has. */
const COUNT_MAX = 65_536;

/** The non-zero weights of one source channel's list. */
function weightCounts(incoming: IncomingProjection, list: ListClass, layout: TileLayout, input: number): WeightCounts {
  const { row, column } = list;
  const { c } = layout.tile;
  const block = [c[0], c[0] + layout.block] as const;
  const run = isGapless(list, layout) ? row : { taps: 1, tap: row.tap };
  const after = { taps: row.taps - run.taps, tap: row.tap - run.taps * incoming.rows.stride };
  const inRun = countNonZero(incoming, run, column, input, block);
  const inBlock = inRun + countNonZero(incoming, after, column, input, block);
  const all = inBlock + countNonZero(incoming, row, column, input, [block[1], c[1]]);
  return { all, beyondRun: all - inRun, beyondBlock: all - inBlock };
}

/** Whether any weight of a list is not zero. */
function hasNonZero(incoming: IncomingProjection, { row, column }: ListClass, input: number, c: Span): boolean {
  const { kernel } = incoming.projection;
  const [, kernelWidth, inputs, outputs] = kernel.shape;
  for (let n = 0; n < row.taps; n += 1) {
    for (let m = 0; m < column.taps; m += 1) {
      const tap = (row.tap - n * incoming.rows.stride) * kernelWidth + column.tap - m * incoming.columns.stride;
      const start = (tap * inputs + input) * outputs;
      for (let k = start + c[0]; k < start + c[1]; k += 1) if (kernel.data[k] !== 0) return true;
    }
  }
  return false;
}
