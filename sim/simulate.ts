import { failure } from '../schemas/diagnostic.js';
import type { Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { AnalyticClock } from './analytic-clock.js';
import { Attribution } from './attribution.js';
import type { Core, SentMessages, StepWindows } from './core.js';
import { CycleClock } from './cycle-clock.js';
import { DriveLoader } from './drive-loader.js';
import { type EnergyFigures, energyCost, readEnergyFigures } from './energy.js';
import { addEvents, type EventCounts, eventsOf, noEvents, totalEvents } from './events.js';
import { loadMachine, type Machine } from './machine.js';
import type { Observer } from './observer.js';
import type { Picoseconds } from './quantities.js';
import type { SampleResult, SampleTime, TimingMode } from './sample-result.js';
import { SpikeLog } from './spike-log.js';
import type { TimestepClock, TimestepTime } from './timestep-clock.js';
import { readTimingFigures, type TimingFigures } from './timing-figures.js';

/** How a simulator runs. */
export interface SimulatorOptions {
  readonly timing: TimingMode;
  /** Name of one of the target's energy profiles; without it the target's default. */
  readonly energyProfile?: string;
}

/** What to keep of a run besides its counts. */
export interface RunOptions {
  /** Keep every spike of every population's window. */
  readonly record?: boolean;
  /** Who watches, and the number that the sample has for it. */
  readonly observer?: { readonly observer: Observer; readonly sample: number } | undefined;
}

/**
 * Runs a Program on its chips, one sample at a time.
 *
 * At each step t of a sample, in this order: axons that the host drives at t add to the accumulators; every core updates
 * its compartments (the integer contract of the Program's docstrings); spikes go out, and their weights are added for
 * step t + 1, or a synapse's delay later. The membranes start at zero. Outside its window a population goes on updating, with the parameters of the
 * window's nearest step, but without drive and static bias: the host loads a drive before the window's first step and
 * clears it after the last (part of `hostSampleLoad`), so that a driven population does not fire on for nothing.
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
  readonly #attribution: Attribution;
  readonly #drives: DriveLoader;
  readonly #windows: StepWindows;
  readonly #hostWork: Float64Array;
  readonly #readout: number;

  /**
   * Throws SW1005 to SW1007 for a Program whose parts contradict each other, SW3001 for one that cannot be simulated, SW3002 for one that the target cannot hold, SW3003 for
   * malformed synapse memory, SW3004 for unusable target figures, SW3005 for an unknown energy profile, SW3007 for
   * weights that 32-bit accumulators cannot sum, SW3010 for one that needs more memory than there is.
   */
  constructor(program: Program, target: Target, options: SimulatorOptions) {
    this.program = program;
    this.timing = options.timing;
    this.energyFigures = readEnergyFigures(target, options.energyProfile);
    this.machine = loadMachine(program, target);
    this.timingFigures = readTimingFigures(target, this.machine.board.tilesInUse);
    this.#clock = makeClock(options.timing, this.machine, this.timingFigures);
    this.#attribution = new Attribution(this.machine);
    this.#drives = new DriveLoader(this.machine);
    const populations = program.populations.length;
    this.#windows = { row: new Int32Array(populations), inWindow: new Uint8Array(populations) };
    this.#hostWork = new Float64Array(this.machine.cores.length);
    this.#readout = program.populations.findIndex(({ kind }) => kind === 'readout');
  }

  /**
   * One sample. `drives` are in the order of `program.drives`, each the current of its population's neurons
   * [H·W·C] in membrane units. Throws SW3006 for a wrong number or length of drives, or a current off the drive's grid.
   */
  run(drives: readonly Int32Array[], options: RunOptions = {}): SampleResult {
    const { program, machine } = this;
    const { cores } = machine;
    this.#drives.load(drives);
    for (const core of cores) core.reset();
    this.#clock?.reset();
    this.#clock?.observe(options.observer?.observer.packets ?? null);
    const log = new SpikeLog(program, options.record === true);
    const byCore = noEvents(cores.length);
    const byPopulation = noEvents(program.populations.length);
    const timesteps: TimestepTime[] = [];
    let readout = new Int32Array(0);
    let start: number = this.timingFigures.hostSampleLoad;
    const { phase } = program.populations[this.#readout]!;
    for (let step = 0; step < program.stepsPerSample; step++) {
      this.#openStep(step);
      for (const core of cores) {
        core.update(this.#windows, byPopulation);
        addEvents(byCore, core.number, 'neuronUpdateActive', core.somas.activeCount);
      }
      for (const core of cores) {
        log.keep(core, step);
        this.#send(core, byCore, byPopulation);
      }
      for (const core of cores) core.accumulate();
      const time = this.#clock?.timestep(this.#hostWork) ?? null;
      options.observer?.observer.step({
        sample: options.observer.sample,
        step,
        machine,
        start: this.#clock === null ? null : start,
        time,
        linkMessages: this.#clock?.linkMessages ?? null,
      });
      if (time !== null) {
        timesteps.push(time);
        start += time.duration;
      }
      if (step === phase + program.timesteps - 1) readout = this.#readMembranes();
    }
    this.#attribution.addTo(byCore, byPopulation);
    this.#countInactive(byCore, byPopulation);
    return this.#result(readout, log, byCore, byPopulation, timesteps);
  }

  /** Local times of step t, and the axons that the host drives in it. */
  #openStep(step: number): void {
    const { program, machine } = this;
    const { timesteps } = program;
    const { axonIn, synapticOperation } = this.timingFigures;
    for (const [population, { phase }] of program.populations.entries()) {
      const local = step - phase;
      this.#windows.row[population] = Math.min(Math.max(local, 0), timesteps - 1);
      this.#windows.inWindow[population] = local >= 0 && local < timesteps ? 1 : 0;
    }
    this.#hostWork.fill(0);
    for (const { core, inlet, firstStep } of machine.hostInputs) {
      if (step < firstStep || step >= firstStep + timesteps) continue;
      const receiver = machine.cores[core]!;
      receiver.axonIn.receive(inlet);
      this.#hostWork[core]! += axonIn + receiver.axonIn.synapseCount[inlet]! * synapticOperation;
    }
    for (const { core } of machine.hostInputs) machine.cores[core]!.accumulate();
  }

  /** Delivers the messages of a core's spikes for the next step. */
  #send(core: Core, byCore: EventCounts, byPopulation: EventCounts): void {
    const { somas, ranges, number } = core;
    let spike = 0;
    for (const { population, end } of ranges) {
      const first = spike;
      while (spike < somas.spikeCount && somas.spiked[spike]! < end) spike++;
      if (spike === first) continue;
      const sent = core.send(first, spike);
      addSent(byCore, number, spike - first, sent);
      addSent(byPopulation, population, spike - first, sent);
    }
  }

  #readMembranes(): Int32Array<ArrayBuffer> {
    const { shape } = this.program.populations[this.#readout]!;
    const values = new Int32Array(shape[0] * shape[1] * shape[2]);
    for (const { ranges, neuron, somas } of this.machine.cores) {
      for (const { population, first, end } of ranges) {
        if (population !== this.#readout) continue;
        for (let k = first; k < end; k++) values[neuron[k]!] = somas.membrane[k]!;
      }
    }
    return values;
  }

  #countInactive(byCore: EventCounts, byPopulation: EventCounts): void {
    const { stepsPerSample } = this.program;
    for (const { number, compartments, ranges } of this.machine.cores) {
      addEvents(
        byCore,
        number,
        'neuronUpdateInactive',
        compartments * stepsPerSample - eventsOf(byCore, number, 'neuronUpdateActive'),
      );
      for (const { population, first, end } of ranges) {
        addEvents(byPopulation, population, 'neuronUpdateInactive', (end - first) * stepsPerSample);
      }
    }
    for (let row = 0; row < byPopulation.rows; row++) {
      addEvents(byPopulation, row, 'neuronUpdateInactive', -eventsOf(byPopulation, row, 'neuronUpdateActive'));
    }
  }

  #result(
    readout: Int32Array,
    log: SpikeLog,
    byCore: EventCounts,
    byPopulation: EventCounts,
    timesteps: readonly TimestepTime[],
  ): SampleResult {
    const { program, machine } = this;
    const time = this.#sampleTime(timesteps);
    const unit = program.populations[this.#readout]!.scale * program.timesteps;
    return {
      readout,
      logits: Float64Array.from(readout, (value) => value / unit),
      populations: log.activity(),
      byCore,
      byPopulation,
      synapticOperations: totalEvents(byCore, 'synapticOperation'),
      messages: totalEvents(byCore, 'messageOut'),
      hops: totalEvents(byCore, 'hopEastWest') + totalEvents(byCore, 'hopNorthSouth'),
      saturations: machine.cores.reduce((sum, core) => sum + core.saturations, 0),
      inputsBeyondMax: machine.cores.reduce((sum, core) => sum + core.inputsBeyondMax, 0),
      energy: energyCost(
        this.energyFigures,
        byCore,
        byPopulation,
        program.stepsPerSample,
        machine.board.chipsInUse,
        time?.period ?? null,
      ),
      time,
    };
  }

  #sampleTime(timesteps: readonly TimestepTime[]): SampleTime | null {
    if (this.#clock === null) return null;
    const { hostSampleLoad, hostReadout, hostSampleReset } = this.timingFigures;
    const running = timesteps.reduce((sum, { duration }) => sum + duration, 0);
    const latency = hostSampleLoad + running + hostReadout;
    return {
      latency: latency as Picoseconds,
      period: (latency + hostSampleReset) as Picoseconds,
      hostLoad: hostSampleLoad,
      hostReadout,
      hostReset: hostSampleReset,
      timesteps,
      linkMessages: this.#clock.linkMessages.slice(),
      sendBusy: this.#clock.sendBusy.slice(),
      receiveBusy: this.#clock.receiveBusy.slice(),
    };
  }
}

function addSent(counts: EventCounts, row: number, spikes: number, sent: SentMessages): void {
  addEvents(counts, row, 'spikeOut', spikes);
  addEvents(counts, row, 'messageOut', sent.messages);
  addEvents(counts, row, 'withinTile', sent.messages);
  addEvents(counts, row, 'hopEastWest', sent.eastWest);
  addEvents(counts, row, 'hopNorthSouth', sent.northSouth);
  addEvents(counts, row, 'chipToChip', sent.chipCrossings);
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
