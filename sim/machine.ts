import { failure } from '../schemas/diagnostic.js';
import type { CoreImage, Program } from '../schemas/program.js';
import { checkProgram } from '../schemas/program-check.js';
import type { Target } from '../schemas/target.js';
import { placeAxonsOut } from './axon-out.js';
import { type Board, coreName, layOut } from './board.js';
import { checkFit } from './check-fit.js';
import { Core } from './core.js';
import { CoreState, coreStateBytes } from './core-state.js';
import { findInlets, type Inlets } from './inlets.js';
import { type Address, MachineMemory } from './machine-memory.js';
import { Mesh } from './mesh.js';
import { RangeTable } from './range-table.js';

/** An inlet that the host drives, by core number. */
interface HostInput {
  readonly core: number;
  readonly inlet: number;
  readonly firstStep: number;
}

/** A Program loaded on its board: what all timing modes run. */
export interface Machine {
  readonly program: Program;
  readonly board: Board;
  readonly mesh: Mesh;
  readonly cores: readonly Core[];
  readonly hostInputs: readonly HostInput[];
  readonly memory: MachineMemory;
  readonly ranges: RangeTable;
  /** Where the states of all cores lie, one behind the other. */
  readonly states: { readonly begin: Address; readonly end: Address };
}

/** Largest magnitude that a 32-bit accumulator holds. */
const accumulatorMax = 2 ** 31 - 1;

/**
 * Checks, decodes and places a Program. Throws SW1005, SW1006 or SW1007 for a Program that is not sound by itself, and SW3001, SW3002, SW3003, SW3004,
 * SW3007 or SW3010 for one that cannot run on the target. `messagesPerStep`: messages of one output axon that may arrive
 * in one timestep.
 */
export function loadMachine(program: Program, target: Target, messagesPerStep = 1): Machine {
  checkProgram(program, `program ${program.name}`);
  checkFit(program, target);
  const board = layOut(program, target);
  const mesh = new Mesh(board);
  const memory = new MachineMemory();
  const table = memory.reserve(coreStateBytes * program.cores.length);
  const states = program.cores.map((_, number) => new CoreState(memory, table + number * coreStateBytes));
  const { inlets, routes, hostInlets } = findInlets(program, board, messagesPerStep);
  const cores = program.cores.map((image, number) => {
    const axonsOut = placeAxonsOut(number, image, routes[number]!, mesh, memory, states);
    return new Core(number, image, program, target, axonsOut, inlets[number]!, memory, states[number]!);
  });
  memory.endPlacing();
  const hostInputs = program.hostAxons.map(({ chip, core, firstStep }, index) => {
    return { core: board.indexOf(chip, core), inlet: hostInlets[index]!, firstStep };
  });
  const ranges = new RangeTable(memory, program, cores);
  const machine = {
    program,
    board,
    mesh,
    cores,
    hostInputs,
    memory,
    ranges,
    states: { begin: table, end: table + program.cores.length * coreStateBytes },
  };
  checkAccumulators(machine, inlets, target);
  return machine;
}

/**
 * A membrane and all that is added to it in one timestep must fit 32 bits even if every source of a core fired in every step.
 * A bound by each axon's heaviest weight settles nearly every core; only where it fails are the compartments summed one
 * by one.
 */
function checkAccumulators({ program, cores }: Machine, inlets: readonly Inlets[], target: Target): void {
  const drive = program.drives.reduce((most, { grid }) => Math.max(most, grid!.mantissaMax * 2 ** grid!.exponent), 0);
  for (const { number, axonIn, compartments } of cores) {
    const other = drive + membraneBound(program.cores[number]!, target);
    const { sources } = inlets[number]!;
    const bound = sources.reduce((sum, count, inlet) => sum + count * axonIn.heaviest[inlet]!, 0);
    if (bound + other <= accumulatorMax) continue;
    const sums = new Float64Array(compartments);
    for (const [inlet, times] of sources.entries()) {
      axonIn.forEachWeight(inlet, (compartment, weight) => {
        sums[compartment]! += times * Math.abs(weight);
      });
    }
    const largest = sums.reduce((most, sum) => Math.max(most, sum), 0);
    if (largest + other > accumulatorMax) {
      const what = `the weights of one compartment sum to as much as ${largest.toLocaleString('en')}; with membrane and bias that passes ${accumulatorMax.toLocaleString('en')}.`;
      throw failure('SW3007', { where: coreName(program, number), what });
    }
  }
}

/** Largest magnitude of a core's membranes before or after a reset, and of its static bias. */
function membraneBound({ profiles, bias }: CoreImage, { arithmetic }: Target): number {
  const largest = (values: Int32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const afterReset = profiles.reduce((most, { spiking, reset, threshold, resetBy }) => {
    if (!spiking || reset === 'hard') return most;
    return Math.max(
      most,
      largest(resetBy) + Math.max(0, -threshold.reduce((least, value) => Math.min(least, value), 0)),
    );
  }, 0);
  return Math.max(arithmetic.membraneMax, afterReset) + largest(bias.data);
}
