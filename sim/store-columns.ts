import { Growing } from './growing.js';
import type { SynapseStore } from './synapse.js';

/** What is gathered of a list while its entries are read. */
export interface ListBounds {
  first: number;
  lowest: number;
  highest: number;
  heaviest: number;
  longestDelay: number;
  previousTarget: number;
  ascending: boolean;
}

/** The arrays of a `SynapseStore` while they grow: synapses, runs and lists. */
export class StoreColumns {
  readonly mantissa = new Growing(new Int16Array(1024));
  readonly index = new Growing(new Uint16Array(1024));
  readonly #runStart = new Growing(new Int32Array(64));
  readonly #runOffset = new Growing(new Int32Array(64));
  readonly #runFactor = new Growing(new Int32Array(64));
  readonly #runDelay = new Growing(new Int32Array(64));
  readonly #firstRun = new Growing(new Int32Array(64));
  readonly #count = new Growing(new Int32Array(64));
  readonly #first = new Growing(new Int32Array(64));
  readonly #lowest = new Growing(new Int32Array(64));
  readonly #highest = new Growing(new Int32Array(64));
  readonly #longestDelay = new Growing(new Int32Array(64));
  readonly #heaviest = new Growing(new Float64Array(64));

  get lists(): number {
    return this.#count.length;
  }

  /** Delay of the run last opened. */
  get lastDelay(): number {
    return this.#runDelay.values[this.#runDelay.length - 1]!;
  }

  openList(): void {
    this.#firstRun.push(this.#runOffset.length);
  }

  /** Synapses from `start` on go to consecutive compartments from `offset` on, or, where that is −1, to those of their indices. */
  openRun(start: number, offset: number, factor: number, delay: number): void {
    this.#runStart.push(start);
    this.#runOffset.push(offset);
    this.#runFactor.push(factor);
    this.#runDelay.push(delay);
  }

  /** Ends a list whose first synapse is `start`. */
  closeList(start: number, { first, lowest, highest, heaviest, longestDelay, ascending }: ListBounds): void {
    const count = this.mantissa.length - start;
    this.#count.push(count);
    this.#first.push(first);
    this.#lowest.push(highest < 0 ? 0 : lowest);
    this.#highest.push(highest);
    this.#longestDelay.push(longestDelay);
    this.#heaviest.push(ascending ? heaviest : heaviest * count);
  }

  /** All of them, to which no more is added. */
  taken(): Omit<SynapseStore, 'stretchOf' | 'stretchStart' | 'listOfAtom'> {
    this.#runStart.push(this.mantissa.length);
    this.#firstRun.push(this.#runOffset.length);
    return {
      mantissa: this.mantissa.taken(),
      index: this.index.taken(),
      runStart: this.#runStart.taken(),
      runOffset: this.#runOffset.taken(),
      runFactor: this.#runFactor.taken(),
      runDelay: this.#runDelay.taken(),
      lists: {
        firstRun: this.#firstRun.taken(),
        count: this.#count.taken(),
        first: this.#first.taken(),
        lowest: this.#lowest.taken(),
        highest: this.#highest.taken(),
        longestDelay: this.#longestDelay.taken(),
        heaviest: this.#heaviest.taken(),
      },
    };
  }
}
