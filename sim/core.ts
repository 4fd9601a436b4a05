import { failure } from '../schemas/diagnostic.js';
import type { CoreImage, Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { AxonIn } from './axon-in.js';
import type { AxonsOut } from './axon-out.js';
import { sortedRanges } from './check-core.js';
import { Dendrites } from './dendrite.js';
import { addEvents, type EventCounts } from './events.js';
import { type SomaRange, Somas, type UpdateCounts } from './soma.js';
import { decodeSynapses, type SynapseStore } from './synapse.js';

/** Local time of each population in one timestep of a sample. */
export interface StepWindows {
  /** Row of parameter tables: local timestep τ held within [0, T − 1]. */
  readonly row: Int32Array;
  /** 1 where 0 ≤ τ < T. */
  readonly inWindow: Uint8Array;
}

/** One core: input axons and synapses → dendrites → somas → output axons. */
export class Core {
  readonly number: number;
  readonly compartments: number;
  readonly axonIn: AxonIn;
  readonly dendrites: Dendrites;
  readonly somas: Somas;
  readonly axonsOut: AxonsOut;
  readonly ranges: readonly SomaRange[];
  /** Population and neuron of each compartment. */
  readonly population: Int32Array;
  readonly neuron: Int32Array;
  /** Saturations and inputs beyond the target's bound in this sample, inside windows. */
  saturations = 0;
  inputsBeyondMax = 0;
  /** False while every membrane and input is zero and stays so: an update would change and fire nothing. */
  #awake = true;
  readonly #restsAtZero: boolean;
  readonly #counts: UpdateCounts = { active: 0, saturations: 0, inputsBeyondMax: 0 };

  /** `firstAxon` is the number of its first input axon among those of all cores. Throws SW3003 for bad synapses. */
  constructor(
    number: number,
    image: CoreImage,
    program: Program,
    target: Target,
    axonsOut: AxonsOut,
    firstAxon: number,
  ) {
    const where = `chip ${image.chip}, core ${image.core}`;
    const { arithmetic, limits } = target;
    const store = decodeSynapses(
      image,
      {
        headerBits: limits.entryHeaderBits.value ?? Number.NaN,
        synapsesPerEntry: limits.synapsesPerEntry.value ?? Number.POSITIVE_INFINITY,
        weight: arithmetic.weight,
      },
      where,
    );
    this.number = number;
    this.compartments = image.compartmentCount;
    this.axonsOut = axonsOut;
    this.dendrites = new Dendrites(image.compartmentCount, image.bias);
    this.axonIn = new AxonIn(image, store, this.dendrites.accumulator, firstAxon);
    this.somas = new Somas(image.profiles, image.compartmentProfile, arithmetic);
    checkTargets(image, store, where);
    this.population = new Int32Array(image.compartmentCount);
    this.neuron = new Int32Array(image.compartmentCount);
    const ranges: SomaRange[] = [];
    for (const { population, first, neurons } of sortedRanges(image.ranges)) {
      const end = first + neurons.length;
      const spiking = program.populations[population]!.kind === 'spiking';
      this.population.fill(population, first, end);
      this.neuron.set(neurons, first);
      const previous = ranges.at(-1);
      if (previous?.population === population) ranges[ranges.length - 1] = { ...previous, end };
      else ranges.push({ population, first, end, spiking });
    }
    this.ranges = ranges;
    const least = arithmetic.compare === '>' ? 0 : 1;
    const unprovoked = image.profiles.some(({ threshold }) => threshold.some((value) => value < least));
    this.#restsAtZero = !unprovoked && image.bias.data.length === 0;
  }

  /** The start of a sample, whose drive is already in `dendrites.drive`. */
  reset(): void {
    this.dendrites.reset();
    this.somas.reset();
    this.axonIn.deliveries.fill(0);
    this.saturations = 0;
    this.inputsBeyondMax = 0;
    this.#awake = true;
  }

  /** A message, or a host's drive, of one input axon: acts at the next update. */
  receive(axon: number): void {
    this.#awake = true;
    this.axonIn.accept(axon);
  }

  /** Updates all compartments; afterwards `somas` tells who fired. Adds active updates to the rows of `populations`. */
  update(windows: StepWindows, populations: EventCounts): void {
    const { somas, dendrites } = this;
    somas.open();
    if (!this.#awake) return;
    const counts = this.#counts;
    for (const range of this.ranges) {
      const { population } = range;
      const inWindow = windows.inWindow[population] === 1;
      somas.update(range, windows.row[population]!, inWindow, dendrites, counts);
      addEvents(populations, population, 'neuronUpdateActive', counts.active);
      if (!inWindow) continue;
      this.saturations += counts.saturations;
      this.inputsBeyondMax += counts.inputsBeyondMax;
    }
    this.#awake = somas.activeCount > 0 || !this.#restsAtZero || this.#driven;
  }

  /** True where the drive of the sample is not all zero: its window may be yet to come. */
  get #driven(): boolean {
    return this.dendrites.drive.some((current) => current !== 0);
  }
}

function checkTargets(image: CoreImage, store: SynapseStore, where: string): void {
  for (const [axon, { lowest, highest }] of store.lists.entries()) {
    const base = image.axonsIn.base[axon]!;
    if (highest >= 0 && (base + lowest < 0 || base + highest >= image.compartmentCount)) {
      const what = `its synapses reach compartments ${base + lowest} to ${base + highest}; the core has ${image.compartmentCount}.`;
      throw failure('SW3003', { where: `${where}, input axon ${axon}`, what });
    }
  }
}
