/** What is left should take one so much longer than a start takes others: it may take them longer, side by side. */
const MARGIN = 4;
/** Of a start: not before that can be told how long inputs take, whose code is compiled only while the first of them run. */
const WARM_UP = 1 / 8;

/** Whether it pays to start others, by what the one that began has taken so far. */
export class Pace {
  readonly #now: () => number;
  readonly #begin: number;
  #start = Number.POSITIVE_INFINITY;
  /** Milliseconds of all inputs, and of the shortest. */
  #run = 0;
  #shortest = Number.POSITIVE_INFINITY;

  /** Begins with the start; `now` gives milliseconds that only grow. */
  constructor(now: () => number) {
    this.#now = now;
    this.#begin = now();
  }

  started(): void {
    this.#start = this.#now() - this.#begin;
  }

  finished(milliseconds: number): void {
    this.#run += milliseconds;
    this.#shortest = Math.min(this.#shortest, milliseconds);
  }

  /**
   * True where n ≥ 1 others, started now, would bring the end forward: with L inputs left that take p each, and a start of s,
   * it comes after (L·p + n·s)/(n + 1) instead of L·p, which is earlier where L·p > s.
   */
  isWorth(left: number): boolean {
    return this.#run >= WARM_UP * this.#start && left * this.#shortest > MARGIN * this.#start;
  }
}
