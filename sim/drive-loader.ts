import { failure } from '../schemas/diagnostic.js';
import type { Drive } from '../schemas/spike.js';
import { elementCount } from '../schemas/tensor.js';
import type { Machine } from './machine.js';

/** A drive and where the currents of its population's neurons lie: by neuron, a word of the machine's memory. */
interface DriveMap {
  readonly name: string;
  readonly grid: NonNullable<Drive['grid']>;
  readonly word: Int32Array;
}

/** Loads a sample's currents into the compartments of the drives' populations, as the host does. */
export class DriveLoader {
  readonly #machine: Machine;
  /** The machine's memory. */
  readonly #words: Int32Array;
  readonly #maps: readonly DriveMap[];

  constructor(machine: Machine) {
    const { program, cores } = machine;
    this.#machine = machine;
    this.#words = machine.memory.int32(0, Math.floor(machine.memory.bytes / 4));
    this.#maps = program.drives.map(({ population: name, grid }) => {
      const index = program.populations.findIndex((population) => population.name === name);
      const neurons = elementCount(program.populations[index]!.shape);
      const word = new Int32Array(neurons);
      for (const { dendrites, population, neuron } of cores) {
        for (let k = 0; k < neuron.length; k++) {
          if (population[k] !== index || neuron[k] === -1) continue;
          word[neuron[k]!] = dendrites.drive!.byteOffset / 4 + k;
        }
      }
      // A drive without a grid is refused when the Program is checked.
      return { name, grid: grid!, word };
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
    const { word } = this.#maps[index]!;
    const words = this.#words;
    for (let neuron = 0; neuron < drive.length; neuron++) words[word[neuron]!] = drive[neuron]!;
    this.#machine.ranges.wakeDriven();
  }
}

function checkDrive(drive: Int32Array, { name, grid, word }: DriveMap): void {
  const where = `drive of ${name}`;
  if (drive.length !== word.length) {
    const what = `${drive.length} currents for ${word.length} neurons.`;
    throw failure('SW3006', { where, what });
  }
  const step = 2 ** grid.exponent;
  const most = grid.mantissaMax * step;
  const offGrid = step - 1;
  for (let neuron = 0; neuron < drive.length; neuron++) {
    const current = drive[neuron]!;
    if ((current & offGrid) === 0 && current <= most && current >= -most) continue;
    const what = `the current ${current} of neuron ${neuron} is not one of −${most} to ${most} in steps of ${step}.`;
    throw failure('SW3006', { where, what });
  }
}
