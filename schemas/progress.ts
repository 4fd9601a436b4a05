/** How a run stands that goes on, or how it ended: what a pipeline writes beside its artefacts as it works. */
export interface RunProgress {
  readonly format: 'spikewright/progress';
  readonly formatVersion: 1;
  /** `running` also where the process was killed: then `process` is gone. */
  readonly state: 'running' | 'finished' | 'interrupted' | 'failed';
  /** UTC, as ISO 8601. */
  readonly started: string;
  readonly updated: string;
  readonly process: number;
  readonly host: string;
  /** Of a sweep, its points in their order. */
  readonly points?: readonly PointProgress[];
  /** Every stage of the pipeline, in its order; of a sweep those of the point at work. */
  readonly stages: readonly StageProgress[];
  /** Of finetuning, as it went; thinned out where there are many steps. */
  readonly curve: readonly TrainingPoint[];
  /** What made the run fail; empty where nothing did. */
  readonly failure: string;
}

export interface PointProgress {
  readonly name: string;
  /** `refused`: by the compiler. */
  readonly state: 'waiting' | 'running' | 'measured' | 'refused';
  /** What was measured, or why nothing was. */
  readonly note: string;
}

export interface StageProgress {
  readonly stage: string;
  readonly state: 'waiting' | 'running' | 'made' | 'reused';
  /** Units of work done and in all; 0 of 0 where they are not counted. */
  readonly done: number;
  readonly total: number;
  /** What is being done and how it stands, or what came out; may be empty. */
  readonly note: string;
  /** What the stage took, or has taken so far. */
  readonly seconds: number;
  /** Seconds until it is done, going on at this rate; null where that cannot be told. */
  readonly secondsLeft: number | null;
  /** Name of the folder of a finished stage's artefacts. */
  readonly folder: string | null;
}

/** After a training step: means over the epoch so far. */
export interface TrainingPoint {
  /** Steps done. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  readonly loss: number;
  readonly cleanAccuracy: number | null;
  readonly adversarialAccuracy: number | null;
}
