import { type Span, type Tile, tileExtents } from './tiling.js';

/**
 * Where the neurons of a tile lie among the compartments of a core: channels in blocks of `block`; of each block row by
 * row, column by column, its channels innermost. From one position to the next is then `block` compartments whatever the
 * block, so that one list serves sources at many positions although an axon's base is limited. Between and around the
 * positions may be padding, compartments that never fire: sources at the border of a tile then reach as many compartments
 * as those inside, and share their synapses. So may be the end of the last block's positions.
 */
export interface TileLayout {
  readonly tile: Tile;
  readonly channels: number;
  /** Channels of a block, 1 … channels; the last may have fewer. */
  readonly block: number;
  readonly blocks: number;
  /** Positions from one row to the next; a row's padding on the right is the next one's on the left. */
  readonly pitch: number;
  /** Positions before the first neuron. */
  readonly lead: number;
  readonly positions: number;
  readonly compartments: number;
}

/** Positions of padding before and after a tile along one axis. */
export type Margin = readonly [before: number, after: number];

/** `blocks`: into how many blocks its channels are cut. */
export function tileLayout(tile: Tile, rows: Margin, columns: Margin, wantedBlocks: number): TileLayout {
  const [height, width, channels] = tileExtents(tile);
  const pitch = width + Math.max(...columns);
  const lead = rows[0] * pitch + columns[0];
  const positions = lead + (height - 1 + rows[1]) * pitch + width + columns[1];
  const block = Math.ceil(channels / wantedBlocks);
  const blocks = Math.ceil(channels / block);
  return { tile, channels, block, blocks, pitch, lead, positions, compartments: blocks * positions * block };
}

/** Number of a grid position, which may lie in the padding. */
export function positionAt({ tile, pitch, lead }: TileLayout, y: number, x: number): number {
  return lead + (y - tile.y[0]) * pitch + x - tile.x[0];
}

/** First compartment of a grid position, which may lie in the padding. */
export function compartmentAt(layout: TileLayout, y: number, x: number): number {
  return positionAt(layout, y, x) * layout.block;
}

/** Compartments from a position's first to those of each block of its channels: first channel, channels, compartments. */
export function channelBlocks({ channels, block, blocks, positions }: TileLayout): readonly ChannelBlock[] {
  return Array.from({ length: blocks }, (_, n): ChannelBlock => {
    return { first: n * block, channels: Math.min(block, channels - n * block), offset: n * positions * block };
  });
}

export interface ChannelBlock {
  /** Of the tile's. */
  readonly first: number;
  readonly channels: number;
  readonly offset: number;
}

/** Runs of compartments that are neurons (≥ 0), ascending; −1 is padding. */
export function neuronRuns(neurons: Int32Array): readonly Span[] {
  const runs: Span[] = [];
  for (let first = 0; first < neurons.length; ) {
    let end = first;
    while (end < neurons.length && neurons[end]! >= 0) end += 1;
    if (end > first) runs.push([first, end]);
    first = end + 1;
  }
  return runs;
}
