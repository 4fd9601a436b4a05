import { failure } from '../schemas/diagnostic.js';
import type { TargetTiming } from '../schemas/target.js';
import type { FigureReader, Picoseconds } from './quantities.js';

/**
 * How long the barrier takes that ends a timestep once every core is done, by number of tiles in use.
 * Linear between the target's points, rounded to a picosecond; below the first and above the last point it is theirs.
 * Points without a value are passed over and listed as unknown; without any point the barrier counts as 0.
 */
export function barrierTime(points: TargetTiming['barrier'], tiles: number, figures: FigureReader): Picoseconds {
  const known: { readonly tiles: number; readonly time: Picoseconds }[] = [];
  for (const point of points) {
    const name = `timing.barrier (tiles: ${point.tiles})`;
    if (!Number.isFinite(point.tiles))
      throw failure('SW3004', { where: name, what: 'The number of tiles is not finite.' });
    const time = figures.duration(name, point.time);
    if (point.time.value !== null) known.push({ tiles: point.tiles, time });
  }
  known.sort((a, b) => a.tiles - b.tiles);
  const above = known.find((point) => point.tiles >= tiles);
  const below = known.findLast((point) => point.tiles <= tiles);
  if (above === undefined) return below?.time ?? (0 as Picoseconds);
  if (below === undefined || below.tiles === above.tiles) return above.time;
  const share = (tiles - below.tiles) / (above.tiles - below.tiles);
  return Math.round(below.time + share * (above.time - below.time)) as Picoseconds;
}
