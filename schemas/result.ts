import type { LevelName, ReportLevel, ReportProportion } from './report.js';

/** What `demo`, `run` and `verify` write with --json, as far as its keys are fixed: validated by result.schema.json. */
export interface Result {
  /** null, or absent, where a level was not measured. */
  readonly levels: Partial<Readonly<Record<LevelName, ReportLevel | null>>>;
  readonly samples: number;
  readonly spikeMismatches: number;
  readonly readoutMismatches: number;
  readonly agreement?: readonly {
    readonly levels: readonly string[];
    readonly clean: ReportProportion;
    readonly adversarial: ReportProportion;
  }[];
  /** Means per sample over the clean images; latency and energy null where they were not measured. */
  readonly chip: {
    readonly spikesPerSample: number;
    readonly activeNeuronsPercent: number;
    readonly synopsPerSample: number;
    readonly latencySeconds: number | null;
    readonly energyJoules: number | null;
    readonly cores: number;
    readonly chips: number;
  };
  /** Figures of the target that nobody published: times and energies are then lower bounds. */
  readonly unknownFigures?: { readonly timing: readonly string[]; readonly energy: readonly string[] };
  readonly seconds: number;
}
