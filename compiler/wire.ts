import type { Target } from '../schemas/target.js';
import type { AxonBlock } from './axon-block.js';
import type { CorePlan } from './core-plan.js';
import { type ChannelBlock, channelBlocks, compartmentAt, type TileLayout } from './layout.js';
import type { PlacedPopulation } from './partition.js';
import type { Tile } from './tiling.js';

/** A core by its number among all cores, with its input axons and where its spikes go. */
export interface WiredCore {
  readonly layer: number;
  readonly plan: CorePlan;
  readonly blocks: readonly AxonBlock[];
  /** Host axons of the bias follow those of the blocks. */
  readonly axons: number;
  /** Destinations in compressed rows by compartment: core number, input axon there and its atom. */
  readonly offsets: Uint32Array;
  readonly toCore: Int32Array;
  readonly toAxon: Uint16Array;
  readonly toAtom: Uint16Array;
  /** Output axons that these destinations take. */
  readonly outputAxons: number;
}

/** A core with the axons that one projection gives it. */
interface Hearer {
  readonly core: number;
  readonly block: AxonBlock;
}

/**
 * Connects every neuron to the axons that hear it: one axon or atom for each pool window and channel, shared by the
 * neurons of the window; none where all its weights are zero.
 */
export function wire(placed: readonly PlacedPopulation[], { limits }: Target): readonly WiredCore[] {
  const outputAxons = limits.populationAxon?.outputAxons.value ?? 1;
  const hearers = new Map<string, Hearer[]>(placed.map(({ population }) => [population.name, []]));
  let number = 0;
  for (const { population, cores, relayOf } of placed) {
    for (const [index, { blocks }] of cores.entries()) {
      for (const block of blocks) {
        const { from } = block.plan.incoming.projection;
        const relay = placed.find(
          (own) => relayOf === null && own.relayOf === from && serves(own, population.name, index),
        );
        hearers.get(relay?.population.name ?? from)!.push({ core: number, block });
      }
      number += 1;
    }
  }
  return placed.flatMap(({ population, biasAxons, cores }, layer) =>
    cores.map(({ plan, blocks }): WiredCore => {
      const axons = blocks.reduce((sum, { base }) => sum + base.length, 0) + biasAxons.length;
      return { layer, plan, blocks, axons, ...connect(plan, hearers.get(population.name)!, outputAxons) };
    }),
  );
}

/** Whether core `index` of a population hears a relay instead of its source. */
function serves({ served }: PlacedPopulation, population: string, index: number): boolean {
  if (served === null) return true;
  const span = served.get(population);
  return span !== undefined && index >= span[0] && index < span[1];
}

type Connections = Pick<WiredCore, 'offsets' | 'toCore' | 'toAxon' | 'toAtom' | 'outputAxons'>;

/** Where the spikes of a core's neurons go, given the cores that hear its population. */
function connect({ layout }: CorePlan, hearers: readonly Hearer[], populationCost: number): Connections {
  const { tile, compartments } = layout;
  const runs = channelBlocks(layout);
  const near = hearers.filter(({ block }) => hears(block, tile));
  const offsets = new Uint32Array(compartments + 1);
  for (const { block } of near) {
    const { axonOf } = block;
    eachHeard(block, layout, runs, (compartment, from, channels) => {
      for (let c = 0; c < channels; c += 1) if (axonOf[from + c] !== -1) offsets[compartment + c + 1]! += 1;
    });
  }
  for (let k = 0; k < compartments; k += 1) offsets[k + 1]! += offsets[k]!;
  const entries = offsets[compartments]!;
  const next = offsets.slice(0, compartments);
  const toCore = new Int32Array(entries);
  const toAxon = new Uint16Array(entries);
  const toAtom = new Uint16Array(entries);
  let inPopulations = 0;
  for (const { core, block } of near) {
    const { axonOf, atomOf, atoms, firstAxon } = block;
    eachHeard(block, layout, runs, (compartment, from, channels) => {
      for (let c = 0; c < channels; c += 1) {
        const axon = axonOf[from + c]!;
        if (axon === -1) continue;
        const entry = next[compartment + c]!;
        next[compartment + c] = entry + 1;
        toCore[entry] = core;
        toAxon[entry] = firstAxon + axon;
        toAtom[entry] = atomOf[from + c]!;
        if (atoms[axon]! > 1) inPopulations += 1;
      }
    });
  }
  return { offsets, toCore, toAxon, toAtom, outputAxons: entries + inPopulations * (populationCost - 1) };
}

function hears({ plan, rows, columns }: AxonBlock, { y, x }: Tile): boolean {
  const { pool } = plan.incoming.projection;
  const meets = ([first, end]: readonly [number, number], start: number, extent: number, window: number): boolean =>
    Math.floor(first / window) < start + extent && Math.floor((end - 1) / window) >= start;
  return (
    meets(y, rows.first, rows.offsets.length - 1, pool[0]) &&
    meets(x, columns.first, columns.offsets.length - 1, pool[1])
  );
}

/**
 * Calls back with every run of channels (`channelBlocks`) of a tile at every place where the block hears it: its first
 * compartment, and the first of its entries in the block's table of axons. Places of one position come in order.
 */
function eachHeard(
  { plan, rows, columns }: AxonBlock,
  layout: TileLayout,
  runs: readonly ChannelBlock[],
  heard: (compartment: number, from: number, channels: number) => void,
): void {
  const { tile } = layout;
  const { pool, kernel } = plan.incoming.projection;
  for (let y = tile.y[0]; y < tile.y[1]; y += 1) {
    const row = Math.floor(y / pool[0]) - rows.first;
    if (row < 0 || row >= rows.offsets.length - 1) continue;
    for (let x = tile.x[0]; x < tile.x[1]; x += 1) {
      const column = Math.floor(x / pool[1]) - columns.first;
      if (column < 0 || column >= columns.offsets.length - 1) continue;
      const compartment = compartmentAt(layout, y, x);
      for (let r = rows.offsets[row]!; r < rows.offsets[row + 1]!; r += 1) {
        for (let c = columns.offsets[column]!; c < columns.offsets[column + 1]!; c += 1) {
          const from = (r * plan.columns.reaches.length + c) * kernel.shape[2] + tile.c[0];
          for (let run = 0; run < runs.length; run += 1) {
            const { first, channels, offset } = runs[run]!;
            heard(compartment + offset, from + first, channels);
          }
        }
      }
    }
  }
}
