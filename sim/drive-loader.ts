import { failure } from '../schemas/diagnostic.js';
import type { Drive } from '../schemas/spike.js';
import { elementCount } from '../schemas/tensor.js';
import type { Machine } from './machine.js';
import type { Address } from './machine-memory.js';

/** What fills the last vector of a drive. */
const lanesBeyond = 3;

/** A drive, where it lies while it is loaded, and where the currents of its population's neurons go (addresses). */
interface DriveMap {
  readonly name: string;
  readonly grid: NonNullable<Drive['grid']>;
  readonly currents: Int32Array;
  readonly places: Address;
  /** What `currents` holds, if nobody has changed it since. */
  held: Int32Array | null;
}

/** Loads a sample's currents into the compartments of the drives' populations, as the host does. */
export class DriveLoader {
  readonly #machine: Machine;
  readonly #maps: readonly DriveMap[];
  /** By population. */
  readonly #drivesOf: readonly (readonly number[])[];

  constructor(machine: Machine) {
    const { program, cores, memory } = machine;
    this.#machine = machine;
    this.#drivesOf = program.populations.map(({ name }) => {
      return program.drives.flatMap(({ population }, index) => (population === name ? [index] : []));
    });
    this.#maps = program.drives.map(({ population: name, grid }) => {
      const index = program.populations.findIndex((population) => population.name === name);
      const neurons = elementCount(program.populations[index]!.shape);
      const places = new Uint32Array(neurons);
      for (const { dendrites, population, neuron } of cores) {
        for (let k = 0; k < neuron.length; k++) {
          if (population[k] !== index || neuron[k] === -1) continue;
          places[neuron[k]!] = dendrites.drive!.byteOffset + 4 * k;
        }
      }
      const currents = memory.int32(memory.reserve(4 * (neurons + lanesBeyond)), neurons);
      // A drive without a grid is refused when the Program is checked.
      return { name, grid: grid!, currents, places: memory.place(places), held: null };
    });
  }

  /** Throws SW3006 where number, length or a value of a sample's drives does not fit. */
  check(drives: readonly Int32Array[]): void {
    if (drives.length !== this.#maps.length) {
      const what = `${drives.length} drives were given, the program has ${this.#maps.length}.`;
      throw failure('SW3006', { where: this.#machine.program.name, what });
    }
    for (const [index, map] of this.#maps.entries()) this.#check(drives[index]!, map);
  }

  /** Loads those of a sample's drives, which have been checked, that are of a population. */
  load(population: number, drives: readonly Int32Array[]): void {
    const { memory, ranges } = this.#machine;
    for (const index of this.#drivesOf[population]!) {
      const map = this.#maps[index]!;
      const { currents, places } = map;
      const drive = drives[index]!;
      if (drive !== map.held) currents.set(drive);
      map.held = drive;
      memory.kernels.loadDrive(currents.byteOffset, places, drive.length);
      ranges.wakeDriven();
    }
  }

  #check(drive: Int32Array, map: DriveMap): void {
    const { name, grid, currents } = map;
    const where = `drive of ${name}`;
    if (drive.length !== currents.length) {
      const what = `${drive.length} currents for ${currents.length} neurons.`;
      throw failure('SW3006', { where, what });
    }
    const step = 2 ** grid.exponent;
    const most = grid.mantissaMax * step;
    currents.set(drive);
    map.held = drive;
    const { kernels } = this.#machine.memory;
    const neuron = kernels.findOffGrid(currents.byteOffset, drive.length, step - 1, most);
    if (neuron < 0) return;
    const what = `the current ${drive[neuron]} of neuron ${neuron} is not one of −${most} to ${most} in steps of ${step}.`;
    throw failure('SW3006', { where, what });
  }
}
