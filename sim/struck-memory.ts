import type { Core } from './core.js';
import type { Machine } from './machine.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Words of `Sent` in kernel/struck.ts: messages, and links east-west, north-south and between chips. */
const sentWords = 4;

/** Messages of some spikes, with the links that all would take, and the output axons of those that were struck. */
interface Struck {
  readonly messages: number;
  readonly eastWest: number;
  readonly northSouth: number;
  readonly crossings: number;
  /** Until the next are sent. */
  readonly struck: Uint32Array;
}

/** Sends messages of which some are struck, in a machine that has none merged. */
export class StruckMemory {
  readonly #kernels: MachineMemory['kernels'];
  readonly #rate: number;
  readonly #address: Address;
  readonly #words: Uint32Array;

  /** Throws SW3010 where memory ends. */
  constructor({ memory, cores }: Machine, rate: number) {
    const most = cores.reduce((messages, { axonsOut }) => Math.max(messages, axonsOut.core.length), 0);
    this.#kernels = memory.kernels;
    this.#rate = rate;
    this.#address = memory.reserve(4 * (sentWords + most));
    this.#words = memory.uint32(this.#address, sentWords + most);
  }

  /** Sends the messages of spikes first … end − 1 of a core, but those struck by what was drawn. */
  send({ address }: Core, first: number, end: number, drawn: number): Struck {
    const count = this.#kernels.sendUnstruck(address, first, end, drawn, this.#rate, this.#address);
    const [messages, eastWest, northSouth, crossings] = this.#words as unknown as [number, number, number, number];
    const struck = this.#words.subarray(sentWords, sentWords + count);
    return { messages, eastWest, northSouth, crossings, struck };
  }
}
