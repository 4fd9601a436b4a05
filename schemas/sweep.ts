import type { ReportProportion } from './report.js';

/** The values that a sweep tries of each setting; those left out stay as the run's configuration has them. */
export interface SweepSpace {
  /** Bits of a weight; null is the target's own. */
  readonly weightBits?: readonly (number | null)[];
  /** T. */
  readonly timesteps?: readonly number[];
  /** Factors on the calibrated thresholds. */
  readonly thresholdScales?: readonly number[];
  /** Names of bundled targets, or paths of target files. */
  readonly targets?: readonly string[];
  readonly placementSeeds?: readonly number[];
}

/** A sweep over the design space of one run: one JSON file, validated by sweep.schema.json. */
export interface SweepConfig {
  readonly formatVersion: 1;
  /** Path of the run's configuration; null for the demo's. */
  readonly run: string | null;
  readonly space: SweepSpace;
  /** Folder of the artefacts that the points share. */
  readonly out: string;
}

/** What makes one point of a sweep differ from the others. */
export interface SweepSettings {
  readonly target: string;
  readonly weightBits: number;
  readonly timesteps: number;
  readonly thresholdScale: number;
  readonly placementSeed: number;
}

/** A point of a sweep; all that was measured is null of one that the compiler refused. Means per sample. */
export interface SweepPoint extends SweepSettings {
  /** Not dominated: no other point is at least as good in energy, latency and robust accuracy, and better in one. */
  readonly onFront: boolean;
  /** Of the chip, on clean images and on those crafted against its integer twin. */
  readonly clean: ReportProportion | null;
  readonly robust: ReportProportion | null;
  /** Null also where the target has no figure at all. */
  readonly energyJoules: number | null;
  readonly latencySeconds: number | null;
  readonly spikesPerSample: number | null;
  readonly cores: number | null;
  readonly chips: number | null;
  /** Spikes and readouts in which chip and twin differ. */
  readonly mismatches: number | null;
  readonly energyProfile: string | null;
  /** Figures that the target has not, which count as nothing: energy and latency are then lower bounds. */
  readonly unknownFigures: readonly string[];
  /** Why the compiler refused the point; empty where it did not. */
  readonly refused: readonly { readonly code: string; readonly where: string; readonly what: string }[];
}

/** What a sweep came to. */
export interface SweepResult {
  readonly format: 'spikewright/sweep';
  readonly formatVersion: 1;
  readonly name: string;
  readonly dataset: string;
  readonly seed: number;
  readonly attack: string;
  /** Attacked images, and images by which energy and latency are measured. */
  readonly samples: number;
  readonly simulatedSamples: number;
  /** By a name made of the settings, in the order in which they were measured. */
  readonly points: Readonly<Record<string, SweepPoint>>;
}
