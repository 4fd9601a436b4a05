import { failure } from '../schemas/diagnostic.js';
import type { Drive } from '../schemas/spike.js';
import { elementCount } from '../schemas/tensor.js';
import type { Machine } from './machine.js';

/** A drive and where the compartments of its population are: core and compartment by neuron. */
interface DriveMap {
  readonly name: string;
  readonly grid: NonNullable<Drive['grid']>;
  readonly core: Int32Array;
  readonly compartment: Int32Array;
}

/** Loads a sample's currents into the compartments of the drives' populations, as the host does. */
export class DriveLoader {
  readonly #machine: Machine;
  readonly #maps: readonly DriveMap[];

  constructor(machine: Machine) {
    const { program, cores } = machine;
    this.#machine = machine;
    this.#maps = program.drives.map(({ population: name, grid }) => {
      const index = program.populations.findIndex((population) => population.name === name);
      const neurons = elementCount(program.populations[index]!.shape);
      const core = new Int32Array(neurons);
      const compartment = new Int32Array(neurons);
      for (const { number, population, neuron } of cores) {
        for (let k = 0; k < neuron.length; k++) {
          if (population[k] !== index) continue;
          core[neuron[k]!] = number;
          compartment[neuron[k]!] = k;
        }
      }
      // A drive without a grid is refused when the Program is checked.
      return { name, grid: grid!, core, compartment };
    });
  }

  /** Throws SW3006 where number, length or a value of a sample's drives does not fit. */
  check(drives: readonly Int32Array[]): void {
    if (drives.length !== this.#maps.length) {
      const what = `${drives.length} drives were given, the program has ${this.#maps.length}.`;
      throw failure('SW3006', { where: this.#machine.program.name, what });
    }
    for (const [index, map] of this.#maps.entries()) checkDrive(drives[index]!, map);
  }

  /** Loads drive number `index` of a sample whose drives have been checked. */
  load(index: number, drive: Int32Array): void {
    const { core, compartment } = this.#maps[index]!;
    const { cores } = this.#machine;
    for (let neuron = 0; neuron < drive.length; neuron++) {
      cores[core[neuron]!]!.dendrites.drive![compartment[neuron]!] = drive[neuron]!;
    }
    for (const core of cores) core.noteDrive();
  }
}

function checkDrive(drive: Int32Array, { name, grid, core }: DriveMap): void {
  const where = `drive of ${name}`;
  if (drive.length !== core.length) {
    const what = `${drive.length} currents for ${core.length} neurons.`;
    throw failure('SW3006', { where, what });
  }
  const step = 2 ** grid.exponent;
  const most = grid.mantissaMax * step;
  for (let neuron = 0; neuron < drive.length; neuron++) {
    const current = drive[neuron]!;
    if (current % step === 0 && Math.abs(current) <= most) continue;
    const what = `the current ${current} of neuron ${neuron} is not one of −${most} to ${most} in steps of ${step}.`;
    throw failure('SW3006', { where, what });
  }
}
