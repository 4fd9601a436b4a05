import { failure } from '../schemas/diagnostic.js';
import type { Program } from '../schemas/program.js';
import { checkProgram } from '../schemas/program-check.js';
import type { Target } from '../schemas/target.js';
import { resolveAxonsOut } from './axon-out.js';
import { type Board, coreName, layOut } from './board.js';
import { checkFit } from './check-fit.js';
import { Core } from './core.js';
import { Mesh } from './mesh.js';

/** An input axon that the host drives, by core number. */
interface HostInput {
  readonly core: number;
  readonly axon: number;
  readonly firstStep: number;
}

/** A Program loaded on its board: what all timing modes run. */
export interface Machine {
  readonly program: Program;
  readonly board: Board;
  readonly mesh: Mesh;
  readonly cores: readonly Core[];
  readonly hostInputs: readonly HostInput[];
  /** Input axons of all cores; those of core c are numbered from `cores[c].axonIn.firstNumber`. */
  readonly axons: number;
}

/** Largest magnitude that a 32-bit accumulator holds. */
const accumulatorMax = 2 ** 31 - 1;

/**
 * Checks, decodes and places a Program. Throws SW1005, SW1006 or SW1007 for a Program that is not sound by itself, and SW3001, SW3002, SW3003, SW3004
 * or SW3007 for one that cannot run on the target.
 */
export function loadMachine(program: Program, target: Target): Machine {
  checkProgram(program, `program ${program.name}`);
  checkFit(program, target);
  const board = layOut(program, target);
  const mesh = new Mesh(board);
  const cores: Core[] = [];
  let axons = 0;
  for (const [number, image] of program.cores.entries()) {
    const axonsOut = resolveAxonsOut(number, program.cores, board, mesh);
    cores.push(new Core(number, image, program, target, axonsOut, axons));
    axons += image.axonsIn.firstWord.length;
  }
  const hostInputs = program.hostAxons.map(({ chip, core, axon, firstStep }) => {
    return { core: board.indexOf(chip, core), axon, firstStep };
  });
  const machine = { program, board, mesh, cores, hostInputs, axons };
  checkAccumulators(machine);
  return machine;
}

/**
 * Sums of weights must fit the accumulators even if every source of a core fired at once. A bound by each axon's
 * heaviest weight settles nearly every core; only where it fails are the compartments summed one by one.
 */
function checkAccumulators({ program, cores, hostInputs, axons }: Machine): void {
  const sources = new Float64Array(axons);
  for (const { axonsOut } of cores) {
    for (let entry = 0; entry < axonsOut.core.length; entry++) {
      sources[cores[axonsOut.core[entry]!]!.axonIn.firstNumber + axonsOut.axon[entry]!]!++;
    }
  }
  for (const { core, axon } of hostInputs) sources[cores[core]!.axonIn.firstNumber + axon]!++;
  for (const { number, axonIn, compartments } of cores) {
    let bound = 0;
    for (let axon = 0; axon < axonIn.axons; axon++)
      bound += sources[axonIn.firstNumber + axon]! * axonIn.heaviest[axon]!;
    if (bound <= accumulatorMax) continue;
    const sums = new Float64Array(compartments);
    for (let axon = 0; axon < axonIn.axons; axon++) {
      const times = sources[axonIn.firstNumber + axon]!;
      axonIn.forEachSynapse(axon, (compartment, weight) => {
        sums[compartment]! += times * Math.abs(weight);
      });
    }
    const largest = sums.reduce((most, sum) => Math.max(most, sum), 0);
    if (largest > accumulatorMax) {
      const what = `the weights of one compartment sum to as much as ${largest.toLocaleString('en')}.`;
      throw failure('SW3007', { where: coreName(program, number), what });
    }
  }
}
