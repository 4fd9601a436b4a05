import type { Address, MachineMemory } from './machine-memory.js';

/** The fields of `CoreState` in kernel/core-state.ts in their order; all are 32-bit words but the one double. */
const fields = [
  'inbox',
  'inboxEnd',
  'inlets',
  'deliveries',
  'delays',
  'slot',
  'ring',
  'slotBytes',
  'slotEnds',
  'sums',
  'inputs',
  'lanes',
  'messagesPerFlush',
  'uniformVectors',
  'uniformTarget',
  'unit',
  'membranes',
  'profileOf',
  'profiles',
  'decays',
  'membraneMax',
  'inputMax',
  'spiked',
  'activeUpTo',
  'spikes',
  'active',
  'saturations',
  'inputsBeyondMax',
  'offsets',
  'routeOf',
  'inletOf',
  'destinations',
  'sentOn',
  'hopsEastWest',
  'hopsNorthSouth',
  'chipCrossings',
  'received',
  'rows',
  'synapticOperations',
  'messagesSent',
  'sentEastWest',
  'sentNorthSouth',
  'sentAcrossChips',
] as const;

type Field = (typeof fields)[number];

/** Word of each field; the double takes two, from an even one on. */
const wordOf = Object.fromEntries(
  fields.map((field, index) => [field, index > fields.indexOf('synapticOperations') ? index + 1 : index]),
) as Readonly<Record<Field, number>>;

/** Bytes of one state. */
export const coreStateBytes = 176;

/** The state of one core, which the loops read and write. */
export class CoreState {
  readonly address: Address;
  readonly #words: Uint32Array;
  readonly #synapticOperations: Float64Array;

  constructor(memory: MachineMemory, address: Address) {
    this.address = address;
    this.#words = memory.uint32(address, coreStateBytes / 4);
    this.#synapticOperations = memory.float64(address + 4 * wordOf.synapticOperations, 1);
  }

  /** Synapses processed by the last accumulation. */
  get synapticOperations(): number {
    return this.#synapticOperations[0]!;
  }

  get(field: Exclude<Field, 'synapticOperations'>): number {
    return this.#words[wordOf[field]]!;
  }

  /** Before the ranges of a timestep are updated. */
  openUpdate(): void {
    this.#words[wordOf.spikes] = 0;
    this.#words[wordOf.active] = 0;
  }

  set(values: Partial<Readonly<Record<Exclude<Field, 'synapticOperations'>, number>>>): void {
    for (const [field, value] of Object.entries(values)) this.#words[wordOf[field as Field]] = value;
  }
}
