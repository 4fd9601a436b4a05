/** How fast a stage went. */
export interface StageSpeed {
  readonly samples: number;
  readonly seconds: number;
  readonly samplesPerSecond: number;
}

interface Watched {
  readonly began: number;
  /** The first report: what was done by then, perhaps by an earlier run that is gone on with. */
  first: { readonly done: number; readonly time: number } | null;
  done: number;
  time: number;
}

/** Takes the time of stages by what their progress reports. */
export class StageClock {
  private readonly stages = new Map<string, Watched>();

  /** @param now milliseconds that only grow */
  constructor(private readonly now: () => number) {}

  /** A stage begins, unless it has begun. */
  begin(stage: string): void {
    const began = this.now();
    if (!this.stages.has(stage)) this.stages.set(stage, { began, first: null, done: 0, time: began });
  }

  /** A stage that has begun reports so many units done. */
  report(stage: string, done: number): void {
    const watched = this.stages.get(stage)!;
    watched.done = done;
    watched.time = this.now();
    watched.first ??= { done, time: watched.time };
  }

  /**
   * The speed of a stage that went through `samples`, from its beginning to its last report. Where they are not given it
   * is the speed between its first report and its last, which then have to count samples. Null where it took no time.
   */
  speed(stage: string, samples?: number): StageSpeed | null {
    const watched = this.stages.get(stage);
    if (watched?.first == null) return null;
    const { began, first, done, time } = watched;
    const count = samples ?? done - first.done;
    const seconds = (time - (samples === undefined ? first.time : began)) / 1000;
    return count > 0 && seconds > 0 ? { samples: count, seconds, samplesPerSecond: count / seconds } : null;
  }
}
