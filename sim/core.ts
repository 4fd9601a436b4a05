import type { CoreImage, Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { AxonIn } from './axon-in.js';
import type { AxonsOut } from './axon-out.js';
import { sortedRanges } from './check-core.js';
import type { CoreState } from './core-state.js';
import { Dendrites } from './dendrite.js';
import type { Inlets } from './inlets.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { blockLength, type SomaRange, Somas } from './soma.js';
import { listOf, type SynapseStore } from './synapse.js';

/** One core: input axons and synapses → dendrites → somas → output axons. */
export class Core {
  readonly number: number;
  readonly compartments: number;
  readonly axonIn: AxonIn;
  readonly dendrites: Dendrites;
  readonly somas: Somas;
  readonly axonsOut: AxonsOut;
  readonly ranges: readonly SomaRange[];
  /**
   * What is updated together: the ranges; or, where padding stays at rest, those of a population with the padding between
   * them, in whole blocks.
   */
  readonly spans: readonly SomaRange[];
  /** Population and neuron of each compartment; of padding a population beside it, and −1. */
  readonly population: Int32Array;
  readonly neuron: Int32Array;
  /** First compartment that each inlet reaches; 0 of one without synapses. */
  readonly firstTarget: Int32Array;
  /** Synapses of each inlet by population, [inlets][populations], where the core holds several; else null. */
  readonly synapsesByPopulation: readonly Float64Array[] | null;
  readonly #memory: MachineMemory;
  readonly #state: CoreState;
  readonly #restsAtZero: boolean;

  /** Lays the core out in the machine's memory; `inlets` are those of `store`'s synapses. Throws SW3010 where memory ends. */
  constructor(
    number: number,
    image: CoreImage,
    program: Program,
    target: Target,
    axonsOut: AxonsOut,
    store: SynapseStore,
    inlets: Inlets,
    memory: MachineMemory,
    state: CoreState,
  ) {
    const { arithmetic } = target;
    this.#memory = memory;
    this.#state = state;
    this.number = number;
    this.compartments = image.compartmentCount;
    this.axonsOut = axonsOut;
    const isMixed = holdsSeveral(image);
    this.axonIn = new AxonIn(memory, state, image, store, inlets, isMixed);
    const driven = new Set(program.drives.map(({ population }) => population));
    this.dendrites = new Dendrites(
      memory,
      state,
      image.compartmentCount,
      image.bias,
      image.ranges.some(({ population }) => driven.has(program.populations[population]!.name)),
      this.axonIn.narrow,
    );
    this.somas = new Somas(memory, state, image.profiles, image.compartmentProfile, arithmetic);
    this.population = new Int32Array(image.compartmentCount);
    this.neuron = new Int32Array(image.compartmentCount).fill(-1);
    const ranges: SomaRange[] = [];
    for (const { population, first, neurons } of sortedRanges(image.ranges)) {
      const end = first + neurons.length;
      const spiking = program.populations[population]!.kind === 'spiking';
      // Padding behind a range counts as its population's, and padding before the first as the first's.
      this.population.fill(population, ranges.length === 0 ? 0 : first);
      this.neuron.set(neurons, first);
      const previous = ranges.at(-1);
      if (previous?.population === population && previous.end === first)
        ranges[ranges.length - 1] = { ...previous, end };
      else ranges.push({ population, first, end, spiking });
    }
    this.ranges = ranges;
    this.firstTarget = Int32Array.from(inlets.axon, (axon, inlet) => {
      const list = listOf(store, axon, inlets.atom[inlet]!);
      return store.lists.count[list] === 0 ? 0 : image.axonsIn.base[axon]! + store.lists.first[list]!;
    });
    this.synapsesByPopulation = isMixed ? countByPopulation(image, store, inlets, this.population, program) : null;
    const least = arithmetic.compare === '>' ? 0 : 1;
    const unprovoked = image.profiles.some(({ threshold }) => threshold.some((value) => value < least));
    this.#restsAtZero = !unprovoked && image.bias.data.length === 0;
    // Only single messages reach padding.
    this.spans = this.#restsAtZero && inlets.axon.length === 0 ? spansOf(ranges, this.compartments) : ranges;
  }

  /** Where the loops find this core's state. */
  get address(): Address {
    return this.#state.address;
  }

  /** The start of a sample, or of several that overlap. */
  reset(): void {
    this.#memory.kernels.rest(this.address);
    this.axonIn.reset();
    this.#state.put('awake', this.#restsAtZero ? 0 : 1);
    this.#state.put('restless', this.#restsAtZero ? 0 : 1);
  }

  /** A population begins with a new sample; inputs that have arrived for this timestep are that sample's. */
  clearMembranes(population: number): void {
    // Of a core that has not woken up they are zero.
    if (this.#state.get('awake') === 0) return;
    for (const range of this.ranges) {
      if (range.population === population) this.somas.clear(range.first, range.end);
    }
  }
}

/** Joins ranges of one population that follow one another, and rounds them to whole blocks. */
function spansOf(ranges: readonly SomaRange[], compartments: number): readonly SomaRange[] {
  const spans: SomaRange[] = [];
  for (const [index, range] of ranges.entries()) {
    const { population } = range;
    const previous = spans.at(-1);
    const least = previous?.end ?? 0;
    const most = Math.min(compartments, ranges[index + 1]?.first ?? compartments);
    const first = Math.max(least, range.first - (range.first % blockLength));
    const end = Math.min(most, blockLength * Math.ceil(range.end / blockLength));
    if (previous?.population === population) spans[spans.length - 1] = { ...previous, end };
    else spans.push({ ...range, first, end });
  }
  return spans;
}

/** True of a core with neurons of several populations. */
export function holdsSeveral({ ranges }: CoreImage): boolean {
  return ranges.some(({ population }) => population !== ranges[0]!.population);
}

function countByPopulation(
  image: CoreImage,
  store: SynapseStore,
  inlets: Inlets,
  population: Int32Array,
  program: Program,
): readonly Float64Array[] {
  const { index, runStart, runOffset, lists } = store;
  return inlets.axon.map((axon, inlet) => {
    const list = listOf(store, axon, inlets.atom[inlet]!);
    const base = image.axonsIn.base[axon]!;
    const counts = new Float64Array(program.populations.length);
    for (let run = lists.firstRun[list]!; run < lists.firstRun[list + 1]!; run++) {
      const start = runStart[run]!;
      const offset = runOffset[run]!;
      for (let k = start; k < runStart[run + 1]!; k++) {
        counts[population[base + (offset < 0 ? index[k]! : offset + k - start)]!]!++;
      }
    }
    return counts;
  });
}
