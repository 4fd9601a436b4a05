import { Growing } from './growing.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Words of what kernel/merged.ts calls Pattern and Share. */
const patternWords = 4;
const shareWords = 6;
const share = { core: 0, messages: 1, sentOn: 2, synapses: 4 };

/** Where messages of a core are counted: at the core that they go to, and at their own. */
interface Route {
  readonly core: Address;
  readonly sentOn: Address;
}

/**
 * What the spikes of a core send to which cores: compartments that send alike have one pattern. Messages are added one by
 * one, between the `close` of one compartment and that of the next.
 */
export class PatternTable {
  readonly #memory: MachineMemory;
  readonly #routes: readonly Route[];
  readonly #count: () => void;
  readonly #messages: Int32Array;
  readonly #synapses: Float64Array;
  readonly #touched = new Growing(new Int32Array(16));
  /** Patterns by hash, and then one by one: route, messages, synapses of each share. */
  readonly #known = new Map<number, { readonly address: Address; readonly shares: Float64Array }[]>();

  /** `count` is called for each new pattern. */
  constructor(memory: MachineMemory, routes: readonly Route[], count: () => void) {
    this.#memory = memory;
    this.#routes = routes;
    this.#count = count;
    this.#messages = new Int32Array(routes.length);
    this.#synapses = new Float64Array(routes.length);
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
    const known = this.#known.get(hash) ?? [];
    this.#known.set(hash, known);
    let found = known.find(({ shares }) => this.#is(shares));
    if (found === undefined) {
      found = this.#place();
      known.push(found);
    }
    for (let k = 0; k < length; k++) {
      this.#messages[values[k]!] = 0;
      this.#synapses[values[k]!] = 0;
    }
    this.#touched.length = 0;
    return found.address;
  }

  #is(shares: Float64Array): boolean {
    const { length, values } = this.#touched;
    if (shares.length !== 3 * length) return false;
    for (let k = 0; k < length; k++) {
      const route = values[k]!;
      const isSame =
        shares[3 * k] === route &&
        shares[3 * k + 1] === this.#messages[route] &&
        shares[3 * k + 2] === this.#synapses[route];
      if (!isSame) return false;
    }
    return true;
  }

  #place(): { readonly address: Address; readonly shares: Float64Array } {
    const { length, values } = this.#touched;
    const shares = new Float64Array(3 * length);
    const first = this.#memory.reserve(4 * shareWords * length);
    const words = this.#memory.uint32(first, shareWords * length);
    for (let k = 0; k < length; k++) {
      const route = values[k]!;
      const { core, sentOn } = this.#routes[route]!;
      const at = shareWords * k;
      words[at + share.core] = core;
      words[at + share.messages] = this.#messages[route]!;
      words[at + share.sentOn] = sentOn;
      this.#memory.float64(first + 4 * (at + share.synapses), 1)[0] = this.#synapses[route]!;
      shares.set([route, this.#messages[route]!, this.#synapses[route]!], 3 * k);
    }
    this.#count();
    const pattern = new Uint32Array(patternWords);
    pattern.set([0, first, first + 4 * shareWords * length]);
    return { address: this.#memory.place(pattern), shares };
  }
}
