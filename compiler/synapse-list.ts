import type { SynapseListPlan } from './axon-block.js';
import type { IncomingProjection } from './incoming.js';
import { type ChannelBlock, channelBlocks, type TileLayout } from './layout.js';

/** The synapses of a list, in the order in which they are stored. */
export interface SynapseList {
  readonly mantissas: Int32Array;
  /** Targets in compartments from the base on; counts up from 0 in the dense part. */
  readonly index: Int32Array;
}

/** Collects the lists of one core from a projection's kernel, whose weights are mantissas times `unit`. */
export class SynapseReader {
  #mantissas = new Int32Array(0);
  #index = new Int32Array(0);
  readonly #blocks: readonly ChannelBlock[];

  constructor(
    private readonly layout: TileLayout,
    private readonly incoming: IncomingProjection,
    private readonly unit: number,
  ) {
    this.#blocks = channelBlocks(layout);
  }

  /** A list, its dense part with every gap filled by zeros, the rest without zero weights; lasts until the next is read. */
  read({ list, input, form }: SynapseListPlan): SynapseList {
    const synapses = form.dense + form.indexed;
    if (synapses > this.#mantissas.length) {
      this.#mantissas = new Int32Array(2 * synapses);
      this.#index = new Int32Array(2 * synapses);
    }
    const mantissas = this.#mantissas.subarray(0, synapses);
    const index = this.#index.subarray(0, synapses);
    const { shape, data } = this.incoming.projection.kernel;
    const [, kernelWidth, inputs, outputs] = shape;
    const { row, column, residue } = list;
    const { block, pitch, tile } = this.layout;
    const { dense } = form;
    mantissas.fill(0, 0, dense);
    for (let k = 0; k < dense; k += 1) index[k] = k;
    let count = dense;
    for (const { first, channels, offset } of this.#blocks) {
      for (let n = 0; n < row.taps; n += 1) {
        for (let m = 0; m < column.taps; m += 1) {
          const tapRow = row.tap - n * this.incoming.rows.stride;
          const tapColumn = column.tap - m * this.incoming.columns.stride;
          const start = ((tapRow * kernelWidth + tapColumn) * inputs + input) * outputs + tile.c[0] + first;
          const target = residue + offset + (n * pitch + m) * block;
          for (let channel = 0; channel < channels; channel += 1) {
            const mantissa = data[start + channel]! / this.unit;
            if (target + channel < dense) {
              mantissas[target + channel] = mantissa;
            } else if (mantissa !== 0) {
              mantissas[count] = mantissa;
              index[count] = target + channel;
              count += 1;
            }
          }
        }
      }
    }
    return { mantissas, index };
  }
}
