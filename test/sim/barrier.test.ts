import { describe, expect, it } from 'vitest';
import { barrierTime } from '../../sim/barrier.js';
import { FigureReader } from '../../sim/quantities.js';
import { figure, unknownFigure } from './tiny-target.js';

describe('the barrier takes', () => {
  const points = [
    { tiles: 9, time: figure(0.5, 'us') },
    { tiles: 1, time: figure(100, 'ns') },
    { tiles: 5, time: figure(300, 'ns') },
  ];
  const time = (tiles: number) => barrierTime(points, tiles, new FigureReader());

  it('its points’ times, and in between what lies on the line', () => {
    expect([1, 5, 9].map(time)).toEqual([100_000, 300_000, 500_000]);
    // One of four steps from 100 to 300 ns; three of four from 300 to 500.
    expect([2, 8].map(time)).toEqual([150_000, 450_000]);
  });

  it('the last point’s time beyond it', () => {
    expect(time(40)).toBe(500_000);
  });

  it('nothing where no point has a value, and the points are listed as unknown', () => {
    const figures = new FigureReader();
    expect(barrierTime([{ tiles: 1, time: unknownFigure('ns') }], 4, figures)).toBe(0);
    expect(figures.unknown).toEqual(['timing.barrier (tiles: 1)']);
  });
});
