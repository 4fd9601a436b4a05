import type { Core } from './core.js';
import { addEvents, type EventCounts } from './events.js';
import type { Machine } from './machine.js';

/**
 * Which population the work of receiving belongs to: a synaptic operation to that of the compartment reached, the
 * reading of an axon's entry to that of its first synapse (of an axon without synapses: of the core's first compartment).
 */
export class Attribution {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Adds axonIn and synapticOperation of a sample to the rows of cores and populations. */
  addTo(byCore: EventCounts, byPopulation: EventCounts): void {
    for (const core of this.#machine.cores) {
      const { received, synapticOperations, deliveries } = core.axonIn;
      addEvents(byCore, core.number, 'axonIn', received);
      addEvents(byCore, core.number, 'synapticOperation', synapticOperations);
      if (deliveries !== null) this.#addMixed(core, deliveries, byPopulation);
      else {
        const { population } = core.ranges[0]!;
        addEvents(byPopulation, population, 'axonIn', received);
        addEvents(byPopulation, population, 'synapticOperation', synapticOperations);
      }
    }
  }

  #addMixed(
    { population, firstTarget, synapsesByPopulation }: Core,
    deliveries: Uint32Array,
    byPopulation: EventCounts,
  ): void {
    for (const [inlet, count] of deliveries.entries()) {
      if (count === 0) continue;
      addEvents(byPopulation, population[firstTarget[inlet]!]!, 'axonIn', count);
      for (const [other, synapses] of synapsesByPopulation![inlet]!.entries()) {
        addEvents(byPopulation, other, 'synapticOperation', count * synapses);
      }
    }
  }
}
