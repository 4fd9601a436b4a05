import type { Pair } from '../schemas/tensor.js';
import { type CorePlan, type CorePlanner, countNonZero, type ListForm, type ProjectionPlan } from './core-plan.js';
import type { PlacedPopulation } from './partition.js';
import type { Tile } from './tiling.js';

/** A list of synapses that axons of one core share: those of its pattern of rows, pattern of columns, source channel. */
export interface SynapseListPlan {
  readonly row: number;
  readonly column: number;
  readonly input: number;
  readonly form: ListForm;
}

/** The input axons that one projection gives to one core. */
export interface AxonBlock {
  readonly plan: ProjectionPlan;
  readonly lists: readonly SynapseListPlan[];
  /** List and base compartment of each axon of the block; the first is input axon `firstAxon` of the core. */
  readonly firstAxon: number;
  readonly listOf: Int32Array;
  readonly base: Int32Array;
  /** Pooled source rows, columns and channels firstRow … , and the block's axon for each, −1 where no synapse is. */
  readonly firstRow: number;
  readonly firstColumn: number;
  readonly extent: readonly [rows: number, columns: number, inputs: number];
  readonly axonOf: Int32Array;
}

/** A core by its number among all cores, with its input axons and where its spikes go. */
export interface WiredCore {
  readonly layer: number;
  readonly plan: CorePlan;
  readonly blocks: readonly AxonBlock[];
  /** Host axons of the bias follow those of the blocks. */
  readonly axons: number;
  /** Destinations in compressed rows by compartment: core number and input axon there. */
  readonly offsets: Uint32Array;
  readonly toCore: Int32Array;
  readonly toAxon: Int32Array;
}

/**
 * Numbers the input axons of every core and connects every neuron to the axons that hear it: one axon for each pool
 * window and channel, shared by the neurons of the window; none where all its weights are zero.
 */
export function wire(placed: readonly PlacedPopulation[], planner: CorePlanner): readonly WiredCore[] {
  const blocksOf = placed.map(({ cores }) => cores.map((plan) => coreBlocks(plan, planner)));
  const firstCore: number[] = [];
  let cores = 0;
  for (const { cores: own } of placed) {
    firstCore.push(cores);
    cores += own.length;
  }
  return placed.flatMap((layer, index) => {
    const hearers = (blocksOf[index + 1] ?? []).map((blocks, k) => ({ core: firstCore[index + 1]! + k, blocks }));
    return layer.cores.map((plan, k): WiredCore => {
      const blocks = blocksOf[index]![k]!;
      const axons = blocks.reduce((sum, { base }) => sum + base.length, 0) + layer.biasAxons.length;
      return { layer: index, plan, blocks, axons, ...connect(plan.tile, hearers) };
    });
  });
}

function coreBlocks(plan: CorePlan, planner: CorePlanner): readonly AxonBlock[] {
  let firstAxon = 0;
  return plan.projections.map((projection) => {
    const block = axonBlock(plan, projection, planner, firstAxon);
    firstAxon += block.base.length;
    return block;
  });
}

function axonBlock(plan: CorePlan, projection: ProjectionPlan, planner: CorePlanner, firstAxon: number): AxonBlock {
  const { incoming, rows, columns } = projection;
  const { tile } = plan;
  const inputs = incoming.projection.kernel.shape[2];
  const width = tile.x[1] - tile.x[0];
  const channels = tile.c[1] - tile.c[0];
  const firstRow = rows.reaches[0]?.source ?? 0;
  const firstColumn = columns.reaches[0]?.source ?? 0;
  const extent = [
    (rows.reaches.at(-1)?.source ?? -1) - firstRow + 1,
    (columns.reaches.at(-1)?.source ?? -1) - firstColumn + 1,
    inputs,
  ] as const;
  const axonOf = new Int32Array(extent[0] * extent[1] * inputs).fill(-1);
  const lists: SynapseListPlan[] = [];
  const known = new Int32Array(rows.patterns.length * columns.patterns.length * inputs).fill(-1);
  const listOf: number[] = [];
  const base: number[] = [];
  rows.reaches.forEach((rowReach, r) => {
    const row = rows.patternOf[r]!;
    columns.reaches.forEach((columnReach, c) => {
      const column = columns.patternOf[c]!;
      const place = (rowReach.source - firstRow) * extent[1] + columnReach.source - firstColumn;
      const start = ((rowReach.first - tile.y[0]) * width + columnReach.first - tile.x[0]) * channels;
      for (let input = 0; input < inputs; input += 1) {
        const rowPattern = rows.patterns[row]!;
        const columnPattern = columns.patterns[column]!;
        const nonZero = countNonZero(incoming, rowPattern, columnPattern, input, tile.c);
        if (nonZero === 0) continue;
        const key = (row * columns.patterns.length + column) * inputs + input;
        if (known[key] === -1) {
          known[key] = lists.length;
          lists.push({ row, column, input, form: planner.form(plan, rowPattern, columnPattern, nonZero) });
        }
        axonOf[place * inputs + input] = listOf.length;
        listOf.push(known[key]!);
        base.push(start);
      }
    });
  });
  return {
    plan: projection,
    lists,
    firstAxon,
    listOf: Int32Array.from(listOf),
    base: Int32Array.from(base),
    firstRow,
    firstColumn,
    extent,
    axonOf,
  };
}

/** Where the spikes of a tile's neurons go, given the cores of the next population. */
function connect(
  tile: Tile,
  hearers: readonly { readonly core: number; readonly blocks: readonly AxonBlock[] }[],
): Pick<WiredCore, 'offsets' | 'toCore' | 'toAxon'> {
  const offsets: number[] = [0];
  const toCore: number[] = [];
  const toAxon: number[] = [];
  const near = hearers.flatMap(({ core, blocks }) =>
    blocks.filter((block) => overlaps(block, tile)).map((block) => ({ core, block })),
  );
  for (let y = tile.y[0]; y < tile.y[1]; y += 1) {
    for (let x = tile.x[0]; x < tile.x[1]; x += 1) {
      const heard = near.map(({ core, block }) => ({ core, block, row: windowStart(block, y, x) }));
      for (let channel = tile.c[0]; channel < tile.c[1]; channel += 1) {
        for (const { core, block, row } of heard) {
          const axon = row === null ? -1 : block.axonOf[row + channel]!;
          if (axon === -1) continue;
          toCore.push(core);
          toAxon.push(block.firstAxon + axon);
        }
        offsets.push(toCore.length);
      }
    }
  }
  return { offsets: Uint32Array.from(offsets), toCore: Int32Array.from(toCore), toAxon: Int32Array.from(toAxon) };
}

function overlaps({ plan, firstRow, firstColumn, extent }: AxonBlock, { y, x }: Tile): boolean {
  const { pool } = plan.incoming.projection;
  const meets = ([first, end]: Pair, start: number, count: number, window: number): boolean =>
    Math.floor(first / window) < start + count && Math.floor((end - 1) / window) >= start;
  return meets(y, firstRow, extent[0], pool[0]) && meets(x, firstColumn, extent[1], pool[1]);
}

/** Index into `axonOf` of channel 0 of the pool window that holds (y, x), or null where the block does not hear it. */
function windowStart({ plan, firstRow, firstColumn, extent }: AxonBlock, y: number, x: number): number | null {
  const { pool } = plan.incoming.projection;
  const row = Math.floor(y / pool[0]) - firstRow;
  const column = Math.floor(x / pool[1]) - firstColumn;
  if (row < 0 || row >= extent[0] || column < 0 || column >= extent[1]) return null;
  return (row * extent[1] + column) * extent[2];
}
