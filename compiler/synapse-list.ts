import type { SynapseListPlan } from './axon-block.js';
import type { CorePlan, ProjectionPlan } from './core-plan.js';

/** The synapses of a list, in the order in which they are stored. */
export interface SynapseList {
  /** Effective weights, in membrane units. */
  readonly weights: Int32Array;
  /** Targets in compartments from the base on. */
  readonly index: Int32Array;
}

/** Collects a list's synapses from the kernel: without zero weights, or, of a dense list, with every gap filled by zeros. */
export function synapsesOf(
  { layout }: CorePlan,
  { incoming }: ProjectionPlan,
  { list, input, form }: SynapseListPlan,
): SynapseList {
  const { shape, data } = incoming.projection.kernel;
  const [, kernelWidth, inputs, outputs] = shape;
  const { row, column, residue } = list;
  const { channels, pitch, tile } = layout;
  const weights = new Int32Array(form.synapses);
  const index = new Int32Array(form.synapses);
  if (form.dense) for (let k = 0; k < index.length; k += 1) index[k] = k;
  let count = 0;
  for (let n = 0; n < row.taps; n += 1) {
    for (let m = 0; m < column.taps; m += 1) {
      const tapRow = row.tap - n * incoming.rows.stride;
      const tapColumn = column.tap - m * incoming.columns.stride;
      const start = ((tapRow * kernelWidth + tapColumn) * inputs + input) * outputs + tile.c[0];
      const target = residue + (n * pitch + m) * channels;
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
