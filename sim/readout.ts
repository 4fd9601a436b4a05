import { elementCount } from '../schemas/tensor.js';
import type { Machine } from './machine.js';
import type { Somas } from './soma.js';

/** Neighbouring neurons of the readout that are neighbouring compartments of a core. */
interface Stretch {
  readonly core: number;
  readonly somas: Somas;
  readonly first: number;
  readonly end: number;
  readonly neuron: number;
}

/** The population that integrates and never fires: what its membranes hold is the network's answer. */
export class Readout {
  /** In `program.populations`. */
  readonly population: number;
  readonly #neurons: number;
  readonly #stretches: readonly Stretch[];

  constructor({ program, coresOf }: Machine) {
    this.population = program.populations.findIndex(({ kind }) => kind === 'readout');
    this.#neurons = elementCount(program.populations[this.population]!.shape);
    this.#stretches = coresOf[this.population]!.flatMap(({ number, ranges, neuron, somas }) => {
      const stretches: Stretch[] = [];
      for (const { population, first: from, end: past } of ranges) {
        if (population !== this.population) continue;
        for (let first = from, end = from; first < past; first = end) {
          end = first + 1;
          while (end < past && neuron[end] === neuron[first]! + end - first) end++;
          if (neuron[first] !== -1) stretches.push({ core: number, somas, first, end, neuron: neuron[first]! });
        }
      }
      return stretches;
    });
  }

  /** v of each neuron [neurons] after the last update; 0 of those whose core is dead. */
  membranes(isDead: ((core: number) => boolean) | null): Int32Array {
    const values = new Int32Array(this.#neurons);
    for (const { core, somas, first, end, neuron } of this.#stretches) {
      if (isDead === null || !isDead(core)) values.set(somas.membrane.subarray(first, end), neuron);
    }
    return values;
  }
}
