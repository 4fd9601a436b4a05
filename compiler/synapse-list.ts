import type { CorePlan, ProjectionPlan } from './core-plan.js';
import type { SynapseListPlan } from './wire.js';

/** The synapses of a list, in the order in which they are stored. */
export interface SynapseList {
  /** Effective weights, in membrane units. */
  readonly weights: Int32Array;
  /** Targets in compartments from the list's first possible target on. */
  readonly index: Int32Array;
}

/** Collects a list's synapses from the kernel: without zero weights, or, of a dense list, with every gap filled by zeros. */
export function synapsesOf(
  { tile }: CorePlan,
  { incoming, rows, columns }: ProjectionPlan,
  { row, column, input, form }: SynapseListPlan,
): SynapseList {
  const { shape, data } = incoming.projection.kernel;
  const [, kernelWidth, inputs, outputs] = shape;
  const rowPattern = rows.patterns[row]!;
  const columnPattern = columns.patterns[column]!;
  const width = tile.x[1] - tile.x[0];
  const channels = tile.c[1] - tile.c[0];
  const weights = new Int32Array(form.synapses);
  const index = new Int32Array(form.synapses);
  if (form.dense)
    index.forEach((_, k) => {
      index[k] = k;
    });
  let count = 0;
  for (let n = 0; n < rowPattern.taps; n += 1) {
    for (let m = 0; m < columnPattern.taps; m += 1) {
      const tapRow = rowPattern.tap - n * incoming.rows.stride;
      const tapColumn = columnPattern.tap - m * incoming.columns.stride;
      const start = ((tapRow * kernelWidth + tapColumn) * inputs + input) * outputs + tile.c[0];
      const target = (n * width + m) * channels;
      for (let channel = 0; channel < channels; channel += 1) {
        const weight = data[start + channel]!;
        if (form.dense) {
          weights[target + channel] = weight;
        } else if (weight !== 0) {
          weights[count] = weight;
          index[count] = target + channel;
          count += 1;
        }
      }
    }
  }
  return { weights, index };
}
