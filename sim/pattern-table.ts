import { Growing } from './growing.js';
import { HashTable } from './hash-table.js';
import type { Address, MachineMemory } from './machine-memory.js';
import type { Distance } from './mesh.js';

/** Words of what kernel/merged-state.ts calls Pattern and Share. */
const patternWords = 8;
const shareWords = 6;
const share = { core: 0, messages: 1, sentOn: 2, synapses: 4 };
/** Numbers of a share in a key: route, messages, synapses. */
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
  readonly #memory: MachineMemory;
  readonly #routes: readonly Route[];
  /** By route, of the compartment at work; and the routes that it takes. */
  readonly #messages: Int32Array;
  readonly #synapses: Float64Array;
  readonly #touched = new Growing(new Int32Array(16));
  readonly #known = new HashTable();
  readonly #keys: Float64Array[] = [];
  readonly #addresses: Address[] = [];

  constructor(memory: MachineMemory, routes: readonly Route[]) {
    this.#memory = memory;
    this.#routes = routes;
    this.#messages = new Int32Array(routes.length);
    this.#synapses = new Float64Array(routes.length);
  }

  get size(): number {
    return this.#addresses.length;
  }

  /** A message on a route that finds so many synapses. */
  add(route: number, synapses: number): void {
    if (this.#messages[route] === 0) this.#touched.push(route);
    this.#messages[route]!++;
    this.#synapses[route]! += synapses;
  }

  /** The pattern of a compartment, whose messages have been added; 0 of none. */
  close(): Address {
    const { length, values } = this.#touched;
    if (length === 0) return 0;
    let hash = length;
    for (let k = 0; k < length; k++) {
      const route = values[k]!;
      hash = Math.imul(hash ^ route ^ (this.#messages[route]! << 16), 0x9e3779b1) ^ this.#synapses[route]!;
    }
    let number = this.#known.find(hash, (other) => this.#is(this.#keys[other]!));
    if (number < 0) {
      number = this.#addresses.length;
      this.#known.add(hash, number);
      this.#place();
    }
    for (let k = 0; k < length; k++) {
      this.#messages[values[k]!] = 0;
      this.#synapses[values[k]!] = 0;
    }
    this.#touched.length = 0;
    return this.#addresses[number]!;
  }

  #is(key: Float64Array): boolean {
    const { length, values } = this.#touched;
    if (key.length !== shareKey * length) return false;
    for (let k = 0; k < length; k++) {
      const route = values[k]!;
      const isSame =
        key[shareKey * k] === route &&
        key[shareKey * k + 1] === this.#messages[route] &&
        key[shareKey * k + 2] === this.#synapses[route];
      if (!isSame) return false;
    }
    return true;
  }

  #place(): void {
    const { length, values } = this.#touched;
    const key = new Float64Array(shareKey * length);
    const first = this.#memory.reserve(4 * shareWords * length);
    const words = this.#memory.uint32(first, shareWords * length);
    const doubles = this.#memory.float64(first, (shareWords / 2) * length);
    const sums = [0, 0, 0, 0];
    for (let k = 0; k < length; k++) {
      const route = values[k]!;
      const { core, sentOn, way } = this.#routes[route]!;
      const messages = this.#messages[route]!;
      words[shareWords * k + share.core] = core;
      words[shareWords * k + share.messages] = messages;
      words[shareWords * k + share.sentOn] = sentOn;
      doubles[(shareWords * k + share.synapses) / 2] = this.#synapses[route]!;
      key.set([route, messages, this.#synapses[route]!], shareKey * k);
      for (const [index, links] of [1, way.eastWest, way.northSouth, way.chipCrossings].entries()) {
        sums[index]! += messages * links;
      }
    }
    const pattern = new Uint32Array(patternWords);
    pattern.set([0, first, first + 4 * shareWords * length, ...sums]);
    this.#keys.push(key);
    this.#addresses.push(this.#memory.place(pattern));
  }
}
