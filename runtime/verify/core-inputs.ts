import type { CoreImage, Program } from '../../schemas/program.js';
import { readTarget } from '../../schemas/target-file.js';
import { decodeSynapses, listOf, type SynapseStore, synapseLayout } from '../../sim/synapse.js';

/** What one spike does to the neurons of a core: membrane units by compartment and delay (`arrivalKey`); no zeros, and nothing of what padding receives. */
export type SpikeEffect = Map<number, number>;

/** Delays and atoms have 16 bits. */
const CODES = 65_536;

/** Key of what arrives at a compartment `delay` timesteps after the spike. */
export function arrivalKey(compartment: number, delay: number): number {
  return compartment * CODES + delay;
}

/** Key of a neuron of a population, by their numbers. */
export function neuronKey(population: number, neuron: number): number {
  return population * 2 ** 32 + neuron;
}

/** What a Program makes of the spikes that its output axons lead to one core. */
export class CoreInputs {
  /** By `neuronKey`, the inlets that each neuron's spikes are led to, once for each output axon. */
  readonly inletsOf: ReadonlyMap<number, readonly number[]>;
  readonly #image: CoreImage;
  readonly #store: SynapseStore;
  /** By compartment: 1 of a neuron, 0 of padding. */
  readonly #isNeuron: Uint8Array;

  /** Of core number `home` among the Program's. Throws what decoding its synapses throws (SW3002, SW3003). */
  constructor(program: Program, home: number) {
    const image = program.cores[home]!;
    const where = `chip ${image.chip}, core ${image.core}`;
    this.#image = image;
    this.#isNeuron = new Uint8Array(image.compartmentCount);
    for (const { first, neurons } of image.ranges) this.#isNeuron.fill(1, first, first + neurons.length);
    this.#store = decodeSynapses(image, synapseLayout(readTarget(program.targetJson, 'target')), where);
    this.inletsOf = inletsBySource(program, image);
  }

  /** Every inlet of the core: an input axon and an atom of it. */
  *inlets(): Iterable<number> {
    for (const [axon, atoms] of this.#image.axonsIn.atoms.entries()) {
      for (let atom = 0; atom < atoms; atom += 1) yield axon * CODES + atom;
    }
  }

  /** What messages at these inlets, one each, do together. */
  effect(inlets: readonly number[]): SpikeEffect {
    const effect: SpikeEffect = new Map();
    for (const inlet of inlets) {
      this.#everySynapse(inlet, (key, weight) => {
        addTo(effect, key, weight);
        return true;
      });
    }
    return effect;
  }

  /** Whether a message at an inlet does just `wanted`. */
  does(inlet: number, wanted: SpikeEffect): boolean {
    let matching = 0;
    const isPart = this.#everySynapse(inlet, (key, weight) => {
      if (wanted.get(key) !== weight) return false;
      matching += 1;
      return true;
    });
    return isPart && matching === wanted.size;
  }

  /** Calls `visit` for each weight of a neuron that is not zero, until it returns false; whether it never did. */
  #everySynapse(inlet: number, visit: (key: number, weight: number) => boolean): boolean {
    const { mantissa, index, runStart, runOffset, runFactor, runDelay } = this.#store;
    const axon = Math.floor(inlet / CODES);
    const base = this.#image.axonsIn.base[axon]!;
    const list = listOf(this.#store, axon, inlet % CODES);
    const { firstRun } = this.#store.lists;
    for (let run = firstRun[list]!; run < firstRun[list + 1]!; run += 1) {
      const start = runStart[run]!;
      const offset = runOffset[run]!;
      for (let k = start; k < runStart[run + 1]!; k += 1) {
        const weight = mantissa[k]! * runFactor[run]!;
        if (weight === 0) continue;
        const compartment = base + (offset < 0 ? index[k]! : offset + k - start);
        if (this.#isNeuron[compartment] === 0) continue;
        if (!visit(arrivalKey(compartment, runDelay[run]!), weight)) return false;
      }
    }
    return true;
  }
}

/** Adds to what arrives under `key`, leaving no zero. */
export function addTo(effect: SpikeEffect, key: number, weight: number): void {
  const sum = (effect.get(key) ?? 0) + weight;
  if (sum === 0) effect.delete(key);
  else effect.set(key, sum);
}

function inletsBySource({ cores }: Program, { chip, core }: CoreImage): Map<number, number[]> {
  const inlets = new Map<number, number[]>();
  for (const { axonsOut, ranges } of cores) {
    for (const { population, first, neurons } of ranges) {
      for (const [k, neuron] of neurons.entries()) {
        const end = axonsOut.offsets[first + k + 1]!;
        for (let entry = axonsOut.offsets[first + k]!; entry < end; entry += 1) {
          if (axonsOut.chip[entry] !== chip || axonsOut.core[entry] !== core) continue;
          const key = neuronKey(population, neuron);
          const inlet = axonsOut.axon[entry]! * CODES + axonsOut.atom[entry]!;
          const known = inlets.get(key);
          if (known === undefined) inlets.set(key, [inlet]);
          else known.push(inlet);
        }
      }
    }
  }
  return inlets;
}
