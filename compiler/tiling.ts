import type { Projection } from '../schemas/spike.js';
import type { MapShape } from '../schemas/tensor.js';

/** Coordinates first … end − 1. */
export type Span = readonly [first: number, end: number];

/** The neurons of a population that one core holds: a box of rows, columns and channels. */
export interface Tile {
  readonly y: Span;
  readonly x: Span;
  readonly c: Span;
}

/** One axis of a projection: (pooled) source coordinate = target·stride + tap − before, tap in [0, kernel). */
export interface Axis {
  /** Pooled source coordinates. */
  readonly sources: number;
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
  /** Source neurons behind one pooled coordinate. */
  readonly pool: number;
}

/** The targets first … first + taps − 1 of one (pooled) source coordinate; the first hears it through kernel tap `tap`. */
export interface Reach {
  readonly source: number;
  readonly first: number;
  readonly taps: number;
  readonly tap: number;
}

/** Rows and columns of a projection. */
export function projectionAxes(projection: Projection<Int32Array>, from: MapShape): readonly [Axis, Axis] {
  const { kernel, stride, padding, pool } = projection;
  return [
    {
      sources: Math.floor(from[0] / pool[0]),
      kernel: kernel.shape[0],
      stride: stride[0],
      before: padding.top,
      pool: pool[0],
    },
    {
      sources: Math.floor(from[1] / pool[1]),
      kernel: kernel.shape[1],
      stride: stride[1],
      before: padding.left,
      pool: pool[1],
    },
  ];
}

/** The source coordinates that reach targets in `span`, ascending. */
export function axisReach({ sources, kernel, stride, before }: Axis, [spanFirst, spanEnd]: Span): Reach[] {
  const reaches: Reach[] = [];
  const lowest = Math.max(0, spanFirst * stride - before);
  const highest = Math.min(sources - 1, (spanEnd - 1) * stride + kernel - 1 - before);
  for (let source = lowest; source <= highest; source += 1) {
    const first = Math.max(spanFirst, Math.ceil((source + before - kernel + 1) / stride));
    const last = Math.min(spanEnd - 1, Math.floor((source + before) / stride));
    if (last < first) continue;
    reaches.push({ source, first, taps: last - first + 1, tap: source + before - first * stride });
  }
  return reaches;
}

/** The same sources with all the targets that their taps reach, in the span or not, on the grid or not. */
export function openReach(axis: Axis, span: Span): Reach[] {
  const { kernel, stride, before } = axis;
  return axisReach(axis, span).map(({ source }): Reach => {
    const first = Math.ceil((source + before - kernel + 1) / stride);
    const last = Math.floor((source + before) / stride);
    return { source, first, taps: last - first + 1, tap: source + before - first * stride };
  });
}

/** Every reach cut into those of up to `most` targets. */
export function shortReaches(reaches: readonly Reach[], stride: number, most: number): Reach[] {
  return reaches.flatMap(({ source, first, taps, tap }) =>
    Array.from({ length: Math.ceil(taps / most) }, (_, n): Reach => {
      const before = n * most;
      return { source, first: first + before, taps: Math.min(most, taps - before), tap: tap - before * stride };
    }),
  );
}

/** `parts` spans that differ in length by at most one. */
export function splitEvenly(extent: number, parts: number): Span[] {
  return Array.from(
    { length: parts },
    (_, n): Span => [Math.floor((n * extent) / parts), Math.floor(((n + 1) * extent) / parts)],
  );
}

/** The numbers of parts worth trying: of those with the same longest part only the smallest. */
export function partCounts(extent: number): number[] {
  const counts: number[] = [];
  for (let parts = 1; parts <= extent; ) {
    counts.push(parts);
    const longest = Math.ceil(extent / parts);
    if (longest === 1) break;
    parts = Math.ceil(extent / (longest - 1));
  }
  return counts;
}

/** Rows, columns and channels of a tile. */
export function tileExtents({ y, x, c }: Tile): MapShape {
  return [y[1] - y[0], x[1] - x[0], c[1] - c[0]];
}
