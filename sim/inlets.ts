import type { Program } from '../schemas/program.js';
import type { Board } from './board.js';

/**
 * The inlets of a core: those of its input axons, and of the atoms of population axons, to which some output axon or the
 * host leads. A message carries the number of its inlet; what nobody leads to has none.
 */
export interface Inlets {
  /** Axon and atom of each inlet, and the messages that may arrive there in one timestep, host axons included, [inlets]. */
  readonly axon: readonly number[];
  readonly atom: readonly number[];
  readonly sources: readonly number[];
}

/** The inlets of all cores of a Program, and which of them each output axon and each host axon leads to. */
export interface InletMap {
  /** By core. */
  readonly inlets: readonly Inlets[];
  /** By core, for each of its output axons: the core that it leads to (a place in `program.cores`), and the inlet there. */
  readonly routes: readonly { readonly core: Int32Array; readonly inlet: Int32Array }[];
  /** Inlet of each host axon. */
  readonly hostInlets: readonly number[];
}

/** Axon numbers and atoms have 16 bits. */
const atomsMax = 65_536;

/** Numbers the inlets of each core in the order in which the Program first leads to them; an output axon brings up to `messagesPerStep`. */
export function findInlets({ cores, hostAxons }: Program, board: Board, messagesPerStep: number): InletMap {
  const tables = cores.map(() => ({ axon: [] as number[], atom: [] as number[], sources: [] as number[] }));
  const numbers = cores.map(() => new Map<number, number>());
  const enter = (core: number, axon: number, atom: number): number => {
    const table = tables[core]!;
    const key = axon * atomsMax + atom;
    let number = numbers[core]!.get(key);
    if (number === undefined) {
      number = table.axon.push(axon) - 1;
      table.atom.push(atom);
      table.sources.push(0);
      numbers[core]!.set(key, number);
    }
    table.sources[number]! += messagesPerStep;
    return number;
  };
  const routes = cores.map(({ axonsOut }) => {
    const core = Int32Array.from(axonsOut.core, (to, entry) => board.indexOf(axonsOut.chip[entry]!, to));
    const inlet = core.map((to, entry) => enter(to, axonsOut.axon[entry]!, axonsOut.atom[entry]!));
    return { core, inlet };
  });
  const hostInlets = hostAxons.map(({ chip, core, axon }) => enter(board.indexOf(chip, core), axon, 0));
  return { inlets: tables, routes, hostInlets };
}
