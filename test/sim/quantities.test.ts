import { describe, expect, it } from 'vitest';
import {
  cycles,
  type Femtojoules,
  FigureReader,
  type Hertz,
  joules,
  type Picoseconds,
  seconds,
} from '../../sim/quantities.js';
import { figure, unknownFigure } from './tiny-target.js';

describe('figures become whole picoseconds, femtojoules and microwatts', () => {
  const reader = new FigureReader();

  it('from the units of data sheets', () => {
    expect(reader.duration('hop', figure(4.1, 'ns'))).toBe(4100);
    expect(reader.duration('barrier', figure(0.465, 'us'))).toBe(465_000);
    expect(reader.duration('load', figure(2, 'ms'))).toBe(2e9);
    expect(reader.energy('synapse', figure(23.6, 'pJ'))).toBe(23_600);
    expect(reader.power('static', figure(104, 'mW'))).toBe(104_000);
    expect(reader.power('static', figure(0.104, 'W'))).toBe(104_000);
    expect(reader.frequency('clock', figure(0.15, 'GHz'))).toBe(150e6);
  });

  it('and back into seconds and joules', () => {
    expect(seconds(1_500_000 as Picoseconds)).toBe(1.5e-6);
    expect(joules(2500 as Femtojoules)).toBe(2.5e-12);
    expect(cycles(1_000_000 as Picoseconds, 150e6 as Hertz)).toBe(150);
  });

  it('unless the unit belongs to something else', () => {
    expect(() => reader.duration('hop', figure(4.1, 'pJ'))).toThrow(/SW3004 hop: “pJ” is not a unit of a duration/);
    expect(() => reader.energy('synapse', figure(1, 'constructor'))).toThrow(/SW3004/);
    expect(() => reader.power('static', unknownFigure('ns'))).toThrow(/SW3004/);
  });

  it('unless the value is negative or not finite', () => {
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
      expect(() => reader.energy('synapse', figure(value, 'J'))).toThrow(/SW3004/);
    }
    expect(() => reader.frequency('clock', figure(0, 'MHz'))).toThrow(/SW3004 clock: 0 MHz is no clock’s/);
    expect(() => reader.capacity('linkBuffer', figure(0, 'messages'))).toThrow(/SW3004/);
    expect(() => reader.capacity('linkBuffer', figure(1.5, 'messages'))).toThrow(/SW3004/);
  });

  it('unknown ones count as nothing and are remembered once', () => {
    const figures = new FigureReader();
    expect(figures.energy('barrier', unknownFigure('pJ'))).toBe(0);
    expect(figures.energy('barrier', unknownFigure('pJ'))).toBe(0);
    expect(figures.capacity('linkBuffer', unknownFigure('messages'))).toBeNull();
    expect(figures.frequency('clock', unknownFigure('MHz'))).toBeNull();
    expect(figures.unknown).toEqual(['barrier', 'linkBuffer']);
  });
});
