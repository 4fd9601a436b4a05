import type { CompartmentProfile, CoreImage } from '../schemas/program.js';
import type { Population } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import type { MapShape } from '../schemas/tensor.js';
import type { AxonBlock } from './axon-block.js';
import { tableColumn, tableIndex } from './core-need.js';
import type { CorePlanner } from './core-plan.js';
import { channelBlocks, compartmentAt, neuronRuns, type TileLayout } from './layout.js';
import type { PlacedPopulation } from './partition.js';
import type { Slot } from './route.js';
import { type SynapsePart, synapsePart } from './synapse-image.js';
import type { WiredCore } from './wire.js';

/**
 * The images of all cores: their compartments, packed synapses, and axon tables with the places of their destinations.
 * Cores whose synapses are the same share the arrays that hold them.
 */
export function emitCores(
  wired: readonly WiredCore[],
  slots: readonly Slot[],
  placed: readonly PlacedPopulation[],
  planner: CorePlanner,
  target: Target,
): readonly CoreImage[] {
  const emitters = placed.map((layer) => new LayerEmitter(layer, planner, target));
  const chipOf = Uint16Array.from(slots, ({ chip }) => chip);
  const coreOf = Uint16Array.from(slots, ({ core }) => core);
  return wired.map((core, number): CoreImage => {
    const { layout } = core.plan;
    const { offsets, toCore, toAxon, toAtom } = core;
    return {
      chip: chipOf[number]!,
      core: coreOf[number]!,
      compartmentCount: layout.compartments,
      ...emitters[core.layer]!.emit(core),
      axonsOut: { offsets, chip: pick(chipOf, toCore), core: pick(coreOf, toCore), axon: toAxon, atom: toAtom },
    };
  });
}

/** table[index[k]] of every k. */
function pick(table: Uint16Array, index: Int32Array): Uint16Array {
  const picked = new Uint16Array(index.length);
  for (let k = 0; k < index.length; k += 1) picked[k] = table[index[k]!]!;
  return picked;
}

/** The neuron of each compartment; −1 of padding. */
function compartmentNeurons(layout: TileLayout, shape: MapShape): Int32Array {
  const neurons = new Int32Array(layout.compartments).fill(-1);
  const { y, x, c } = layout.tile;
  const blocks = channelBlocks(layout);
  for (let row = y[0]; row < y[1]; row += 1) {
    for (let column = x[0]; column < x[1]; column += 1) {
      const first = compartmentAt(layout, row, column);
      const neuron = (row * shape[1] + column) * shape[2] + c[0];
      for (const { first: channel, channels, offset } of blocks) {
        for (let k = 0; k < channels; k += 1) neurons[first + offset + k] = neuron + channel + k;
      }
    }
  }
  return neurons;
}

/** Writes the images of one layer's cores, but for where their spikes go. */
class LayerEmitter {
  readonly #layer: PlacedPopulation;
  readonly #planner: CorePlanner;
  readonly #target: Target;
  readonly #profiles: ProfileNumbers;
  readonly #isBiased: boolean;
  /** By the lists of a core's first block, which no core has that stores other synapses. */
  readonly #synapses = new Map<AxonBlock['lists'], SynapsePart>();

  constructor(layer: PlacedPopulation, planner: CorePlanner, target: Target) {
    this.#layer = layer;
    this.#planner = planner;
    this.#target = target;
    this.#profiles = new ProfileNumbers(layer.population, target);
    this.#isBiased = target.arithmetic.biasGate && layer.population.bias.data.some((value) => value !== 0);
  }

  emit(core: WiredCore): Omit<CoreImage, 'chip' | 'core' | 'compartmentCount' | 'axonsOut'> {
    const { layout } = core.plan;
    const neurons = compartmentNeurons(layout, this.#layer.population.shape);
    return {
      ranges: neuronRuns(neurons).map(([first, end]) => {
        return { population: core.layer, first, neurons: neurons.slice(first, end) };
      }),
      ...this.#profiles.of(neurons),
      bias: this.#gatedBias(neurons),
      ...this.#synapsesOf(core, neurons),
    };
  }

  /** [rows, compartments]; empty where the chip has no gate, and where there is nothing to add. */
  #gatedBias(neurons: Int32Array): CoreImage['bias'] {
    if (!this.#isBiased) return { rows: 0, data: new Int32Array(0) };
    const { bias, shape } = this.#layer.population;
    const data = new Int32Array(bias.rows * neurons.length);
    for (let k = 0; k < neurons.length; k += 1) {
      if (neurons[k] === -1) continue;
      const column = tableIndex(bias, neurons[k]!, shape[2]);
      for (let row = 0; row < bias.rows; row += 1) {
        data[row * neurons.length + k] = bias.data[row * bias.columns + column]!;
      }
    }
    return { rows: bias.rows, data };
  }

  #synapsesOf(core: WiredCore, neurons: Int32Array): SynapsePart {
    const { biasAxons, population } = this.#layer;
    // A bias of its own for every neuron tells cores apart that share their lists.
    const isShared = biasAxons.length === 0 || population.bias.columns <= population.shape[2];
    const lists = isShared ? core.blocks[0]?.lists : undefined;
    const known = lists === undefined ? undefined : this.#synapses.get(lists);
    const part = known ?? synapsePart(core, this.#layer, neurons, this.#planner, this.#target);
    if (lists !== undefined) this.#synapses.set(lists, part);
    return part;
  }
}

/** Numbers the parameters that occur on a core in the order of its compartments. */
class ProfileNumbers {
  readonly #population: Population<Int32Array>;
  /** What is subtracted from a threshold where the chip fires above it, not at it. */
  readonly #below: number;

  constructor(population: Population<Int32Array>, { arithmetic }: Target) {
    this.#population = population;
    this.#below = population.kind === 'spiking' && arithmetic.compare === '>' ? 1 : 0;
  }

  of(neurons: Int32Array): Pick<CoreImage, 'profiles' | 'compartmentProfile'> {
    const { threshold, decay, shape } = this.#population;
    const numbers = new Map<string, number>();
    const profiles: CompartmentProfile[] = [];
    const compartmentProfile = new Uint8Array(neurons.length);
    // Where parameters differ by channel at most, the number of each channel met.
    const known = new Int16Array(shape[2]).fill(-1);
    const byChannel = threshold.columns <= shape[2] && decay.columns <= shape[2];
    for (let k = 0; k < neurons.length; k += 1) {
      const neuron = neurons[k]!;
      // Padding never fires: any profile will do, and it has the first.
      if (neuron === -1) continue;
      const channel = neuron % shape[2];
      let number = byChannel ? known[channel]! : -1;
      if (number === -1) {
        const profile = this.#profile(neuron);
        const key = `${profile.resetBy.join()}/${profile.decay.join()}`;
        number = numbers.get(key) ?? profiles.push(profile) - 1;
        numbers.set(key, number);
        known[channel] = number;
      }
      compartmentProfile[k] = number;
    }
    return { profiles, compartmentProfile };
  }

  #profile(neuron: number): CompartmentProfile {
    const { threshold, decay, reset, kind, shape } = this.#population;
    const resetBy = tableColumn(threshold, neuron, shape[2]);
    return {
      spiking: kind === 'spiking',
      reset,
      threshold: resetBy.map((value) => value - this.#below),
      resetBy,
      decay: tableColumn(decay, neuron, shape[2]),
    };
  }
}
