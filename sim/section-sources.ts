import { Growing } from './growing.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Where a Section of kernel/merged-state.ts tells of its sources: of the first, and past those of lists with one slot and all. */
const sourcesAt = 2;
/** Words of its Source. */
const sourceWords = 2;

/** Which lists name rows of which sections. */
export class SectionSources {
  readonly #section = new Growing(new Int32Array(1024));
  readonly #slot = new Growing(new Float64Array(1024));
  readonly #row = new Growing(new Float64Array(1024));
  readonly #isSingle = new Growing(new Int32Array(1024));

  /**
   * The list with a slot, the only one or the first of several, names a row of a section, given as its offset in a tile.
   * That may be negative.
   */
  add(section: number, slot: Address, row: number, isSingle: boolean): void {
    this.#section.push(section);
    this.#slot.push(slot);
    this.#row.push(row);
    this.#isSingle.push(isSingle ? 1 : 0);
  }

  /** Gives each section its sources, those first whose lists have one slot. `addresses` by section. */
  place(memory: MachineMemory, addresses: readonly Address[]): void {
    const { length, values: section } = this.#section;
    const isSingle = this.#isSingle.values;
    /** By section: where the next source goes that has one slot, and one that has several; counted from the first of all. */
    const next = new Float64Array(addresses.length);
    const nextOther = new Float64Array(addresses.length);
    for (let k = 0; k < length; k++) (isSingle[k] === 1 ? next : nextOther)[section[k]!]!++;
    const first = memory.reserve(4 * sourceWords * length);
    let past = 0;
    for (const [own, address] of addresses.entries()) {
      const ends = [past, past + next[own]!, past + next[own]! + nextOther[own]!];
      memory.uint32(address, sourcesAt + ends.length).set(
        ends.map((place) => first + 4 * sourceWords * place),
        sourcesAt,
      );
      [next[own], nextOther[own], past] = ends as [number, number, number];
    }
    const placed = memory.uint32(first, sourceWords * length);
    for (let k = 0; k < length; k++) {
      const at = sourceWords * (isSingle[k] === 1 ? next : nextOther)[section[k]!]!++;
      placed[at] = this.#slot.values[k]!;
      placed[at + 1] = this.#row.values[k]!;
    }
  }
}
