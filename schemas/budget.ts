import type { LevelName } from './report.js';

/** Figures of a report that a budget bounds from above, per inference where they depend on the sample. */
export interface BudgetCeilings {
  readonly energyJoules?: number;
  readonly latencySeconds?: number;
  readonly spikesPerSample?: number;
  readonly activeNeuronsPercent?: number;
  readonly synopsPerSample?: number;
  readonly cores?: number;
  readonly chips?: number;
  /** Of spikes and of readout values, together. */
  readonly mismatches?: number;
}

/** Figures of a report that a budget bounds from below, as shares in [0, 1]. */
export interface BudgetFloors {
  readonly accuracy?: Partial<Readonly<Record<LevelName, { readonly clean?: number; readonly robust?: number }>>>;
  /** Share of the clean images that chip and SNN put into the same class. */
  readonly agreement?: number;
}

/** What a deployment must keep to: one JSON file, validated by budget.schema.json. */
export interface Budget {
  readonly formatVersion: 1;
  readonly atMost: BudgetCeilings;
  readonly atLeast: BudgetFloors;
}
