import type { Core } from './core.js';
import { addEvents, type EventKind } from './events.js';
import type { SampleAccount } from './sample-account.js';

/**
 * Adds the axonIn and synapticOperation of a core since it was last asked, or reset, to its row and those of its
 * populations, in the account that each population has. A synaptic operation belongs to the population of the
 * compartment reached, the reading of an axon's entry to that of its first synapse (of an axon without synapses: of the
 * core's first compartment).
 */
export function attributeReceived(core: Core, accounts: readonly SampleAccount[]): void {
  const { axonIn, ranges, number } = core;
  const { received, synapticOperations, deliveries } = axonIn;
  if (received === 0) return;
  if (deliveries !== null) addMixed(core, deliveries, accounts);
  else {
    const { population } = ranges[0]!;
    const { byCore, byPopulation } = accounts[population]!;
    addEvents(byCore, number, 'axonIn', received);
    addEvents(byCore, number, 'synapticOperation', synapticOperations);
    addEvents(byPopulation, population, 'axonIn', received);
    addEvents(byPopulation, population, 'synapticOperation', synapticOperations);
  }
  axonIn.forgetReceived();
}

function addMixed(
  { number, population, firstTarget, synapsesByPopulation }: Core,
  deliveries: Uint32Array,
  accounts: readonly SampleAccount[],
): void {
  const add = (owner: number, kind: EventKind, count: number): void => {
    addEvents(accounts[owner]!.byCore, number, kind, count);
    addEvents(accounts[owner]!.byPopulation, owner, kind, count);
  };
  for (const [inlet, count] of deliveries.entries()) {
    if (count === 0) continue;
    add(population[firstTarget[inlet]!]!, 'axonIn', count);
    for (const [owner, synapses] of synapsesByPopulation![inlet]!.entries()) {
      add(owner, 'synapticOperation', count * synapses);
    }
  }
}
