import type { Picoseconds } from './quantities.js';
import type { SampleTime } from './sample-result.js';
import type { TimestepClock, TimestepTime } from './timestep-clock.js';
import type { TimingFigures } from './timing-figures.js';

/** What the units did until a sample began, or the stream ended. */
type Work = Pick<SampleTime, 'linkMessages' | 'sendBusy' | 'receiveBusy'>;

/**
 * The time of a stream of samples: the timesteps one after another, and between them the host, for which the chip waits.
 * It loads a sample's drive before the sample's first timestep and reads out after the last of the readout's window; it
 * resets the chip once, at the end: samples that overlap are kept apart by the chip, which clears membranes as windows open.
 */
export class StreamTime {
  readonly #clock: TimestepClock;
  readonly #figures: TimingFigures;
  readonly #timesteps: TimestepTime[] = [];
  /** Picoseconds at which each sample began, and at which it had been read out. */
  readonly #begun: number[] = [];
  readonly #read: number[] = [];
  readonly #work: Work[] = [];
  #now = 0;

  constructor(clock: TimestepClock, figures: TimingFigures) {
    this.#clock = clock;
    this.#figures = figures;
    clock.reset();
  }

  /** From the beginning of the stream. */
  get now(): number {
    return this.#now;
  }

  /** The host loads the next sample. */
  begin(): void {
    if (this.#begun.length > 0) this.#takeWork();
    this.#begun.push(this.#now);
    this.#now += this.#figures.hostSampleLoad;
  }

  step(time: TimestepTime): void {
    this.#timesteps.push(time);
    this.#now += time.duration;
  }

  /** The host reads out the oldest sample that it has not read yet. */
  readOut(): void {
    this.#now += this.#figures.hostReadout;
    this.#read.push(this.#now);
  }

  /** The times of all samples, of which one begins every `interval` timesteps and takes `steps`. */
  end(interval: number, steps: number): readonly SampleTime[] {
    const { hostSampleLoad, hostSampleReset, hostReadout } = this.#figures;
    this.#takeWork();
    this.#now += hostSampleReset;
    const last = this.#begun.length - 1;
    return this.#begun.map((begun, sample) => {
      const from = sample * interval;
      const own = sample === last ? this.#timesteps.slice(from) : this.#timesteps.slice(from, from + interval);
      return {
        latency: (this.#read[sample]! - begun) as Picoseconds,
        period: ((sample === last ? this.#now : this.#begun[sample + 1]!) - begun) as Picoseconds,
        running: own.reduce((sum, { duration }) => sum + duration, 0) as Picoseconds,
        hostLoad: hostSampleLoad,
        hostReadout,
        hostReset: sample === last ? hostSampleReset : (0 as Picoseconds),
        timesteps: this.#timesteps.slice(from, from + steps),
        ...this.#work[sample]!,
      };
    });
  }

  #takeWork(): void {
    const { linkMessages, sendBusy, receiveBusy } = this.#clock;
    const work = { linkMessages: linkMessages.slice(), sendBusy: sendBusy.slice(), receiveBusy: receiveBusy.slice() };
    this.#work.push(work);
    this.#clock.reset();
  }
}
