import type { Program } from '../schemas/program.js';
import type { CoreStatistics, EnergySplit, LayerStatistics, Statistics, StepStatistics } from '../schemas/stats.js';
import type { Target } from '../schemas/target.js';
import { elementCount } from '../schemas/tensor.js';
import { layOut } from './board.js';
import { type EnergyFigures, energyFigureName, readEnergyFigures } from './energy.js';
import { type EventCounts, type EventKind, eventKinds, eventsOf, noEvents } from './events.js';
import { exactEnergy } from './exact-energy.js';
import { binOf, histogram } from './histogram.js';
import { Mesh } from './mesh.js';
import { cycles, type Femtojoules, joules, type Picoseconds, seconds } from './quantities.js';
import type { SampleResult } from './sample-result.js';
import type { SimulatorOptions } from './simulate.js';
import { StepTally } from './step-tally.js';
import { cycleSummary, hostParts, latencySummary } from './time-summary.js';
import { readTimingFigures, type TimingFigures } from './timing-figures.js';

const linksShown = 32;
/** Of spike rates, which are low: bins of 5 %. */
const rateBins = 20;

/**
 * Sums samples of one simulation into the statistics of stats.json. Needs no simulator, and `SampleResult`s are plain
 * data, so that samples may come from other threads; add them in a fixed order. Counts and femtojoules are summed as
 * whole numbers in doubles, exact up to 2⁵³.
 */
export class SimulationStatistics {
  readonly #program: Program;
  readonly #target: Target;
  readonly #options: SimulatorOptions;
  readonly #mesh: Mesh;
  readonly #energyFigures: EnergyFigures;
  readonly #timingFigures: TimingFigures;
  #samples = 0;
  readonly #byCore: EventCounts;
  readonly #byPopulation: EventCounts;
  readonly #spikesByStep: readonly Float64Array[];
  readonly #spikesInWindow: Float64Array;
  /** By population, samples by spike rate. */
  readonly #spikeRates: readonly number[][];
  readonly #neuronsFired: Float64Array;
  #saturations = 0;
  #inputsBeyondMax = 0;
  readonly #energyByCore: Float64Array;
  readonly #energyByPopulation: Float64Array;
  #energy = 0;
  #barrier = 0;
  #static = 0;
  readonly #latencies: Picoseconds[] = [];
  #period = 0;
  #running = 0;
  readonly #steps: StepTally;
  readonly #linkMessages: Float64Array;
  readonly #sendBusy: Float64Array;
  readonly #receiveBusy: Float64Array;

  /** The options must be those of the simulator. Throws SW3002, SW3004 or SW3005 as it does. */
  constructor(program: Program, target: Target, options: SimulatorOptions) {
    const cores = program.cores.length;
    const populations = program.populations.length;
    this.#program = program;
    this.#target = target;
    this.#options = options;
    this.#mesh = new Mesh(layOut(program, target));
    this.#energyFigures = readEnergyFigures(target, options.energyProfile);
    this.#timingFigures = readTimingFigures(target, this.#mesh.board.tilesInUse);
    this.#byCore = noEvents(cores);
    this.#byPopulation = noEvents(populations);
    this.#spikesByStep = program.populations.map(() => new Float64Array(program.stepsPerSample));
    this.#spikesInWindow = new Float64Array(populations);
    this.#spikeRates = program.populations.map(() => new Array<number>(rateBins).fill(0));
    this.#neuronsFired = new Float64Array(populations);
    this.#energyByCore = new Float64Array(cores);
    this.#energyByPopulation = new Float64Array(populations);
    this.#steps = new StepTally(program.stepsPerSample);
    this.#linkMessages = new Float64Array(this.#mesh.linkCount);
    this.#sendBusy = new Float64Array(cores);
    this.#receiveBusy = new Float64Array(cores);
  }

  add(sample: SampleResult): void {
    this.#samples++;
    addTo(this.#byCore.data, sample.byCore.data);
    addTo(this.#byPopulation.data, sample.byPopulation.data);
    for (const [index, { spikesByStep, spikesInWindow, neuronsFired }] of sample.populations.entries()) {
      addTo(this.#spikesByStep[index]!, spikesByStep);
      this.#spikesInWindow[index]! += spikesInWindow;
      this.#neuronsFired[index]! += neuronsFired;
      const slots = elementCount(this.#program.populations[index]!.shape) * this.#program.timesteps;
      this.#spikeRates[index]![binOf(spikesInWindow, slots, rateBins)]!++;
    }
    this.#saturations += sample.saturations;
    this.#inputsBeyondMax += sample.inputsBeyondMax;
    addTo(this.#energyByCore, sample.energy.byCore);
    addTo(this.#energyByPopulation, sample.energy.byPopulation);
    this.#energy += sample.energy.total;
    this.#barrier += sample.energy.barrier;
    this.#static += sample.energy.static ?? 0;
    if (sample.time === null) return;
    this.#latencies.push(sample.time.latency);
    this.#period += sample.time.period;
    this.#running += sample.time.running;
    this.#steps.add(sample.time.timesteps);
    addTo(this.#linkMessages, sample.time.linkMessages);
    addTo(this.#sendBusy, sample.time.sendBusy);
    addTo(this.#receiveBusy, sample.time.receiveBusy);
  }

  /** The statistics of all samples added so far, of which there must be one at least. */
  summary(): Statistics {
    const program = this.#program;
    const { board } = this.#mesh;
    const isTimed = this.#options.timing !== 'off';
    const layers = program.populations.map((_, index) => this.#layer(index));
    const coreTable = program.cores.map((_, number) => this.#core(number));
    const spiking = layers.filter(({ kind }) => kind === 'spiking');
    const neurons = sum(spiking.map((layer) => layer.neurons));
    const spikes = sum(spiking.map((layer) => layer.spikes));
    const fired = sum(Array.from(this.#neuronsFired)) / this.#samples;
    const utilisations = coreTable.map(({ utilisationPercent }) => utilisationPercent ?? 0);
    return {
      formatVersion: 1,
      program: program.name,
      target: this.#target.name,
      timing: this.#options.timing,
      energyProfile: this.#energyFigures.profile,
      samples: this.#samples,
      timesteps: program.timesteps,
      stepsPerSample: program.stepsPerSample,
      sampleInterval: program.sampleInterval,
      cores: program.cores.length,
      chips: board.chipsInUse,
      spikes,
      spikesOutside: sum(spiking.map((layer) => layer.spikesOutside)),
      spikeRatePercent: percent(spikes, neurons * program.timesteps),
      activeNeuronsPercent: percent(fired, neurons),
      synapticOperations: sum(layers.map((layer) => layer.synapticOperations)),
      messages: sum(layers.map((layer) => layer.messages)),
      hops: sum(coreTable.map((core) => core.hops)),
      saturations: this.#saturations,
      inputsBeyondMax: this.#inputsBeyondMax,
      latency: isTimed ? latencySummary(this.#latencies) : null,
      cycles: isTimed ? cycleSummary(this.#latencies, this.#running, this.#timingFigures) : null,
      host: isTimed ? hostParts(this.#timingFigures) : null,
      throughput: isTimed && this.#period > 0 ? this.#samples / seconds(this.#period as Picoseconds) : null,
      energy: {
        joulesPerSample: this.#joules(this.#energy),
        byKind: this.#split(this.#byCore, null),
        barrierJoules: this.#knownJoules('barrier', this.#barrier),
        staticJoules: isTimed ? this.#knownJoules('staticPower', this.#static) : null,
        femtojoules: exactEnergy(this.#energyFigures, this.#byCore, {
          total: this.#energy,
          barrier: this.#barrier,
          static: this.#static,
          byLayer: Array.from(this.#energyByPopulation),
          byCore: Array.from(this.#energyByCore),
        }),
      },
      layers,
      coreTable,
      histograms: {
        spikes: histogram(coreTable.map((core) => core.spikes)),
        synapticOperations: histogram(coreTable.map((core) => core.synapticOperations)),
        messagesIn: histogram(coreTable.map((core) => core.messagesIn)),
        utilisationPercent: isTimed ? histogram(utilisations) : null,
      },
      steps: isTimed ? this.#stepTable() : null,
      busiestLinks: isTimed ? this.#busiestLinks() : null,
      unknownFigures: { timing: isTimed ? this.#timingFigures.unknown : [], energy: this.#energyFigures.unknown },
    };
  }

  #layer(index: number): LayerStatistics {
    const { populations, cores, timesteps } = this.#program;
    const { name, kind, shape } = populations[index]!;
    const neurons = elementCount(shape);
    const spikesByStep = Array.from(this.#spikesByStep[index]!, (spikes) => spikes / this.#samples);
    const spikes = this.#spikesInWindow[index]! / this.#samples;
    const holders = cores.filter(({ ranges }) => ranges.some(({ population }) => population === index));
    return {
      name,
      kind,
      shape,
      neurons,
      cores: holders.length,
      spikes,
      spikesOutside: (eventsOf(this.#byPopulation, index, 'spikeOut') - this.#spikesInWindow[index]!) / this.#samples,
      spikeRatePercent: percent(spikes, neurons * timesteps),
      spikeRateBySample: { from: 0, to: 100, counts: [...this.#spikeRates[index]!] },
      activeNeuronsPercent: percent(this.#neuronsFired[index]! / this.#samples, neurons),
      spikesByStep,
      synapticOperations: this.#mean(this.#byPopulation, index, 'synapticOperation'),
      messages: this.#mean(this.#byPopulation, index, 'messageOut'),
      energyJoules: this.#joules(this.#energyByPopulation[index]!),
      energyByKind: this.#split(this.#byPopulation, index),
    };
  }

  #core(number: number): CoreStatistics {
    const { cores, populations } = this.#program;
    const { chip, core, ranges, compartmentCount } = cores[number]!;
    const mean = (kind: EventKind): number => this.#mean(this.#byCore, number, kind);
    const isTimed = this.#options.timing !== 'off';
    const send = this.#sendBusy[number]!;
    const receive = this.#receiveBusy[number]!;
    const busySeconds = (time: number): number | null =>
      isTimed ? seconds(time as Picoseconds) / this.#samples : null;
    return {
      chip,
      core,
      layers: [...new Set(ranges.map(({ population }) => populations[population]!.name))],
      compartments: compartmentCount,
      spikes: mean('spikeOut'),
      synapticOperations: mean('synapticOperation'),
      messagesIn: mean('axonIn'),
      messagesOut: mean('messageOut'),
      hops: mean('hopEastWest') + mean('hopNorthSouth'),
      energyJoules: this.#joules(this.#energyByCore[number]!),
      sendSeconds: busySeconds(send),
      receiveSeconds: busySeconds(receive),
      utilisationPercent: isTimed ? percent(Math.max(send, receive), this.#running) : null,
    };
  }

  #stepTable(): readonly StepStatistics[] {
    const { cores } = this.#program;
    const clock = this.#timingFigures.clockFrequency;
    return this.#steps.steps().map(({ total, longest, core, link }) => ({
      meanSeconds: seconds(total) / this.#samples,
      maxSeconds: seconds(longest),
      meanCycles: clock === null ? null : cycles(total, clock) / this.#samples,
      maxCycles: clock === null ? null : cycles(longest, clock),
      criticalCore: { chip: cores[core.which]!.chip, core: cores[core.which]!.core, samples: core.samples },
      criticalLink: link === null ? null : { link: this.#mesh.linkName(link.which), samples: link.samples },
    }));
  }

  #busiestLinks(): { link: string; messages: number }[] {
    const used = Array.from(this.#linkMessages.keys()).filter((link) => this.#linkMessages[link]! > 0);
    used.sort((a, b) => this.#linkMessages[b]! - this.#linkMessages[a]! || a - b);
    return used.slice(0, linksShown).map((link) => ({
      link: this.#mesh.linkName(link),
      messages: this.#linkMessages[link]! / this.#samples,
    }));
  }

  /** Joules per sample by kind: of one row, or of all. */
  #split(counts: EventCounts, row: number | null): EnergySplit {
    const rows = row === null ? Array.from({ length: counts.rows }, (_, index) => index) : [row];
    const entries = eventKinds.map((kind) => {
      const events = sum(rows.map((index) => eventsOf(counts, index, kind)));
      return [kind, this.#knownJoules(kind, events * this.#energyFigures.perEvent[kind])] as const;
    });
    return Object.fromEntries(entries) as Record<EventKind, number | null>;
  }

  #mean(counts: EventCounts, row: number, kind: EventKind): number {
    return eventsOf(counts, row, kind) / this.#samples;
  }

  #joules(total: number): number {
    return joules(total as Femtojoules) / this.#samples;
  }

  /** Joules per sample of what `figure` of the energy profile prices; null where it has no value. */
  #knownJoules(figure: string, total: number): number | null {
    const { profile, unknown } = this.#energyFigures;
    return unknown.includes(energyFigureName(profile, figure)) ? null : this.#joules(total);
  }
}

function addTo(sums: Float64Array, values: ArrayLike<number>): void {
  for (let k = 0; k < sums.length; k++) sums[k]! += values[k]!;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}
