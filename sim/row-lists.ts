import { Growing } from './growing.js';
import { HashTable } from './hash-table.js';

/** Numbers of a row in a list: section, row, wait. */
const rowNumbers = 3;

/** The rows that a compartment's spikes name: those of a list, all so many rows on. */
interface NamedRows {
  /** 0: none. */
  readonly list: number;
  readonly shift: number;
}

/**
 * Lists of rows. Those of many compartments are alike but for a shift: in a convolution, those of all channels of a pixel.
 * Rows are added one by one, between the `close` of one compartment and that of the next.
 */
export class RowLists {
  readonly #rows = new Growing(new Int32Array(64));
  readonly #known = new HashTable();
  /** The rows of all lists, one behind the other, and where each begins: the first, of list 0, is empty. */
  readonly #lists = new Growing(new Int32Array(1024));
  readonly #start = new Growing(Int32Array.of(0, 0));

  constructor() {
    this.#start.length = 2;
  }

  /** Lists, that of no rows included. */
  get size(): number {
    return this.#start.length - 1;
  }

  /** A row of a section, whose number is of those of all sheets; it acts `wait` timesteps later than the first can. */
  add(section: number, row: number, wait: number): void {
    this.#rows.push(section);
    this.#rows.push(row);
    this.#rows.push(wait);
  }

  /** The rows that have been added. */
  close(): NamedRows {
    const { length, values } = this.#rows;
    if (length === 0) return { list: 0, shift: 0 };
    const shift = values[1]!;
    let hash = length;
    for (let k = 0; k < length; k += rowNumbers) {
      values[k + 1]! -= shift;
      hash = Math.imul(hash ^ values[k]!, 0x9e3779b1);
      hash = Math.imul(hash ^ values[k + 1]!, 0x85ebca6b) ^ values[k + 2]!;
    }
    let number = this.#known.find(hash, (other) => this.#is(other + 1));
    if (number < 0) {
      number = this.#start.length - 2;
      this.#known.add(hash, number);
      for (let k = 0; k < length; k++) this.#lists.push(values[k]!);
      this.#start.push(this.#lists.length);
    }
    this.#rows.length = 0;
    return { list: number + 1, shift };
  }

  /** Calls `visit` for each row of a list: its section, its row but for the shift, and how long it waits. */
  forEachRow(list: number, visit: (section: number, row: number, wait: number) => void): void {
    const { values } = this.#lists;
    const past = this.#start.values[list + 1]!;
    for (let k = this.#start.values[list]!; k < past; k += rowNumbers)
      visit(values[k]!, values[k + 1]!, values[k + 2]!);
  }

  #is(list: number): boolean {
    const { length, values } = this.#rows;
    const start = this.#start.values[list]!;
    if (this.#start.values[list + 1]! - start !== length) return false;
    for (let k = 0; k < length; k++) if (this.#lists.values[start + k] !== values[k]) return false;
    return true;
  }
}
