/**
 * The events that are counted, timed and priced. Those of receiving (axonIn, synapticOperation) belong to the core and
 * population that receive; those of updating and sending to the core and population of the neuron.
 * - axonIn: an input axon's entry is read, once per message or host axon.
 * - synapticOperation: one synapse is processed, zero weights included.
 * - neuronUpdateActive: a compartment whose membrane or input is not zero is updated; neuronUpdateInactive: any other, for
 *   the core goes through all. Padding counts for the population before it (before the first: for that).
 * - spikeOut: a compartment fires, whether or not anyone listens.
 * - messageOut: a message for one input axon is made.
 * - withinTile: a message is delivered by the router of its destination's tile, once per message.
 * - hopEastWest, hopNorthSouth: a message takes a link between two tiles.
 * - chipToChip: a link that it takes leaves the chip; comes on top of that link's hopEastWest.
 */
export const eventKinds = [
  'axonIn',
  'synapticOperation',
  'neuronUpdateActive',
  'neuronUpdateInactive',
  'spikeOut',
  'messageOut',
  'withinTile',
  'hopEastWest',
  'hopNorthSouth',
  'chipToChip',
] as const;

export type EventKind = (typeof eventKinds)[number];

/** Written out, for objects made of entries are slow to look up. */
const columnOf: Readonly<Record<EventKind, number>> = {
  axonIn: 0,
  synapticOperation: 1,
  neuronUpdateActive: 2,
  neuronUpdateInactive: 3,
  spikeOut: 4,
  messageOut: 5,
  withinTile: 6,
  hopEastWest: 7,
  hopNorthSouth: 8,
  chipToChip: 9,
};

/** Counts [rows, kinds], rows being cores or populations. Plain data: doubles, exact up to 2⁵³. */
export interface EventCounts {
  readonly rows: number;
  readonly data: Float64Array;
}

export function noEvents(rows: number): EventCounts {
  return { rows, data: new Float64Array(rows * eventKinds.length) };
}

export function addEvents(counts: EventCounts, row: number, kind: EventKind, count: number): void {
  counts.data[row * eventKinds.length + columnOf[kind]]! += count;
}

export function eventsOf(counts: EventCounts, row: number, kind: EventKind): number {
  return counts.data[row * eventKinds.length + columnOf[kind]]!;
}

/** Events of a kind in all rows. */
export function totalEvents(counts: EventCounts, kind: EventKind): number {
  let sum = 0;
  for (let row = 0; row < counts.rows; row++) sum += eventsOf(counts, row, kind);
  return sum;
}
