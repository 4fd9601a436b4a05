import { failure } from '../schemas/diagnostic.js';
import type { Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { AnalyticClock } from './analytic-clock.js';
import { flipBits } from './bit-flips.js';
import { CycleClock } from './cycle-clock.js';
import { DriveLoader } from './drive-loader.js';
import { type EnergyFigures, energyCost, readEnergyFigures } from './energy.js';
import { totalEvents } from './events.js';
import type { Fault, FaultDraw } from './fault.js';
import { FaultInjector, touchesMessages } from './fault-injector.js';
import { loadMachine, type Machine } from './machine.js';
import { Readout } from './readout.js';
import type { SampleAccount } from './sample-account.js';
import type { SampleResult, SampleTime, TimingMode } from './sample-result.js';
import { SampleStream, type StreamOptions } from './sample-stream.js';
import type { TimestepClock } from './timestep-clock.js';
import { readTimingFigures, type TimingFigures } from './timing-figures.js';

/** How a simulator runs. */
export interface SimulatorOptions {
  readonly timing: TimingMode;
  /** Name of one of the target's energy profiles; without it the target's default. */
  readonly energyProfile?: string;
  /** What is broken; only with timing off, for no clock times the ways round a fault. */
  readonly fault?: { readonly fault: Fault; readonly draw: FaultDraw };
  /** Of simulators of this Program with these faults, which have their weights in common in it; see openMachineMemory. */
  readonly memory?: WebAssembly.Memory;
}

/**
 * Runs a Program on its chips: samples one at a time, or overlapping where the Program says so (`sampleInterval`).
 *
 * At each step t, in this order: axons that the host drives at t add to the accumulators; every core updates its
 * compartments (the integer contract of the Program's docstrings); spikes go out, and their weights are added for
 * step t + 1, or a synapse's delay later. The membranes start at zero. Outside its window a population goes on updating, with the parameters of the
 * window's nearest step, but without drive and static bias: the host loads a drive before the window's first step and
 * clears it after the last (part of `hostSampleLoad`), so that a driven population does not fire on for nothing.
 * Where samples overlap, a population's membranes are cleared when its window opens for the next.
 *
 * Nothing but the Program and the target is read; the same drives give the same result, whatever ran before.
 */
export class Simulator {
  readonly program: Program;
  readonly timing: TimingMode;
  readonly energyFigures: EnergyFigures;
  readonly timingFigures: TimingFigures;
  readonly machine: Machine;
  readonly #clock: TimestepClock | null;
  readonly #drives: DriveLoader;
  readonly #readout: Readout;
  /** What is broken, and the bits flipped in synapse memory. */
  readonly faults: FaultInjector | null;
  readonly flippedBits: number;

  /**
   * Throws SW1005 to SW1007 for a Program whose parts contradict each other, SW3001 for one that cannot be simulated, SW3002 for one that the target cannot hold, SW3003 for
   * malformed synapse memory, SW3004 for unusable target figures, SW3005 for an unknown energy profile, SW3007 for
   * weights that 32-bit accumulators cannot sum, SW3010 for one that needs more memory than there is, SW3011 for samples
   * that overlap on a chip that cannot keep them apart, SW3013 for timesteps that could be too long to time, SW3025 for a
   * fault in a timed simulation.
   */
  constructor(program: Program, target: Target, options: SimulatorOptions) {
    const { fault, timing, memory } = options;
    if (fault !== undefined && timing !== 'off') {
      throw failure('SW3025', { where: 'timing', what: `faults are simulated with timing off, not “${timing}”.` });
    }
    const flipped = fault?.fault.kind === 'bitflip' ? flipBits(program, target, fault.fault.rate, fault.draw) : null;
    this.program = flipped?.program ?? program;
    this.flippedBits = flipped?.bits ?? 0;
    this.timing = timing;
    this.energyFigures = readEnergyFigures(target, options.energyProfile);
    const delivery = {
      oneByOne: fault !== undefined && touchesMessages(fault.fault),
      perStep: fault?.fault.kind === 'delay' ? 2 : 1,
    };
    this.machine = loadMachine(this.program, target, delivery, memory);
    this.faults = fault === undefined ? null : new FaultInjector(this.machine, fault.fault, fault.draw);
    this.timingFigures = readTimingFigures(target, this.machine.board.tilesInUse);
    this.#clock = makeClock(options.timing, this.machine, this.timingFigures);
    this.#drives = new DriveLoader(this.machine);
    this.#readout = new Readout(this.machine);
  }

  /**
   * One sample alone. `drives` are in the order of `program.drives`, each the current of its population's neurons
   * [H·W·C] in membrane units. Throws SW3006 for a wrong number or length of drives, or a current off the drive's grid.
   */
  run(drives: readonly Int32Array[], options: StreamOptions = {}): SampleResult {
    return this.#stream([drives], options)[0]!;
  }

  /**
   * Samples, each with its drives: one after the other, or overlapping where the Program says so. Every event and every
   * timestep is accounted to one sample, and a pipeline fills and drains once. Throws SW3006.
   */
  runStream(samples: readonly (readonly Int32Array[])[], options: StreamOptions = {}): SampleResult[] {
    const { sampleInterval, stepsPerSample } = this.program;
    if (sampleInterval === stepsPerSample) {
      const { first = 0 } = options;
      return samples.map((drives, sample) => this.run(drives, { ...options, first: first + sample }));
    }
    return samples.length === 0 ? [] : this.#stream(samples, options);
  }

  #stream(samples: readonly (readonly Int32Array[])[], options: StreamOptions): SampleResult[] {
    const { sampleInterval, stepsPerSample } = this.program;
    const { machine, faults, timingFigures: figures } = this;
    const timesSpikes = this.timing === 'cycle';
    const setup = {
      machine,
      faults,
      figures,
      clock: this.#clock,
      timesSpikes,
      drives: this.#drives,
      readout: this.#readout,
    };
    const stream = new SampleStream(setup, samples, options);
    stream.run();
    const times = stream.time?.end(sampleInterval, stepsPerSample);
    const last = samples.length - 1;
    return stream.accounts.map((account, sample) => {
      return this.#result(account, sample === last ? stepsPerSample : sampleInterval, times?.[sample] ?? null);
    });
  }

  /** `barriers`: timesteps that are accounted to this sample. */
  #result(account: SampleAccount, barriers: number, time: SampleTime | null): SampleResult {
    const { program, machine } = this;
    const { readout, log, byCore, byPopulation, lost, late, saturations, inputsBeyondMax } = account;
    const { scale } = program.populations[this.#readout.population]!;
    const period = time?.period ?? null;
    return {
      readout,
      logits: quotients(readout, scale * program.timesteps),
      populations: log.activity(),
      byCore,
      byPopulation,
      synapticOperations: totalEvents(byCore, 'synapticOperation'),
      messages: totalEvents(byCore, 'messageOut'),
      hops: totalEvents(byCore, 'hopEastWest') + totalEvents(byCore, 'hopNorthSouth'),
      lost,
      late,
      saturations,
      inputsBeyondMax,
      energy: energyCost(this.energyFigures, byCore, byPopulation, barriers, machine.board.chipsInUse, period),
      time,
    };
  }
}

function makeClock(timing: TimingMode, machine: Machine, figures: TimingFigures): TimestepClock | null {
  switch (timing) {
    case 'cycle':
      return new CycleClock(machine, figures);
    case 'analytic':
      return new AnalyticClock(machine, figures);
    case 'off':
      return null;
    default:
      throw failure('SW3001', { where: 'timing', what: `“${String(timing)}” is not one of cycle, analytic, off.` });
  }
}

function quotients(values: Int32Array, divisor: number): Float64Array {
  const quotients = new Float64Array(values.length);
  for (let k = 0; k < values.length; k++) quotients[k] = values[k]! / divisor;
  return quotients;
}
