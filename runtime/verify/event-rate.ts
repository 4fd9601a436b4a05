import type { SampleResult } from '../../sim/sample-result.js';

/** How many events are simulated a second, from when it was made: synaptic operations and messages. */
export class EventRate {
  readonly #start = performance.now();
  #events = 0;

  /** Adds those of samples that are through; the rate so far, in words. */
  add(results: readonly SampleResult[]): string {
    for (const { synapticOperations, messages } of results) this.#events += synapticOperations + messages;
    const perSecond = this.#events / ((performance.now() - this.#start) / 1000);
    return `${(perSecond / 1e6).toPrecision(3)} M events/s`;
  }
}
