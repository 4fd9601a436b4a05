import type { Program } from '../../schemas/program.js';
import { readTarget } from '../../schemas/target-file.js';
import type { TimingMode } from '../../sim/sample-result.js';
import { Simulator } from '../../sim/simulate.js';
import type { EncodedSample } from '../drive.js';
import { encodeImages } from '../drive.js';
import type { SampleRecord } from '../twin/record.js';
import type { ChipActivity } from './chip-activity.js';
import { addActivity, sampleActivity } from './chip-activity.js';

/** How the chip is simulated. */
export interface ChipOptions {
  readonly timing: TimingMode;
  /** One of the target's energy profiles; undefined for its default. */
  readonly energyProfile?: string | undefined;
}

/** Whether every spike and readout is wanted; they take T bytes per neuron and sample. */
interface RecordOptions {
  readonly record: boolean;
}

/** What N samples did. */
export interface ChipRun {
  /** [N, classes], readout/(scale·T). */
  readonly logits: Float32Array;
  /** N records where they were asked for, else none. */
  readonly records: readonly SampleRecord[];
  readonly activity: ChipActivity;
}

/** A program on its simulated chips, which sees nothing but the program: also its target is the one written in it. */
export class Chip {
  readonly program: Program;
  private readonly simulator: Simulator;

  /** Throws what reading the target (SW102x) and loading the program (SW300x) throw. */
  constructor(program: Program, { timing, energyProfile }: ChipOptions) {
    this.program = program;
    const target = readTarget(program.targetJson, `target of program ${program.name}`);
    this.simulator = new Simulator(program, target, {
      timing,
      ...(energyProfile === undefined ? {} : { energyProfile }),
    });
  }

  /** Figures of the target without a public value: energies and times are lower bounds where there are any. */
  get unknownFigures(): readonly string[] {
    return [...this.simulator.energyFigures.unknown, ...this.simulator.timingFigures.unknown];
  }

  /** Runs images [N, H, W, C], N ≥ 1, one after the other. Throws SW5001. */
  run(images: Float32Array, options: RecordOptions): ChipRun {
    return this.runEncoded(encodeImages(this.program.drives, images), options);
  }

  /** Runs N ≥ 1 samples whose drives are already encoded. */
  runEncoded(samples: readonly EncodedSample[], { record }: RecordOptions): ChipRun {
    const logits: number[] = [];
    const records: SampleRecord[] = [];
    let activity: ChipActivity | null = null;
    for (const drives of samples) {
      const result = this.simulator.run(drives, { record });
      logits.push(...result.logits);
      const own = sampleActivity(this.program, result);
      activity = activity === null ? own : addActivity(activity, own);
      if (!record) continue;
      const spikes = new Map<string, Uint8Array>();
      for (const [index, { name, kind }] of this.program.populations.entries()) {
        if (kind === 'spiking') spikes.set(name, result.populations[index]!.recording!);
      }
      records.push({ spikes, readout: result.readout });
    }
    if (activity === null) throw new RangeError('no sample to run');
    return { logits: Float32Array.from(logits), records, activity };
  }
}
