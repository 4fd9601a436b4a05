import type { Program } from '../schemas/program.js';
import { checkProgram } from '../schemas/program-check.js';
import type { Target } from '../schemas/target.js';
import { type Board, coreName, layOut } from './board.js';
import { checkFit } from './check-fit.js';
import { checkAccumulators, checkTargets } from './check-synapses.js';
import { Mesh } from './mesh.js';
import { decodeSynapses, listOf, synapseLayout } from './synapse.js';

/**
 * Checks all of a Program that loading it checks, but for the memory that it takes, one core after another. Throws SW1005,
 * SW1006 or SW1007 for a Program that is not sound by itself, and SW3001, SW3002, SW3003, SW3004 or SW3007 for one that
 * cannot run on the target.
 */
export function checkMachine(program: Program, target: Target): void {
  checkProgram(program, `program ${program.name}`);
  checkFit(program, target);
  const board = layOut(program, target);
  new Mesh(board);
  const arrivals = arrivalsOf(program, board);
  const layout = synapseLayout(target);
  for (const [number, image] of program.cores.entries()) {
    const where = coreName(program, number);
    const store = decodeSynapses(image, layout, where);
    checkTargets(image, store, where);
    const { firstOfAxon, messages } = arrivals[number]!;
    const { base, atoms } = image.axonsIn;
    const eachArrival = (visit: (list: number, base: number, messages: number) => void): void => {
      for (let axon = 0; axon < atoms.length; axon++) {
        for (let atom = 0; atom < atoms[axon]!; atom++) {
          const count = messages[firstOfAxon[axon]! + atom]!;
          if (count > 0) visit(listOf(store, axon, atom), base[axon]!, count);
        }
      }
    };
    let bound = 0;
    eachArrival((list, _, count) => {
      bound += count * store.lists.heaviest[list]!;
    });
    checkAccumulators(program, number, store, bound, target, eachArrival);
  }
}

/** Messages that may arrive at a core in one timestep: those for atom a of axon k are messages[firstOfAxon[k] + a]. */
interface Arrivals {
  readonly firstOfAxon: Uint32Array;
  readonly messages: Uint32Array;
}

function arrivalsOf({ cores, hostAxons }: Program, board: Board): readonly Arrivals[] {
  const arrivals = cores.map(({ axonsIn: { atoms } }): Arrivals => {
    const firstOfAxon = new Uint32Array(atoms.length + 1);
    for (let axon = 0; axon < atoms.length; axon++) firstOfAxon[axon + 1] = firstOfAxon[axon]! + atoms[axon]!;
    return { firstOfAxon, messages: new Uint32Array(firstOfAxon[atoms.length]!) };
  });
  const arrive = (chip: number, core: number, axon: number, atom: number): void => {
    const { firstOfAxon, messages } = arrivals[board.indexOf(chip, core)]!;
    messages[firstOfAxon[axon]! + atom]!++;
  };
  for (const { axonsOut } of cores) {
    const { chip, core, axon, atom } = axonsOut;
    for (let entry = 0; entry < chip.length; entry++) arrive(chip[entry]!, core[entry]!, axon[entry]!, atom[entry]!);
  }
  for (const { chip, core, axon } of hostAxons) arrive(chip, core, axon, 0);
  return arrivals;
}
