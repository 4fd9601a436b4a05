import type { Program } from '../../schemas/program.js';
import type { Statistics } from '../../schemas/stats.js';
import type { Target } from '../../schemas/target.js';
import { readTarget } from '../../schemas/target-file.js';
import type { Observer } from '../../sim/observer.js';
import type { SampleResult, TimingMode } from '../../sim/sample-result.js';
import { Simulator } from '../../sim/simulate.js';
import { SimulationStatistics } from '../../sim/stats.js';
import type { EncodedSample } from '../drive.js';
import { encodeImages } from '../drive.js';
import type { SampleRecord } from '../twin/record.js';

/** How the chip is simulated. */
export interface ChipOptions {
  readonly timing: TimingMode;
  /** One of the target's energy profiles; undefined for its default. */
  readonly energyProfile?: string | undefined;
}

/** Whether every spike and readout is wanted; they take T bytes per neuron and sample. */
interface RecordOptions {
  readonly record: boolean;
  /** Who watches the samples, and the number of the first. */
  readonly watch?: { readonly observer: Observer; readonly first: number };
}

/** What N samples did: plain data. */
export interface ChipRun {
  /** [N, classes], readout/(scale·T). */
  readonly logits: Float32Array;
  /** N records where they were asked for, else none. */
  readonly records: readonly SampleRecord[];
  /** N results, without the recordings that stand in `records`. */
  readonly results: readonly SampleResult[];
}

/** A program on its simulated chips, which sees nothing but the program: also its target is the one written in it. */
export class Chip {
  readonly program: Program;
  private readonly simulator: Simulator;

  /** Throws what reading the target (SW102x) and loading the program (SW300x) throw. */
  constructor(program: Program, options: ChipOptions) {
    this.program = program;
    this.simulator = new Simulator(program, targetOf(program), simulatorOptions(options));
  }

  /** Runs images [N, H, W, C], one after the other, or overlapping where the program says so. Throws SW5001. */
  run(images: Float32Array, options: RecordOptions): ChipRun {
    return this.runEncoded(encodeImages(this.program.drives, images), options);
  }

  /** Runs samples whose drives are already encoded; watched ones one after the other in any case. */
  runEncoded(samples: readonly EncodedSample[], { record, watch }: RecordOptions): ChipRun {
    const logits: number[] = [];
    const records: SampleRecord[] = [];
    const results: SampleResult[] = [];
    const runs =
      watch === undefined
        ? this.simulator.runStream(samples, { record })
        : samples.map((drives, k) => {
            return this.simulator.run(drives, {
              record,
              observer: { observer: watch.observer, sample: watch.first + k },
            });
          });
    for (const result of runs) {
      logits.push(...result.logits);
      if (record) records.push(this.recordOf(result));
      const populations = result.populations.map((activity) => ({ ...activity, recording: null }));
      results.push({ ...result, populations });
    }
    return { logits: Float32Array.from(logits), records, results };
  }

  private recordOf({ populations, readout }: SampleResult): SampleRecord {
    const spikes = new Map<string, Uint8Array>();
    for (const [index, { name }] of this.program.populations.entries()) {
      const { recording } = populations[index]!;
      if (recording !== null) spikes.set(name, recording);
    }
    return { spikes, readout };
  }
}

/** The statistics of at least one sample of a program that ran with these options. */
export function chipStatistics(program: Program, options: ChipOptions, results: readonly SampleResult[]): Statistics {
  const statistics = new SimulationStatistics(program, targetOf(program), simulatorOptions(options));
  for (const result of results) statistics.add(result);
  return statistics.summary();
}

function targetOf(program: Program): Target {
  return readTarget(program.targetJson, `target of program ${program.name}`);
}

function simulatorOptions({ timing, energyProfile }: ChipOptions) {
  return { timing, ...(energyProfile === undefined ? {} : { energyProfile }) };
}
