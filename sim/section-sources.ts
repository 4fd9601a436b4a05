import { Growing } from './growing.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Where a Section of kernel/merged-state.ts has its sources, from their first to the end of those that are prompt and of all. */
const sourcesAt = 2;
/** Words of its Source and LateSource. */
const promptWords = 2;
const lateWords = 3;

/** Which lists name rows of which sections. */
export class SectionSources {
  readonly #section = new Growing(new Int32Array(1024));
  readonly #slot = new Growing(new Float64Array(1024));
  readonly #row = new Growing(new Float64Array(1024));
  readonly #wait = new Growing(new Int32Array(1024));

  /** The list with a slot, in bytes from the first of a plane, names a row of a section, given as its offset in a tile, which may be negative; it waits so many timesteps longer than others. */
  add(section: number, slot: number, row: number, wait: number): void {
    this.#section.push(section);
    this.#slot.push(slot);
    this.#row.push(row);
    this.#wait.push(wait);
  }

  /** Gives each section its sources, those first that do not wait. `addresses` by section. */
  place(memory: MachineMemory, addresses: readonly Address[]): void {
    const { length } = this.#section;
    const sections = addresses.length;
    const words = new Uint32Array(sections);
    const lateOf = new Uint32Array(sections);
    const section = this.#section.values;
    const wait = this.#wait.values;
    for (let k = 0; k < length; k++) {
      if (wait[k] === 0) words[section[k]!]! += promptWords;
      else lateOf[section[k]!]! += lateWords;
    }
    const next = new Float64Array(sections);
    const nextLate = new Float64Array(sections);
    let past = memory.reserve(4 * (sum(words) + sum(lateOf)));
    for (let own = 0; own < sections; own++) {
      next[own] = past;
      nextLate[own] = past + 4 * words[own]!;
      past = nextLate[own]! + 4 * lateOf[own]!;
      memory.uint32(addresses[own]!, sourcesAt + 3).set([next[own]!, nextLate[own]!, past], sourcesAt);
    }
    const start = next[0] ?? 0;
    const placed = memory.uint32(start, (past - start) / 4);
    for (let k = 0; k < length; k++) {
      const own = section[k]!;
      const isLate = wait[k] !== 0;
      const at = ((isLate ? nextLate[own]! : next[own]!) - start) / 4;
      placed[at] = this.#slot.values[k]!;
      placed[at + 1] = this.#row.values[k]!;
      if (isLate) placed[at + promptWords] = wait[k]!;
      if (isLate) nextLate[own]! += 4 * lateWords;
      else next[own]! += 4 * promptWords;
    }
  }
}

function sum(values: Uint32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
