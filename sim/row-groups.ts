import { Growing } from './growing.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Words of what kernel/merged-state.ts calls RowGroup. */
const groupWords = 4;

/** The rows that lists name in one sheet, list by list and wait by wait. */
export class RowGroups {
  /** The longest that any waits. */
  longestWait = 0;
  /** Section and row, and where the groups begin; their slots and waits. */
  readonly #rows = new Growing(new Float64Array(64));
  readonly #start: number[] = [];
  readonly #slot: number[] = [];
  readonly #wait: number[] = [];

  get size(): number {
    return this.#slot.length;
  }

  /** A row of the section at an address; rows of one list and wait follow one another. `slot` as `slotAt` takes it. */
  add(slot: number, section: Address, row: number, wait: number): void {
    if (this.#slot.at(-1) !== slot || this.#wait.at(-1) !== wait) {
      this.#start.push(this.#rows.length);
      this.#slot.push(slot);
      this.#wait.push(wait);
      this.longestWait = Math.max(this.longestWait, wait);
    }
    this.#rows.push(section);
    this.#rows.push(row);
  }

  /** Places all; gives the words of a Sheet that tell of them. */
  place(memory: MachineMemory): readonly number[] {
    const rows = memory.place(Uint32Array.from(this.#rows.taken()));
    const inOrder = [...this.#slot.keys()].sort((a, b) => this.#wait[a]! - this.#wait[b]! || a - b);
    const prompt = this.#wait.filter((wait) => wait === 0).length;
    const table = new Uint32Array(groupWords * this.size);
    for (const [place, group] of inOrder.entries()) {
      const [start, past] = [this.#start[group]!, this.#start[group + 1] ?? this.#rows.length];
      const words = [this.#slot[group]!, this.#wait[group]!, rows + 4 * start, rows + 4 * past];
      table.set(words, groupWords * place);
    }
    const groups = memory.place(table);
    return [groups, groups + 4 * groupWords * prompt, groups + 4 * table.length, prompt];
  }
}
