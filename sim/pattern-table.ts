import { Growing } from './growing.js';
import { HashTable } from './hash-table.js';
import type { Address, MachineMemory } from './machine-memory.js';
import type { Distance } from './mesh.js';

/** Words of what kernel/merged-state.ts calls Pattern and Share. */
const patternWords = 8;
export const shareWords = 4;
export const share = { core: 0, messages: 1, synapses: 2, sentOn: 3 };
/** Numbers of a share in a key: route, messages, synapses; they follow the population. */
const shareKey = 3;

/** Where messages of a core are counted, at the core that they go to and at their own, and how far they go. */
interface Route {
  readonly core: Address;
  readonly sentOn: Address;
  readonly way: Distance;
}

/**
 * What the spikes of a core send to which cores: compartments that send alike have one pattern. Messages are added one by
 * one, between the `close` of one compartment and that of the next.
 */
export class PatternTable {
  /** Number of the pattern of those who send nothing; those of others follow. */
  readonly first: number;
  readonly #memory: MachineMemory;
  readonly #routes: readonly Route[];
  /** By route, of the compartment at work; and the routes that it takes. */
  readonly #messages: Int32Array;
  readonly #synapses: Float64Array;
  readonly #touched = new Growing(new Int32Array(16));
  readonly #known = new HashTable();
  readonly #keys: Float64Array[] = [];
  readonly #numbers: number[] = [];
  readonly #enter: (words: readonly number[]) => number;

  /** `enter` takes the words of a pattern and gives it a number. */
  constructor(memory: MachineMemory, routes: readonly Route[], enter: (words: readonly number[]) => number) {
    this.#memory = memory;
    this.#routes = routes;
    this.#enter = enter;
    this.first = enter(new Array<number>(patternWords).fill(0));
    this.#messages = new Int32Array(routes.length);
    this.#synapses = new Float64Array(routes.length);
  }

  get size(): number {
    return this.#numbers.length;
  }

  /** A message on a route that finds so many synapses. */
  add(route: number, synapses: number): void {
    if (this.#messages[route] === 0) this.#touched.push(route);
    this.#messages[route]!++;
    this.#synapses[route]! += synapses;
  }

  /**
   * The pattern of a compartment, whose messages have been added, counted from the `first`; 0 of none. What is sent for its population is
   * summed at `sent`.
   */
  close(population: number, sent: Address): number {
    const { length, values } = this.#touched;
    if (length === 0) return 0;
    let hash = length;
    for (let k = 0; k < length; k++) {
      const route = values[k]!;
      hash = Math.imul(hash ^ route ^ (this.#messages[route]! << 16), 0x9e3779b1) ^ this.#synapses[route]!;
    }
    let found = this.#known.find(hash, (other) => this.#is(this.#keys[other]!, population));
    if (found < 0) {
      found = this.#numbers.length;
      this.#known.add(hash, found);
      this.#place(population, sent);
    }
    for (let k = 0; k < length; k++) {
      this.#messages[values[k]!] = 0;
      this.#synapses[values[k]!] = 0;
    }
    this.#touched.length = 0;
    return this.#numbers[found]! - this.first;
  }

  #is(key: Float64Array, population: number): boolean {
    const { length, values } = this.#touched;
    if (key.length !== 1 + shareKey * length || key[0] !== population) return false;
    for (let k = 0; k < length; k++) {
      const route = values[k]!;
      const isSame =
        key[shareKey * k + 1] === route &&
        key[shareKey * k + 2] === this.#messages[route] &&
        key[shareKey * k + 3] === this.#synapses[route];
      if (!isSame) return false;
    }
    return true;
  }

  #place(population: number, sent: Address): void {
    const { length, values } = this.#touched;
    const key = new Float64Array(1 + shareKey * length);
    key[0] = population;
    const first = this.#memory.reserve(4 * shareWords * length);
    const words = this.#memory.uint32(first, shareWords * length);
    const sums = [0, 0, 0, 0];
    for (let k = 0; k < length; k++) {
      const route = values[k]!;
      const { core, sentOn, way } = this.#routes[route]!;
      const messages = this.#messages[route]!;
      words[shareWords * k + share.core] = core;
      words[shareWords * k + share.messages] = messages;
      words[shareWords * k + share.sentOn] = sentOn;
      words[shareWords * k + share.synapses] = this.#synapses[route]!;
      key.set([route, messages, this.#synapses[route]!], shareKey * k + 1);
      for (const [index, links] of [1, way.eastWest, way.northSouth, way.chipCrossings].entries()) {
        sums[index]! += messages * links;
      }
    }
    this.#keys.push(key);
    this.#numbers.push(this.#enter([first, first + 4 * shareWords * length, ...sums, sent, 0]));
  }
}
