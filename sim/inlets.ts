/**
 * The inlets of a core: those of its input axons, and of the atoms of population axons, to which some output axon or the
 * host leads one by one. A message carries the number of its inlet; what nobody leads to has none.
 */
export interface Inlets {
  /** Axon and atom of each inlet, and the messages that may arrive there in one timestep, host axons included, [inlets]. */
  readonly axon: readonly number[];
  readonly atom: readonly number[];
  readonly sources: readonly number[];
}

/** Axon numbers and atoms have 16 bits. */
const atomsMax = 65_536;

/** Numbers the inlets of one core in the order in which the Program first leads to them. */
export class InletNumbers implements Inlets {
  readonly axon: number[] = [];
  readonly atom: number[] = [];
  readonly sources: number[] = [];
  readonly #numbers = new Map<number, number>();

  /** The inlet of an axon and atom, at which `messages` more may arrive in one timestep. */
  enter(axon: number, atom: number, messages: number): number {
    const key = axon * atomsMax + atom;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.axon.push(axon) - 1;
      this.atom.push(atom);
      this.sources.push(0);
      this.#numbers.set(key, number);
    }
    this.sources[number]! += messages;
    return number;
  }
}
