import type { EnergyCost } from './energy.js';
import type { EventCounts } from './events.js';
import type { Picoseconds } from './quantities.js';
import type { TimestepTime } from './timestep-clock.js';

/** `cycle`: every message timed; `analytic`: a lower bound from counts; `off`: no times. Spikes are the same in all. */
export type TimingMode = 'cycle' | 'analytic' | 'off';

/** What one population did in one sample. */
export interface PopulationActivity {
  /** Spikes at each step of the sample, [stepsPerSample]. */
  readonly spikesByStep: Int32Array;
  /** Spikes in its window of T steps: those that the network means. */
  readonly spikesInWindow: number;
  /** Spikes before and after it: they reach no open window, but cost time and energy. */
  readonly spikesOutside: number;
  /** Neurons that fired at least once in the window. */
  readonly neuronsFired: number;
  /** 1 where a neuron fired, [T, neurons] by local timestep; null unless asked for, and of a readout. */
  readonly recording: Uint8Array | null;
}

/** How long a sample took. */
export interface SampleTime {
  /** From the start of loading until it had been read out: of a sample alone, hostLoad + timesteps + hostReadout. */
  readonly latency: Picoseconds;
  /** From the start of loading until the next sample could start (the last of a stream: until it was over). */
  readonly period: Picoseconds;
  /** Of the period, the timesteps: those of the sample, where samples overlap those until the next began. */
  readonly running: Picoseconds;
  readonly hostLoad: Picoseconds;
  readonly hostReadout: Picoseconds;
  /** 0 of a sample that others overlap: the chip itself clears membranes for the next. */
  readonly hostReset: Picoseconds;
  /** Those of the sample, [stepsPerSample]; samples that overlap have them in common. */
  readonly timesteps: readonly TimestepTime[];
  /** Of the timesteps in `running`: messages by link of the mesh, [links]. */
  readonly linkMessages: Float64Array;
  /** Picoseconds at work by core, [cores]: updating and sending, receiving. */
  readonly sendBusy: Float64Array;
  readonly receiveBusy: Float64Array;
}

/** Everything that one simulated sample gave. */
export interface SampleResult {
  /** v of the readout's neurons at the end of its window, [neurons], in membrane units. */
  readonly readout: Int32Array;
  /** readout / (scale·T), [neurons]. */
  readonly logits: Float64Array;
  /** In the order of `program.populations`. */
  readonly populations: readonly PopulationActivity[];
  readonly byCore: EventCounts;
  readonly byPopulation: EventCounts;
  /** Synapses processed, zero weights included. */
  readonly synapticOperations: number;
  /** Messages between cores (those of the host excluded), and the links that they took. */
  readonly messages: number;
  readonly hops: number;
  /** Of the messages, those that a fault has made lost, or late. */
  readonly lost: number;
  readonly late: number;
  /** Membranes clipped to the target's width, in open windows (outside them nothing depends on a membrane). */
  readonly saturations: number;
  /** Summed inputs in open windows that are larger than the target's `inputMax`, where the arithmetic of tools and silicon may differ. */
  readonly inputsBeyondMax: number;
  readonly energy: EnergyCost;
  /** null with timing off. */
  readonly time: SampleTime | null;
}
