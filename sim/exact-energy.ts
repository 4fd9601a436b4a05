import type { ExactEnergy } from '../schemas/stats.js';
import type { EnergyFigures } from './energy.js';
import { type EventCounts, type EventKind, eventKinds, totalEvents } from './events.js';

/** The energy of samples whose events are `counts`, split by kind and by component beside what is known of it already. */
export function exactEnergy(
  { perEvent }: EnergyFigures,
  counts: EventCounts,
  known: Omit<ExactEnergy, 'byKind' | 'byComponent'>,
): ExactEnergy {
  const priced = eventKinds.map((kind) => [kind, totalEvents(counts, kind) * perEvent[kind]] as const);
  const byKind = Object.fromEntries(priced) as Record<EventKind, number>;
  const of = (...kinds: readonly EventKind[]): number => kinds.reduce((sum, kind) => sum + byKind[kind], 0);
  return {
    ...known,
    byKind,
    byComponent: {
      synapses: of('axonIn', 'synapticOperation'),
      neurons: of('neuronUpdateActive', 'neuronUpdateInactive'),
      axonsOut: of('spikeOut', 'messageOut'),
      mesh: of('withinTile', 'hopEastWest', 'hopNorthSouth', 'chipToChip'),
    },
  };
}
