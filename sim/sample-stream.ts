import { attributeReceived } from './attribution.js';
import type { DriveLoader } from './drive-loader.js';
import { addEvents, type EventCounts } from './events.js';
import type { FaultInjector, SentMessages } from './fault-injector.js';
import type { Machine } from './machine.js';
import type { Observer, SampleStep } from './observer.js';
import type { RangeCounts } from './range-table.js';
import type { Readout } from './readout.js';
import { SampleAccount } from './sample-account.js';
import { StreamTime } from './stream-time.js';
import type { TimestepClock } from './timestep-clock.js';
import type { TimingFigures } from './timing-figures.js';

/** What to keep of a stream besides its counts. */
export interface StreamOptions {
  /** Keep every spike of every population's window. */
  readonly record?: boolean;
  /** Number of the first sample, by which faults and observers tell samples apart; 0 unless given. */
  readonly first?: number;
  /** Who watches. */
  readonly observer?: Observer | undefined;
}

/** What the simulator brings to every stream. */
interface StreamSetup {
  readonly machine: Machine;
  readonly clock: TimestepClock | null;
  /** True where the clock must know of each spike. */
  readonly timesSpikes: boolean;
  readonly faults: FaultInjector | null;
  readonly figures: TimingFigures;
  readonly drives: DriveLoader;
  readonly readout: Readout;
}

/**
 * One run of the chip over samples, a new one every `sampleInterval` timesteps. At each step every population is at work
 * on one sample: on the first from the start, on the next from the step at which its window opens for that.
 */
export class SampleStream {
  readonly accounts: readonly SampleAccount[];
  readonly time: StreamTime | null;
  readonly #setup: StreamSetup;
  readonly #samples: readonly (readonly Int32Array[])[];
  readonly #observer: Observer | undefined;
  readonly #first: number;
  /** Picoseconds that each core spends in this step on axons that the host drives. */
  readonly #hostWork: Float64Array;
  readonly #overlaps: boolean;
  readonly #records: boolean;
  /** The first sample for each population. */
  readonly #firstOnly: Int32Array;

  /** Throws SW3006 for drives that cannot be loaded. */
  constructor(setup: StreamSetup, samples: readonly (readonly Int32Array[])[], options: StreamOptions) {
    const { machine, clock, figures, drives } = setup;
    const { populations, sampleInterval, stepsPerSample } = machine.program;
    for (const sample of samples) drives.check(sample);
    this.accounts = samples.map(() => new SampleAccount(machine, options.record === true));
    this.time = clock === null ? null : new StreamTime(clock, figures);
    this.#setup = setup;
    this.#samples = samples;
    this.#observer = options.observer;
    this.#first = options.first ?? 0;
    this.#hostWork = new Float64Array(machine.cores.length);
    this.#records = options.record === true;
    this.#overlaps = sampleInterval < stepsPerSample;
    this.#firstOnly = new Int32Array(populations.length);
  }

  run(): void {
    const { machine, clock, timesSpikes, faults, readout } = this.#setup;
    const { cores, program, ranges, memory, network } = machine;
    const { sampleInterval, stepsPerSample, timesteps, populations } = program;
    const { accounts, time } = this;
    for (const core of cores) core.reset();
    ranges.reset();
    // Of one sample alone, whether or not it could overlap with others, all is known at its end.
    const isSeen =
      timesSpikes || faults !== null || this.#records || this.#observer !== undefined || accounts.length > 1;
    memory.kernels.openNetwork(network, isSeen ? 2 : clock === null ? 0 : 1);
    faults?.open();
    clock?.observe(this.#observer?.packets ?? null);
    const steps = (accounts.length - 1) * sampleInterval + stepsPerSample;
    const readOutAfter = this.#overlaps ? populations[readout.population]!.phase + timesteps : stepsPerSample;
    let at = this.#samplesAt(0);
    for (let step = 0; step < steps; step++) {
      if (step % sampleInterval === 0 && step / sampleInterval < accounts.length) time?.begin();
      this.#openStep(step, at);
      this.#driveAxons(step);
      ranges.update();
      if (faults !== null) for (const core of cores) faults.alterSpikes(core);
      ranges.noteSpikes();
      this.#logSpikes(step, at);
      if (faults?.touchesMessages) this.#sendFaultily(faults, step, at);
      else ranges.send();
      faults?.deliverLate(step === steps - 1);
      for (let population = 0; population < at.length; population++) accounts[at[population]!]!.steps[population]!++;
      this.#readMembranes(step, at);
      // What arrives now acts in the next step, and counts for the samples of that.
      const next = this.#samplesAt(step + 1);
      this.#takeCounts(at, next);
      memory.kernels.accumulateAll(network);
      this.#endStep(step, at);
      at = next;
      const read = step + 1 - readOutAfter;
      if (read >= 0 && read % sampleInterval === 0 && read / sampleInterval < accounts.length) time?.readOut();
    }
    this.#takeCounts(at, null);
    for (const account of accounts) account.countInactive();
  }

  /** The sample that each population is at work on at a step. */
  #samplesAt(step: number): Int32Array {
    const { populations, sampleInterval, stepsPerSample } = this.#setup.machine.program;
    if (this.accounts.length === 1) return this.#firstOnly;
    return Int32Array.from(populations, ({ phase }) => {
      const sample = Math.max(Math.floor((step - phase) / sampleInterval), 0);
      // Between two windows a population goes on with the earlier sample, but no longer than that lasts.
      const isOver = step - sample * sampleInterval >= stepsPerSample;
      return Math.min(isOver ? sample + 1 : sample, this.accounts.length - 1);
    });
  }

  /** Local times of a step; where windows open, membranes and drives for their samples. */
  #openStep(step: number, at: Int32Array): void {
    const { machine, drives } = this.#setup;
    const { timesteps, sampleInterval, populations } = machine.program;
    for (let population = 0; population < populations.length; population++) {
      const sample = at[population]!;
      const local = step - sample * sampleInterval - populations[population]!.phase;
      const row = Math.min(Math.max(local, 0), timesteps - 1);
      machine.ranges.setWindow(population, row, local >= 0 && local < timesteps);
      if (local !== 0) continue;
      if (this.#overlaps) for (const core of machine.coresOf[population]!) core.clearMembranes(population);
      drives.load(population, this.#samples[sample]!);
    }
  }

  #driveAxons(step: number): void {
    const { machine, figures, faults } = this.#setup;
    const { timesteps, sampleInterval } = machine.program;
    if (machine.hostInputs.length === 0) return;
    this.#hostWork.fill(0);
    for (const { core, inlet, firstStep } of machine.hostInputs) {
      const sample = Math.min(Math.floor((step - firstStep) / sampleInterval), this.accounts.length - 1);
      if (sample < 0 || step >= sample * sampleInterval + firstStep + timesteps || faults?.isDead(core)) continue;
      const { axonIn } = machine.cores[core]!;
      axonIn.receive(inlet);
      this.#hostWork[core]! += figures.axonIn + axonIn.synapseCount[inlet]! * figures.synapticOperation;
    }
    for (const { core } of machine.hostInputs) machine.cores[core]!.axonIn.accumulate();
  }

  /** Takes down the spikes of a step; where a window closes, how many neurons fired in it. */
  #logSpikes(step: number, at: Int32Array): void {
    const { program, ranges, cores } = this.#setup.machine;
    const { sampleInterval, timesteps, populations } = program;
    for (let population = 0; population < populations.length; population++) {
      const sample = at[population]!;
      const { log } = this.accounts[sample]!;
      const own = step - sample * sampleInterval;
      log.count(population, ranges.spikes(population), own);
      if (own === populations[population]!.phase + timesteps - 1) log.close(population, ranges.takeFired(population));
    }
    if (!this.#records) return;
    ranges.forEachSpiking((core, population, first, end) => {
      const sample = at[population]!;
      this.accounts[sample]!.log.keep(cores[core]!, population, first, end, step - sample * sampleInterval);
    });
  }

  /** Sends the messages of all spikes that were counted, one by one. */
  #sendFaultily(faults: FaultInjector, step: number, at: Int32Array): void {
    const { program, ranges, cores } = this.#setup.machine;
    ranges.forEachSpiking((core, population, first, end) => {
      const sample = at[population]!;
      const account = this.accounts[sample]!;
      const own = step - sample * program.sampleInterval;
      const sent = faults.send(cores[core]!, first, end, this.#first + sample, own);
      account.lost += sent.lost;
      account.late += sent.late;
      addSent(account.byCore, core, sent, sent.lost);
      addSent(account.byPopulation, population, sent, sent.lost);
    });
  }

  /**
   * Counts what the cores of populations that are at work on another sample next (of all, where there is no `next`) have done and
   * received, for the sample that each is at work on.
   */
  #takeCounts(at: Int32Array, next: Int32Array | null): void {
    if (next === this.#firstOnly) return;
    const populations: boolean[] = [];
    const owners: SampleAccount[] = [];
    for (let population = 0; population < at.length; population++) {
      populations.push(at[population] !== next?.[population]);
      owners.push(this.accounts[at[population]!]!);
    }
    if (!populations.includes(true)) return;
    const { cores, ranges } = this.#setup.machine;
    for (const core of cores) {
      if (core.ranges.some(({ population }) => populations[population])) attributeReceived(core, owners);
    }
    ranges.takeCounts(populations, (core, population, counts) => {
      const account = owners[population]!;
      account.saturations += counts.saturations;
      account.inputsBeyondMax += counts.inputsBeyondMax;
      addCounts(account.byCore, core, counts);
      addCounts(account.byPopulation, population, counts);
    });
  }

  /** Keeps the readout's membranes at the last step of its window. */
  #readMembranes(step: number, at: Int32Array): void {
    const { machine, faults, readout } = this.#setup;
    const { population } = readout;
    const { populations, sampleInterval, timesteps } = machine.program;
    const sample = at[population]!;
    if (step - sample * sampleInterval !== populations[population]!.phase + timesteps - 1) return;
    this.accounts[sample]!.readout = readout.membranes(faults === null ? null : (core) => faults.isDead(core));
  }

  /** The time of a step whose messages have been delivered, with populations at work on these samples. */
  #endStep(step: number, at: Int32Array): void {
    const { machine, clock } = this.#setup;
    const start = this.time?.now ?? null;
    const time = clock?.timestep(this.#hostWork) ?? null;
    if (this.#observer !== undefined) {
      const { sampleInterval } = machine.program;
      const numbered = (sample: number): SampleStep => {
        return { sample: this.#first + sample, step: step - sample * sampleInterval };
      };
      const begun = Math.min(Math.floor(step / sampleInterval), this.accounts.length - 1);
      const linkMessages = clock?.linkMessages ?? null;
      const moment = { tick: step, at: Array.from(at, numbered), machine, start, time, linkMessages };
      this.#observer.step({ ...numbered(begun), ...moment });
    }
    if (time !== null) this.time?.step(time);
  }
}

function addCounts(events: EventCounts, row: number, counts: RangeCounts): void {
  addEvents(events, row, 'neuronUpdateActive', counts.active);
  addEvents(events, row, 'spikeOut', counts.spikes);
  if (counts.messages > 0) addSent(events, row, counts, 0);
}

function addSent(events: EventCounts, row: number, sent: Omit<SentMessages, 'lost' | 'late'>, lost: number): void {
  addEvents(events, row, 'messageOut', sent.messages);
  addEvents(events, row, 'withinTile', sent.messages - lost);
  addEvents(events, row, 'hopEastWest', sent.eastWest);
  addEvents(events, row, 'hopNorthSouth', sent.northSouth);
  addEvents(events, row, 'chipToChip', sent.crossings);
}
