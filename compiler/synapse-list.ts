import type { IncomingProjection } from './incoming.js';
import { type ChannelBlock, channelBlocks, type TileLayout } from './layout.js';
import type { ListClass, ListForm } from './list-form.js';

/** The synapses of a list, in the order in which they are stored. */
export interface SynapseList {
  /** Mantissas for the compartments from the base on. */
  readonly dense: Int32Array;
  /** Mantissas beyond them, and their targets in compartments from the base on. */
  readonly indexed: Int32Array;
  readonly index: Int32Array;
}

/** Collects the lists of one core from a projection's kernel, whose weights are mantissas times `unit`. */
export class SynapseReader {
  /** By length: most lists of a core are as long as others. */
  readonly #dense = new Map<number, Int32Array>();
  readonly #indexed = new Map<number, Int32Array>();
  readonly #index = new Map<number, Int32Array>();
  readonly #blocks: readonly ChannelBlock[];

  constructor(
    private readonly layout: TileLayout,
    private readonly incoming: IncomingProjection,
    private readonly unit: number,
  ) {
    this.#blocks = channelBlocks(layout);
  }

  /** A list, its dense part with every gap filled by zeros, the rest without zero weights; lasts until the next is read. */
  read({ row, column, residue }: ListClass, input: number, form: ListForm): SynapseList {
    const dense = ofLength(this.#dense, form.dense);
    const indexed = ofLength(this.#indexed, form.indexed);
    const index = ofLength(this.#index, form.indexed);
    const { shape, data } = this.incoming.projection.kernel;
    const [, kernelWidth, inputs, outputs] = shape;
    const { block, pitch, tile } = this.layout;
    dense.fill(0);
    let count = 0;
    for (const { first, channels, offset } of this.#blocks) {
      for (let n = 0; n < row.taps; n += 1) {
        for (let m = 0; m < column.taps; m += 1) {
          const tapRow = row.tap - n * this.incoming.rows.stride;
          const tapColumn = column.tap - m * this.incoming.columns.stride;
          const start = ((tapRow * kernelWidth + tapColumn) * inputs + input) * outputs + tile.c[0] + first;
          const target = residue + offset + (n * pitch + m) * block;
          const inDense = Math.max(0, Math.min(channels, dense.length - target));
          for (let channel = 0; channel < inDense; channel += 1) {
            dense[target + channel] = data[start + channel]! / this.unit;
          }
          for (let channel = inDense; channel < channels; channel += 1) {
            const weight = data[start + channel]!;
            if (weight === 0) continue;
            indexed[count] = weight / this.unit;
            index[count] = target + channel;
            count += 1;
          }
        }
      }
    }
    return { dense, indexed, index };
  }
}

/** The array of this length that `arrays` keeps. */
function ofLength(arrays: Map<number, Int32Array>, length: number): Int32Array {
  let array = arrays.get(length);
  if (array === undefined) {
    array = new Int32Array(length);
    arrays.set(length, array);
  }
  return array;
}
