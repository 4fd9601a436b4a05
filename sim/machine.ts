import type { Program } from '../schemas/program.js';
import { checkProgram } from '../schemas/program-check.js';
import type { Target } from '../schemas/target.js';
import { type Board, layOut } from './board.js';
import { checkFit } from './check-fit.js';
import type { Core } from './core.js';
import { CoreState, coreStateBytes } from './core-state.js';
import { CoreLoader, type Delivery } from './load-cores.js';
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
  /** By population, the cores that hold neurons of it. */
  readonly coresOf: readonly (readonly Core[])[];
  readonly hostInputs: readonly HostInput[];
  readonly memory: MachineMemory;
  readonly ranges: RangeTable;
  /** What the loops take a timestep's messages from. */
  readonly network: Address;
}

/**
 * Checks, decodes and places a Program, in a memory of its own or in one `shared` with other machines of this Program. Throws SW1005, SW1006 or SW1007 for a Program that is not sound by itself, and SW3001, SW3002, SW3003, SW3004,
 * SW3007 or SW3010 for one that cannot run on the target.
 */
export function loadMachine(
  program: Program,
  target: Target,
  delivery: Delivery = { oneByOne: false, perStep: 1 },
  shared?: WebAssembly.Memory,
): Machine {
  checkProgram(program, `program ${program.name}`);
  checkFit(program, target);
  const board = layOut(program, target);
  const mesh = new Mesh(board);
  const memory = new MachineMemory(shared);
  const begin = memory.reserve(coreStateBytes * program.cores.length);
  const states = program.cores.map((_, number) => new CoreState(memory, begin + number * coreStateBytes));
  const table = { begin, end: begin + program.cores.length * coreStateBytes };
  const loader = new CoreLoader(program, target, { board, mesh, memory, states, table }, delivery);
  const { cores, hostInlets, network } = loader.load();
  const hostInputs = program.hostAxons.map(({ chip, core, firstStep }, index) => {
    return { core: board.indexOf(chip, core), inlet: hostInlets[index]!, firstStep };
  });
  const coresOf = program.populations.map((_, population) => {
    return cores.filter((core) => core.ranges.some((range) => range.population === population));
  });
  const ranges = new RangeTable(memory, program, cores);
  memory.endPlacing();
  return { program, board, mesh, cores, coresOf, hostInputs, memory, ranges, network };
}
