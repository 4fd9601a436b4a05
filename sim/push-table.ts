import { Growing } from './growing.js';
import { HashTable } from './hash-table.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Words of what kernel/merged-state.ts calls DelayedPushes, and of a PushList without its pushes; of a row in a key: section, row, wait. */
const delayedWords = 4;
const listWords = 4;
const pushWords = 2;
const rowKey = 3;

/** The rows that a compartment's spikes push: those of a list, all so many bytes on. */
interface PushedRows {
  readonly list: Address;
  readonly shift: number;
}

/**
 * Lists of rows. Those of many compartments are alike but for a shift: in a convolution, those of all channels of a pixel.
 * Rows are added one by one, between the `close` of one compartment and that of the next.
 */
export class PushTable {
  /** Delayed pushes that may come about in one timestep, and the longest delay beyond the least. */
  delayed = 0;
  longestWait = 0;
  readonly #memory: MachineMemory;
  readonly #nowhere: Address;
  readonly #rows = new Growing(new Float64Array(64));
  readonly #known = new HashTable();
  /** The keys of all lists, one behind the other, and where each begins; addresses; and how many waits each has. */
  readonly #keys = new Growing(new Float64Array(1024));
  readonly #keyStart = new Growing(Int32Array.of(0, 0));
  readonly #addresses: Address[] = [];
  readonly #waits: number[] = [];

  /** Pushes come in pairs: where their number is odd one more goes to the section `nowhere`. */
  constructor(memory: MachineMemory, nowhere: Address) {
    this.#memory = memory;
    this.#nowhere = nowhere;
    this.#keyStart.length = 1;
  }

  /** The row at `offset` in tiles of 64, for the section at an address; it acts `wait` timesteps later than the first can. */
  add(section: Address, offset: number, wait: number): void {
    this.#rows.push(section);
    this.#rows.push(offset);
    this.#rows.push(wait);
  }

  /** The rows that have been added; list 0 where there are none. */
  close(): PushedRows {
    const { length, values } = this.#rows;
    if (length === 0) return { list: 0, shift: 0 };
    const shift = values[1]!;
    let hash = length;
    for (let k = 0; k < length; k += rowKey) {
      values[k + 1]! -= shift;
      hash = Math.imul(hash ^ values[k]!, 0x9e3779b1);
      hash = Math.imul(hash ^ values[k + 1]!, 0x85ebca6b) ^ values[k + 2]!;
    }
    let number = this.#known.find(hash, (other) => this.#is(other));
    if (number < 0) {
      number = this.#addresses.length;
      this.#known.add(hash, number);
      this.#place();
    }
    this.#rows.length = 0;
    this.delayed += this.#waits[number]!;
    return { list: this.#addresses[number]!, shift };
  }

  #is(other: number): boolean {
    const { length, values } = this.#rows;
    const start = this.#keyStart.values[other]!;
    if (this.#keyStart.values[other + 1]! - start !== length) return false;
    for (let k = 0; k < length; k++) if (this.#keys.values[start + k] !== values[k]) return false;
    return true;
  }

  #place(): void {
    const memory = this.#memory;
    const rows = this.#rows.taken();
    for (const value of rows) this.#keys.push(value);
    this.#keyStart.push(this.#keys.length);
    const waits = [...new Set(rows.filter((_, k) => k % rowKey === 2))].sort((a, b) => a - b);
    const pushesAfter = (wait: number): number[] => {
      const own: number[] = [];
      for (let k = 0; k < rows.length; k += rowKey) if (rows[k + 2] === wait) own.push(rows[k]!, rows[k + 1]!);
      return own;
    };
    const late = waits.filter((wait) => wait > 0);
    for (const wait of late) this.longestWait = Math.max(this.longestWait, wait);
    const delayed = memory.place(
      Uint32Array.from(
        late.flatMap((wait) => {
          const pushes = pushesAfter(wait);
          const address = memory.place(Uint32Array.from(pushes));
          return [wait, address, address + 4 * pushes.length, 0];
        }),
      ),
    );
    // What acts soonest stands in the list itself, so that nothing else need be fetched.
    const prompt = pushesAfter(0);
    if (prompt.length % (2 * pushWords) !== 0) prompt.push(this.#nowhere, 0);
    const address = memory.reserve(4 * (listWords + prompt.length));
    const list = memory.uint32(address, listWords + prompt.length);
    const pastPushes = address + 4 * list.length;
    list.set([pastPushes, delayed, delayed + 4 * delayedWords * late.length, 0, ...prompt]);
    this.#addresses.push(address);
    this.#waits.push(late.length);
  }
}
