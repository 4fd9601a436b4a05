import { addEvents, type EventCounts } from './events.js';
import type { Machine } from './machine.js';

/**
 * Which population the work of receiving belongs to: a synaptic operation to that of the compartment reached, the
 * reading of an axon's entry to that of its first synapse (of an axon without synapses: of the core's first compartment).
 */
export class Attribution {
  readonly #machine: Machine;
  /** Population of each axon's first synapse, over the axons of all cores. */
  readonly #population: Int32Array;
  /** Synapses by population, of the axons that reach more than one. */
  readonly #split = new Map<number, Float64Array>();

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#population = new Int32Array(machine.axons);
    const populations = machine.program.populations.length;
    for (const { axonIn, population, ranges } of machine.cores) {
      for (let axon = 0; axon < axonIn.axons; axon++) {
        const number = axonIn.firstNumber + axon;
        this.#population[number] = population[axonIn.firstTarget[axon]!]!;
        if (ranges.length === 1) continue;
        const counts = new Float64Array(populations);
        axonIn.forEachSynapse(axon, (compartment) => {
          counts[population[compartment]!]!++;
        });
        if (counts.filter((count) => count > 0).length > 1) this.#split.set(number, counts);
      }
    }
  }

  /** Adds axonIn and synapticOperation of a sample to the rows of cores and populations. */
  addTo(byCore: EventCounts, byPopulation: EventCounts): void {
    for (const { number, axonIn } of this.#machine.cores) {
      let reads = 0;
      let synops = 0;
      for (let axon = 0; axon < axonIn.axons; axon++) {
        const deliveries = axonIn.deliveries[axon]!;
        if (deliveries === 0) continue;
        const operations = deliveries * axonIn.synapseCount[axon]!;
        reads += deliveries;
        synops += operations;
        const row = this.#population[axonIn.firstNumber + axon]!;
        addEvents(byPopulation, row, 'axonIn', deliveries);
        const split = this.#split.get(axonIn.firstNumber + axon);
        if (split === undefined) addEvents(byPopulation, row, 'synapticOperation', operations);
        else
          split.forEach((count, other) => {
            addEvents(byPopulation, other, 'synapticOperation', deliveries * count);
          });
      }
      addEvents(byCore, number, 'axonIn', reads);
      addEvents(byCore, number, 'synapticOperation', synops);
    }
  }
}
