import type { Projection } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import type { MapShape } from '../schemas/tensor.js';
import { INDEX_BITS, type ListSize, ListSizer } from './packing.js';
import { type Axis, axisReach, projectionAxes, type Reach, type Span, type Tile, tileExtents } from './tiling.js';

/**
 * How lists with gaps between their targets are stored: 'sparse' gives each synapse its index; 'compact' fills gaps with
 * zero weights where that takes fewer words, at the price of synaptic operations that add nothing.
 */
export type PackingPolicy = 'sparse' | 'compact';

/** A projection as the mapping sees it. */
export interface IncomingProjection {
  readonly projection: Projection<Int32Array>;
  readonly rows: Axis;
  readonly columns: Axis;
  /** [taps·cin, cout + 1]: non-zero weights of a kernel row before each output channel. */
  readonly nonZero: Uint16Array | Uint32Array;
}

/** A stretch of one axis as its lists see it: sources with equal `key` reach their targets in the same way. */
export interface AxisPattern {
  readonly taps: number;
  readonly tap: number;
}

/** Sources, and the distinct ways in which they reach a tile, along one axis. */
export interface AxisPlan {
  readonly reaches: readonly Reach[];
  /** Pattern number of each reach. */
  readonly patternOf: readonly number[];
  readonly patterns: readonly AxisPattern[];
  readonly tapsMax: number;
}

/** What the lists of one tile and projection have in common. */
export interface ProjectionPlan {
  readonly incoming: IncomingProjection;
  readonly rows: AxisPlan;
  readonly columns: AxisPlan;
}

/** A core that holds one tile: how its synapses are stored. */
export interface CorePlan {
  readonly tile: Tile;
  readonly policy: PackingPolicy;
  readonly projections: readonly ProjectionPlan[];
  readonly indexBits: number;
}

/** How a list is stored: dense from its first target on, or with an index per synapse. */
export interface ListForm extends ListSize {
  readonly dense: boolean;
  /** Synapses stored, zero weights that fill gaps included. */
  readonly synapses: number;
}

/** Sizes lists on one target; shared by the search for a split and by the emission of what it found. */
export class CorePlanner {
  readonly #dense: ListSizer;
  readonly #indexed = new Map<number, ListSizer>();

  constructor(target: Target) {
    const { bits } = target.arithmetic.weight;
    this.#dense = new ListSizer(target.limits, bits);
    for (let index = INDEX_BITS.least; index <= INDEX_BITS.most; index += 1) {
      this.#indexed.set(index, new ListSizer(target.limits, bits + index));
    }
  }

  plan(tile: Tile, policy: PackingPolicy, incoming: readonly IncomingProjection[]): CorePlan {
    const projections = incoming.map(
      (entry): ProjectionPlan => ({
        incoming: entry,
        rows: planAxis(entry.rows, tile.y),
        columns: planAxis(entry.columns, tile.x),
      }),
    );
    const [, width, channels] = tileExtents(tile);
    const span = projections.reduce(
      (most, { rows, columns }) => Math.max(most, listSpan(rows.tapsMax, columns.tapsMax, width, channels)),
      1,
    );
    const needed = Math.ceil(Math.log2(span));
    return { tile, policy, projections, indexBits: Math.max(INDEX_BITS.least, Math.min(INDEX_BITS.most, needed)) };
  }

  /** How a list of `nonZero` ≥ 1 weights of these patterns is stored. */
  form({ tile, policy, indexBits }: CorePlan, row: AxisPattern, column: AxisPattern, nonZero: number): ListForm {
    const [, width, channels] = tileExtents(tile);
    const span = listSpan(row.taps, column.taps, width, channels);
    const dense = this.#dense.size(span);
    const indexed = span > 2 ** indexBits ? null : this.#indexed.get(indexBits)!.size(nonZero);
    const gapless = row.taps === 1 || column.taps === width;
    const fewer = indexed === null || dense.words < indexed.words || (gapless && dense.words === indexed.words);
    if (indexed === null || (fewer && (gapless || policy === 'compact'))) {
      return { ...dense, dense: true, synapses: span };
    }
    return { ...indexed, dense: false, synapses: nonZero };
  }

  /** A list of one synapse for each of `compartments`, as a bias takes it. */
  denseSize(compartments: number): ListSize {
    return this.#dense.size(compartments);
  }
}

/** Non-zero weights from source channel `input` through these patterns to the channels of `c`. */
export function countNonZero(
  { projection: { kernel }, nonZero, rows, columns }: IncomingProjection,
  row: AxisPattern,
  column: AxisPattern,
  input: number,
  c: Span,
): number {
  const [, kernelWidth, inputs, outputs] = kernel.shape;
  let count = 0;
  for (let n = 0; n < row.taps; n += 1) {
    for (let m = 0; m < column.taps; m += 1) {
      const tap = (row.tap - n * rows.stride) * kernelWidth + column.tap - m * columns.stride;
      const start = (tap * inputs + input) * (outputs + 1);
      count += nonZero[start + c[1]]! - nonZero[start + c[0]]!;
    }
  }
  return count;
}

/** Prepares a projection for mapping. */
export function incomingProjection(projection: Projection<Int32Array>, from: MapShape): IncomingProjection {
  const [rows, columns] = projectionAxes(projection, from);
  const { data, shape } = projection.kernel;
  const outputs = shape[3];
  const kernelRows = data.length / outputs;
  const nonZero = new (outputs > 65_535 ? Uint32Array : Uint16Array)(kernelRows * (outputs + 1));
  for (let row = 0, k = 0; row < kernelRows; row += 1) {
    let count = 0;
    for (let output = 0; output < outputs; output += 1, k += 1) {
      if (data[k] !== 0) count += 1;
      nonZero[row * (outputs + 1) + output + 1] = count;
    }
  }
  return { projection, rows, columns, nonZero };
}

/** Compartments from a list's first target to its last. */
function listSpan(rowTaps: number, columnTaps: number, width: number, channels: number): number {
  return ((rowTaps - 1) * width + columnTaps - 1) * channels + channels;
}

function planAxis(axis: Axis, span: Span): AxisPlan {
  const reaches = axisReach(axis, span);
  const numbers = new Map<string, number>();
  const patterns: AxisPattern[] = [];
  const patternOf = reaches.map(({ taps, tap }) => {
    const key = `${tap}:${taps}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, patterns.length);
    return patterns.push({ taps, tap }) - 1;
  });
  return { reaches, patternOf, patterns, tapsMax: reaches.reduce((most, { taps }) => Math.max(most, taps), 1) };
}
