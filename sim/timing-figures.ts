import type { Target } from '../schemas/target.js';
import { barrierTime } from './barrier.js';
import { FigureReader, type Hertz, type Picoseconds } from './quantities.js';

/** A target's durations in integer picoseconds, the barrier for the tiles in use already chosen. */
export interface TimingFigures {
  readonly axonIn: Picoseconds;
  readonly synapticOperation: Picoseconds;
  readonly neuronUpdateActive: Picoseconds;
  readonly neuronUpdateInactive: Picoseconds;
  readonly spikeOut: Picoseconds;
  readonly withinTile: Picoseconds;
  readonly hopEastWest: Picoseconds;
  readonly hopNorthSouth: Picoseconds;
  readonly chipToChip: Picoseconds;
  readonly barrier: Picoseconds;
  readonly hostSampleLoad: Picoseconds;
  readonly hostSampleReset: Picoseconds;
  readonly hostReadout: Picoseconds;
  /** Messages that a link, a delivery port or a core's input queue holds; infinite where the target does not say. */
  readonly linkBuffer: number;
  /** Null where the chip has no clock, or no source tells its frequency. */
  readonly clockFrequency: Hertz | null;
  /** Figures without a value, counted as 0 (the buffer: as unlimited). */
  readonly unknown: readonly string[];
}

/** How lists of unknown figures name one of a target's timing. */
export function timingFigureName(name: string): string {
  return `timing.${name}`;
}

/** Throws SW3004 for a figure that cannot be used. */
export function readTimingFigures({ timing, mesh }: Target, tilesInUse: number): TimingFigures {
  const reader = new FigureReader();
  const { clockFrequency } = timing;
  const duration = (name: Exclude<keyof typeof timing, 'clock' | 'clockFrequency' | 'barrier'>): Picoseconds =>
    reader.duration(timingFigureName(name), timing[name]);
  const figures = {
    axonIn: duration('axonIn'),
    synapticOperation: duration('synapticOperation'),
    neuronUpdateActive: duration('neuronUpdateActive'),
    neuronUpdateInactive: duration('neuronUpdateInactive'),
    spikeOut: duration('spikeOut'),
    withinTile: duration('withinTile'),
    hopEastWest: duration('hopEastWest'),
    hopNorthSouth: duration('hopNorthSouth'),
    chipToChip: duration('chipToChip'),
    barrier: barrierTime(timing.barrier, tilesInUse, reader),
    hostSampleLoad: duration('hostSampleLoad'),
    hostSampleReset: duration('hostSampleReset'),
    hostReadout: duration('hostReadout'),
    linkBuffer: reader.capacity('mesh.linkBuffer', mesh.linkBuffer) ?? Number.POSITIVE_INFINITY,
    clockFrequency: clockFrequency === undefined ? null : reader.frequency('timing.clockFrequency', clockFrequency),
  };
  return { ...figures, unknown: reader.unknown };
}
