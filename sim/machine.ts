import { failure } from '../schemas/diagnostic.js';
import type { CoreImage, Program } from '../schemas/program.js';
import { checkProgram } from '../schemas/program-check.js';
import type { Target } from '../schemas/target.js';
import { resolveAxonsOut } from './axon-out.js';
import { type Board, coreName, layOut } from './board.js';
import { checkFit } from './check-fit.js';
import { Core } from './core.js';
import { CoreState, coreStateBytes } from './core-state.js';
import { MachineMemory } from './machine-memory.js';
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
  readonly memory: MachineMemory;
  /** Input axons of all cores; those of core c are numbered from `cores[c].axonIn.firstNumber`. */
  readonly axons: number;
}

/** Largest magnitude that a 32-bit accumulator holds. */
const accumulatorMax = 2 ** 31 - 1;

/**
 * Checks, decodes and places a Program. Throws SW1005, SW1006 or SW1007 for a Program that is not sound by itself, and SW3001, SW3002, SW3003, SW3004,
 * SW3007 or SW3010 for one that cannot run on the target.
 */
export function loadMachine(program: Program, target: Target): Machine {
  checkProgram(program, `program ${program.name}`);
  checkFit(program, target);
  const board = layOut(program, target);
  const mesh = new Mesh(board);
  const memory = new MachineMemory();
  const table = memory.reserve(coreStateBytes * program.cores.length);
  const states = program.cores.map((_, number) => new CoreState(memory, table + number * coreStateBytes));
  const cores: Core[] = [];
  let axons = 0;
  for (const [number, image] of program.cores.entries()) {
    const axonsOut = resolveAxonsOut(number, program.cores, board, mesh, memory, states);
    cores.push(new Core(number, image, program, target, axonsOut, axons, memory, states[number]!));
    axons += image.axonsIn.firstWord.length;
  }
  const hostInputs = program.hostAxons.map(({ chip, core, axon, firstStep }) => {
    return { core: board.indexOf(chip, core), axon, firstStep };
  });
  const machine = { program, board, mesh, cores, hostInputs, memory, axons };
  const sources = sourcesOfAxons(machine);
  for (const { axonIn } of cores) {
    const { firstNumber } = axonIn;
    axonIn.openInbox(sources.subarray(firstNumber, firstNumber + axonIn.axons).reduce((sum, count) => sum + count, 0));
  }
  checkAccumulators(machine, sources, target);
  return machine;
}

/** Output entries and host axons that lead to each input axon, [axons]: the messages it can receive in one timestep. */
function sourcesOfAxons({ cores, hostInputs, axons }: Machine): Float64Array {
  const sources = new Float64Array(axons);
  for (const { axonsOut } of cores) {
    for (let entry = 0; entry < axonsOut.core.length; entry++) {
      sources[cores[axonsOut.core[entry]!]!.axonIn.firstNumber + axonsOut.axon[entry]!]!++;
    }
  }
  for (const { core, axon } of hostInputs) sources[cores[core]!.axonIn.firstNumber + axon]!++;
  return sources;
}

/**
 * A membrane and all that is added to it in one timestep must fit 32 bits even if every source of a core fired at once.
 * A bound by each axon's heaviest weight settles nearly every core; only where it fails are the compartments summed one
 * by one.
 */
function checkAccumulators({ program, cores }: Machine, sources: Float64Array, target: Target): void {
  const drive = program.drives.reduce((most, { grid }) => Math.max(most, grid!.mantissaMax * 2 ** grid!.exponent), 0);
  for (const { number, axonIn, compartments } of cores) {
    const other = drive + membraneBound(program.cores[number]!, target);
    let bound = 0;
    for (let axon = 0; axon < axonIn.axons; axon++)
      bound += sources[axonIn.firstNumber + axon]! * axonIn.heaviest[axon]!;
    if (bound + other <= accumulatorMax) continue;
    const sums = new Float64Array(compartments);
    for (let axon = 0; axon < axonIn.axons; axon++) {
      const times = sources[axonIn.firstNumber + axon]!;
      axonIn.forEachWeight(axon, (compartment, weight) => {
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
