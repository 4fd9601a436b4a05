import type { StepMoment } from './observer.js';

/** Messages by link in single timesteps, from those of a sample so far; told of every timestep in its turn. */
export class LinkWatch {
  #soFar = new Float64Array(0);
  #inStep = new Float64Array(0);

  /** [links] in this timestep, valid until the next; empty with timing off. */
  messages({ step, linkMessages }: StepMoment): Float64Array {
    if (linkMessages === null) return this.#inStep;
    if (this.#inStep.length === 0) {
      this.#soFar = new Float64Array(linkMessages.length);
      this.#inStep = new Float64Array(linkMessages.length);
    }
    if (step === 0) this.#soFar.fill(0);
    for (let link = 0; link < linkMessages.length; link++)
      this.#inStep[link] = linkMessages[link]! - this.#soFar[link]!;
    this.#soFar.set(linkMessages);
    return this.#inStep;
  }
}
