import { SpikewrightError } from '../../schemas/diagnostic.js';
import type { Program } from '../../schemas/program.js';
import type { InjectedFault, Statistics } from '../../schemas/stats.js';
import type { Target } from '../../schemas/target.js';
import { readTarget } from '../../schemas/target-file.js';
import type { Fault } from '../../sim/fault.js';
import type { Observer } from '../../sim/observer.js';
import type { SampleResult, TimingMode } from '../../sim/sample-result.js';
import { Simulator, type SimulatorOptions } from '../../sim/simulate.js';
import { SimulationStatistics } from '../../sim/stats.js';
import type { EncodedSample } from '../drive.js';
import { encodeImages } from '../drive.js';
import { deriveSeed } from '../seed.js';
import { predictions } from '../train/loss.js';
import type { SampleRecord } from '../twin/record.js';

/** How the chip is simulated. */
export interface ChipOptions {
  readonly timing: TimingMode;
  /** One of the target's energy profiles; undefined for its default. */
  readonly energyProfile?: string | undefined;
  /** What is broken, and the seed of where it strikes; only with timing off. */
  readonly fault?: { readonly fault: Fault; readonly seed: number } | undefined;
}

/** Whether every spike and readout is wanted; they take T bytes per neuron and sample. */
interface RecordOptions {
  readonly record: boolean;
  /** Number of the first sample; 0 unless given. */
  readonly first?: number;
  /** Who watches the samples. */
  readonly watch?: Observer;
}

/** What N samples did: plain data. */
export interface ChipRun {
  /** [N, classes], readout/(scale·T). */
  readonly logits: Float32Array;
  /** N records where they were asked for, else none. */
  readonly records: readonly SampleRecord[];
  /** What a fault has struck for good; null without a fault. */
  readonly injected: InjectedFault | null;
  /** N results, without the recordings that stand in `records`. */
  readonly results: readonly SampleResult[];
}

/** A program on its simulated chips, which sees nothing but the program: also its target is the one written in it. */
export class Chip {
  readonly program: Program;
  private readonly simulator: Simulator;
  /** Drives of the images run last, over which the next are written. */
  private spent: readonly EncodedSample[] = [];

  /**
   * `memory` is for chips of this program with these faults in several threads. Throws what reading the target (SW102x) and
   * loading the program (SW300x) throw.
   */
  constructor(program: Program, options: ChipOptions, memory?: WebAssembly.Memory) {
    this.program = program;
    this.simulator = openSimulator(program, simulatorOptions(options), memory);
  }

  /** Runs images [N, H, W, C], one after the other, or overlapping where the program says so. Throws SW5001. */
  run(images: Float32Array, options: RecordOptions): ChipRun {
    this.spent = encodeImages(this.program.drives, images, this.spent);
    return this.runEncoded(this.spent, options);
  }

  /** Runs samples whose drives are already encoded. */
  runEncoded(samples: readonly EncodedSample[], { record, watch, first = 0 }: RecordOptions): ChipRun {
    const runs = this.simulator.runStream(samples, { record, first, observer: watch });
    const classes = runs[0]?.logits.length ?? 0;
    const logits = new Float32Array(runs.length * classes);
    const records: SampleRecord[] = [];
    const results: SampleResult[] = [];
    for (const [n, result] of runs.entries()) {
      logits.set(result.logits, n * classes);
      if (record) records.push(this.recordOf(result));
      const populations = result.populations.map((activity) => ({ ...activity, recording: null }));
      results.push({ ...result, populations });
    }
    return { logits, records, results, injected: this.injected() };
  }

  private injected(): InjectedFault | null {
    const { faults, flippedBits } = this.simulator;
    if (faults === null) return null;
    const name = (core: number): string => `${this.program.cores[core]!.chip}/${this.program.cores[core]!.core}`;
    const unreachable = faults.unreachable().map(({ from, to }) => ({ from: name(from), to: name(to) }));
    return { flippedBits, neurons: faults.neurons, unreachable };
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

/** The class that the chip puts a sample in: that of the largest logit, as float32. */
export function predictedClass({ logits }: SampleResult): number {
  return predictions(Float32Array.from(logits), 1)[0]!;
}

/** Statistics to which samples of a program that run with these options can be added. */
export function openStatistics(program: Program, options: ChipOptions): SimulationStatistics {
  return new SimulationStatistics(program, targetOf(program), simulatorOptions(options));
}

/** The statistics of at least one sample of a program that ran with these options. */
export function chipStatistics(program: Program, options: ChipOptions, results: readonly SampleResult[]): Statistics {
  const statistics = openStatistics(program, options);
  for (const result of results) statistics.add(result);
  return statistics.summary();
}

function targetOf(program: Program): Target {
  return readTarget(program.targetJson, `target of program ${program.name}`);
}

/** In the memory shared with others, or, where that is full, in one of its own. */
function openSimulator(program: Program, options: SimulatorOptions, memory: WebAssembly.Memory | undefined): Simulator {
  const target = targetOf(program);
  if (memory === undefined) return new Simulator(program, target, options);
  try {
    return new Simulator(program, target, { ...options, memory });
  } catch (error) {
    if (!(error instanceof SpikewrightError) || error.diagnostics[0]?.code !== 'SW3010') throw error;
    return new Simulator(program, target, options);
  }
}

function simulatorOptions({ timing, energyProfile, fault }: ChipOptions): SimulatorOptions {
  return {
    timing,
    ...(energyProfile === undefined ? {} : { energyProfile }),
    ...(fault === undefined
      ? {}
      : { fault: { fault: fault.fault, draw: (purpose, ...indices) => deriveSeed(fault.seed, purpose, ...indices) } }),
  };
}
