import { type Span, type Tile, tileExtents } from './tiling.js';

/**
 * Where the neurons of a tile lie among the compartments of a core: row by row, column by column, channels innermost.
 * Between and around them may be padding, compartments that never fire: sources at the border of a tile then reach as
 * many compartments as those inside, and share their synapses.
 */
export interface TileLayout {
  readonly tile: Tile;
  readonly channels: number;
  /** Positions from one row to the next; a row's padding on the right is the next one's on the left. */
  readonly pitch: number;
  /** Positions before the first neuron. */
  readonly lead: number;
  readonly positions: number;
  readonly compartments: number;
}

/** Positions of padding before and after a tile along one axis. */
export type Margin = readonly [before: number, after: number];

export function tileLayout(tile: Tile, rows: Margin, columns: Margin): TileLayout {
  const [height, width, channels] = tileExtents(tile);
  const pitch = width + Math.max(...columns);
  const lead = rows[0] * pitch + columns[0];
  const positions = lead + (height - 1 + rows[1]) * pitch + width + columns[1];
  return { tile, channels, pitch, lead, positions, compartments: positions * channels };
}

/** First compartment of a grid position, which may lie in the padding. */
export function compartmentAt({ tile, channels, pitch, lead }: TileLayout, y: number, x: number): number {
  return (lead + (y - tile.y[0]) * pitch + x - tile.x[0]) * channels;
}

/** Runs of compartments that are neurons, ascending; rows without padding between them are one. */
export function neuronRuns(layout: TileLayout): readonly Span[] {
  const { tile, channels, pitch } = layout;
  const [height, width] = tileExtents(tile);
  const first = compartmentAt(layout, tile.y[0], tile.x[0]);
  if (pitch === width) return [[first, first + height * width * channels]];
  return Array.from({ length: height }, (_, row): Span => {
    const start = first + row * pitch * channels;
    return [start, start + width * channels];
  });
}
