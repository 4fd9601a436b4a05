/**
 * The events that are counted, timed and priced. Those of receiving (axonIn, synapticOperation) belong to the core and
 * population that receive; those of updating and sending to the core and population of the neuron.
 * - axonIn: an input axon's entry is read, once per message or host axon.
 * - synapticOperation: one synapse is processed, zero weights included.
 * - neuronUpdateActive: a compartment whose membrane or input is not zero is updated; neuronUpdateInactive: any other.
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

/** Counts [rows, kinds], rows being cores or populations. Doubles, exact up to 2⁵³. */
export class EventCounts {
  readonly rows: number;
  readonly data: Float64Array;

  constructor(rows: number) {
    this.rows = rows;
    this.data = new Float64Array(rows * eventKinds.length);
  }

  add(row: number, kind: EventKind, count: number): void {
    this.data[row * eventKinds.length + eventKinds.indexOf(kind)]! += count;
  }

  count(row: number, kind: EventKind): number {
    return this.data[row * eventKinds.length + eventKinds.indexOf(kind)]!;
  }

  total(kind: EventKind): number {
    let sum = 0;
    for (let row = 0; row < this.rows; row++) sum += this.count(row, kind);
    return sum;
  }

  /** Adds counts of the same rows. */
  addAll(other: EventCounts): void {
    for (let k = 0; k < this.data.length; k++) this.data[k]! += other.data[k]!;
  }
}
