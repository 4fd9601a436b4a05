import type { Machine } from './machine.js';
import type { TimestepTime } from './timestep-clock.js';

/** A sample by its number, as the caller counts, and a timestep of it. */
export interface SampleStep {
  readonly sample: number;
  readonly step: number;
}

/**
 * One timestep that has just been simulated: the cores of `machine` still hold its spikes and membranes. Its own sample and
 * step are those of the sample that it is accounted to, the last that has begun.
 */
export interface StepMoment extends SampleStep {
  /** Timesteps since the stream began: that of one sample alone, or of samples that overlap. */
  readonly tick: number;
  /** By population, what it is at work on: the moment's own sample and step, unless samples overlap. */
  readonly at: readonly SampleStep[];
  readonly machine: Machine;
  /** Picoseconds from the stream's start to the step's; null with timing off, as is `time`. */
  readonly start: number | null;
  readonly time: TimestepTime | null;
  /** Messages that took each link in this sample so far, [links]; null with timing off. */
  readonly linkMessages: Float64Array | null;
}

/**
 * Follows the messages of a timestep through the mesh. A message has a number of its own from `made` to `processed`;
 * later messages may have it again. Times are picoseconds from the start of the timestep; they never descend.
 */
export interface PacketObserver {
  /** Cores of which the messages that they are sent are wanted, so that no others need be kept; null: all. It may be told of others, too. */
  readonly receivers: ReadonlySet<number> | null;
  /** The sending unit of core `from` has made the message of output axon entry `entry`, which goes to core `to`. */
  made(message: number, from: number, to: number, entry: number, time: number): void;
  /** It has entered the input queue of core `to`. */
  arrived(message: number, to: number, time: number): void;
  /** Core `to` has processed it. */
  processed(message: number, to: number, begin: number, end: number): void;
}

/** Watches simulated samples. Nothing that it sees depends on its being there. */
export interface Observer {
  /** Null where no message is followed; only `cycle` timing has any to follow. */
  readonly packets: PacketObserver | null;
  /** After each timestep, whose packets have been told before. */
  step(moment: StepMoment): void;
}
