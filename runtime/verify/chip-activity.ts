import type { Program } from '../../schemas/program.js';
import { elementCount } from '../../schemas/tensor.js';
import type { EventKind } from '../../sim/events.js';
import { eventKinds, eventsOf } from '../../sim/events.js';
import type { SampleResult } from '../../sim/sample-result.js';

/** What one population did on the chip, summed over samples. */
export interface PopulationTotals {
  readonly name: string;
  readonly neurons: number;
  /** Spikes inside its window of T steps, and those before and after it, which reach no open window. */
  readonly spikes: number;
  readonly spikesOutside: number;
  /** Neurons that fired at least once, added up over samples. */
  readonly neuronsFired: number;
  /** Synapses of its neurons that were processed. */
  readonly synapticOperations: number;
  /** Of its events; barriers and static power belong to the chip. */
  readonly energyFemtojoules: number;
}

/** What the chip did, summed over samples: plain data that crosses threads and adds up exactly in any grouping. */
export interface ChipActivity {
  readonly samples: number;
  readonly populations: readonly PopulationTotals[];
  readonly synapticOperations: number;
  readonly messages: number;
  readonly hops: number;
  /** Membranes that hit the target's width, and inputs beyond the bound below which all tools agree. */
  readonly saturations: number;
  readonly inputsBeyondMax: number;
  readonly energyFemtojoules: number;
  /** By kind of event, with `barrier` and `static` (0 where the timing mode knows no time). */
  readonly energyByKind: Readonly<Record<EventKind | 'barrier' | 'static', number>>;
  /** Of each sample from loading to readout, in picoseconds; empty with timing off. */
  readonly latencies: readonly number[];
}

/** One simulated sample as totals. */
export function sampleActivity(program: Program, result: SampleResult): ChipActivity {
  const { energy, time } = result;
  return {
    samples: 1,
    populations: program.populations.map(({ name, shape }, index) => {
      const activity = result.populations[index]!;
      return {
        name,
        neurons: elementCount(shape),
        spikes: activity.spikesInWindow,
        spikesOutside: activity.spikesOutside,
        neuronsFired: activity.neuronsFired,
        synapticOperations: eventsOf(result.byPopulation, index, 'synapticOperation'),
        energyFemtojoules: energy.byPopulation[index]!,
      };
    }),
    synapticOperations: result.synapticOperations,
    messages: result.messages,
    hops: result.hops,
    saturations: result.saturations,
    inputsBeyondMax: result.inputsBeyondMax,
    energyFemtojoules: energy.total,
    energyByKind: { ...energy.byKind, barrier: energy.barrier, static: energy.static ?? 0 },
    latencies: time === null ? [] : [time.latency],
  };
}

/** The totals of both, which must come from one program; latencies of `earlier` first. */
export function addActivity(earlier: ChipActivity, later: ChipActivity): ChipActivity {
  const kinds = [...eventKinds, 'barrier', 'static'] as const;
  return {
    samples: earlier.samples + later.samples,
    populations: earlier.populations.map((mine, index) => {
      const other = later.populations[index]!;
      return {
        name: mine.name,
        neurons: mine.neurons,
        spikes: mine.spikes + other.spikes,
        spikesOutside: mine.spikesOutside + other.spikesOutside,
        neuronsFired: mine.neuronsFired + other.neuronsFired,
        synapticOperations: mine.synapticOperations + other.synapticOperations,
        energyFemtojoules: mine.energyFemtojoules + other.energyFemtojoules,
      };
    }),
    synapticOperations: earlier.synapticOperations + later.synapticOperations,
    messages: earlier.messages + later.messages,
    hops: earlier.hops + later.hops,
    saturations: earlier.saturations + later.saturations,
    inputsBeyondMax: earlier.inputsBeyondMax + later.inputsBeyondMax,
    energyFemtojoules: earlier.energyFemtojoules + later.energyFemtojoules,
    energyByKind: Object.fromEntries(
      kinds.map((kind) => [kind, earlier.energyByKind[kind] + later.energyByKind[kind]]),
    ) as Record<(typeof kinds)[number], number>,
    latencies: [...earlier.latencies, ...later.latencies],
  };
}

/** The chip's figures per sample, as reports and budgets name them. */
export interface ChipFigures {
  readonly spikesPerSample: number;
  /** Share of spiking neurons that fire at least once in a sample. */
  readonly activeNeuronsPercent: number;
  /** Spikes over neurons × T. */
  readonly spikeRatePercent: number;
  readonly synopsPerSample: number;
  readonly timestepsPerSample: number;
  /** Mean from loading to readout; null with timing off. */
  readonly latencySeconds: number | null;
  /** Mean of what the energy profile knows. */
  readonly energyJoules: number;
  readonly cores: number;
  readonly chips: number;
}

/** `activity` must be of `program` and of at least one sample. */
export function chipFigures(program: Program, activity: ChipActivity): ChipFigures {
  const { samples, populations, latencies } = activity;
  const spiking = populations.filter((_, index) => program.populations[index]!.kind === 'spiking');
  const sum = (of: (totals: PopulationTotals) => number): number =>
    spiking.reduce((total, totals) => total + of(totals), 0);
  const neurons = sum(({ neurons }) => neurons);
  const spikesPerSample = sum(({ spikes }) => spikes) / samples;
  const totalLatency = latencies.reduce((total, latency) => total + latency, 0);
  return {
    spikesPerSample,
    activeNeuronsPercent: (100 * sum(({ neuronsFired }) => neuronsFired)) / samples / neurons,
    spikeRatePercent: (100 * spikesPerSample) / neurons / program.timesteps,
    synopsPerSample: activity.synapticOperations / samples,
    timestepsPerSample: program.stepsPerSample,
    latencySeconds: latencies.length === 0 ? null : totalLatency / latencies.length / 1e12,
    energyJoules: activity.energyFemtojoules / samples / 1e15,
    cores: program.cores.length,
    chips: program.chips,
  };
}
