import type { Address, MachineMemory } from './machine-memory.js';

/** The fields of `CoreState` in kernel/core-state.ts in their order, that are 32-bit words: an even number. */
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
  'decays',
  'membraneMax',
  'inputMax',
  'firing',
  'activity',
  'fired',
  'spiked',
  'activeUpTo',
  'spikes',
  'active',
  'saturations',
  'inputsBeyondMax',
  'fans',
  'outlets',
  'routeOf',
  'sentOn',
  'received',
  'rows',
  'messagesSent',
  'sentEastWest',
  'sentNorthSouth',
  'sentAcrossChips',
  'awake',
  'restless',
  'profileTable',
  'profileRowBytes',
  'bundles',
  'pastBundles',
  'slots',
  'isEven',
  'isUniform',
  'shifts',
  'patterns',
  'firstShift',
  'firstPattern',
  'inTeam',
  'isCounted',
  'fed',
  'disturbed',
  'rowsAdded',
  'rowsMerged',
  'reach',
] as const;

/** The doubles that follow them. */
const doubles = ['synapticOperations', 'receivedInAll', 'synapticOperationsInAll', 'heaviest'] as const;

type Field = (typeof fields)[number];
type Double = (typeof doubles)[number];

const indices = <Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> =>
  Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;

const wordOf = indices(fields);
const doubleOf = indices(doubles);

/** Bytes of one state. */
export const coreStateBytes = 4 * fields.length + 8 * doubles.length;

/** The state of one core, which the loops read and write. */
export class CoreState {
  readonly address: Address;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;

  constructor(memory: MachineMemory, address: Address) {
    this.address = address;
    this.#words = memory.uint32(address, fields.length);
    this.#doubles = memory.float64(address + 4 * fields.length, doubles.length);
  }

  get(field: Field): number {
    return this.#words[wordOf[field]]!;
  }

  set(values: Partial<Readonly<Record<Field, number>>>): void {
    for (const [field, value] of Object.entries(values)) this.#words[wordOf[field as Field]] = value;
  }

  put(field: Field, value: number): void {
    this.#words[wordOf[field]] = value;
  }

  getDouble(field: Double): number {
    return this.#doubles[doubleOf[field]]!;
  }

  putDouble(field: Double, value: number): void {
    this.#doubles[doubleOf[field]] = value;
  }

  /** Begins anew to count what is received. */
  forgetReceived(): void {
    this.#doubles[doubleOf.receivedInAll] = 0;
    this.#doubles[doubleOf.synapticOperationsInAll] = 0;
  }
}
