import type { CompartmentProfile, CoreImage, SynapseFormat } from '../schemas/program.js';
import type { Population } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import type { MapShape } from '../schemas/tensor.js';
import type { AxonBlock } from './axon-block.js';
import { tableColumn } from './core-need.js';
import type { CorePlanner } from './core-plan.js';
import { biasMantissas } from './grid.js';
import { compartmentAt, neuronRuns, type TileLayout } from './layout.js';
import { type Synapses, SynapseWriter } from './packing.js';
import type { PlacedPopulation } from './partition.js';
import type { Slot } from './route.js';
import { synapsesOf } from './synapse-list.js';
import type { WiredCore } from './wire.js';

/** The image of one core: its compartments, packed synapses, and axon tables with the places of their destinations. */
export function emitCore(
  core: WiredCore,
  slot: Slot,
  slots: readonly Slot[],
  layer: PlacedPopulation,
  planner: CorePlanner,
  target: Target,
): CoreImage {
  const { population } = layer;
  const { layout } = core.plan;
  const neurons = compartmentNeurons(layout, population.shape);
  const { toCore, toAxon, toAtom, offsets } = core;
  return {
    chip: slot.chip,
    core: slot.core,
    compartmentCount: layout.compartments,
    ranges: neuronRuns(layout).map(([first, end]) => {
      return { population: core.layer, first, neurons: neurons.slice(first, end) };
    }),
    ...compartmentProfiles(population, neurons, target),
    bias: gatedBias(population, neurons, target),
    ...synapses(core, layer, neurons, planner, target),
    axonsOut: {
      offsets,
      chip: Uint16Array.from(toCore, (to) => slots[to]!.chip),
      core: Uint16Array.from(toCore, (to) => slots[to]!.core),
      axon: toAxon,
      atom: toAtom,
    },
  };
}

/** The neuron of each compartment; −1 of padding. */
function compartmentNeurons(layout: TileLayout, shape: MapShape): Int32Array {
  const neurons = new Int32Array(layout.compartments).fill(-1);
  const { y, x, c } = layout.tile;
  for (let row = y[0]; row < y[1]; row += 1) {
    for (let column = x[0]; column < x[1]; column += 1) {
      const first = compartmentAt(layout, row, column);
      const neuron = (row * shape[1] + column) * shape[2] + c[0];
      for (let k = 0; k < layout.channels; k += 1) neurons[first + k] = neuron + k;
    }
  }
  return neurons;
}

function compartmentProfiles(
  population: Population<Int32Array>,
  neurons: Int32Array,
  { arithmetic }: Target,
): Pick<CoreImage, 'profiles' | 'compartmentProfile'> {
  const { threshold, decay, reset, kind, shape } = population;
  const spiking = kind === 'spiking';
  const below = spiking && arithmetic.compare === '>' ? 1 : 0;
  const numbers = new Map<string, number>();
  const profiles: CompartmentProfile[] = [];
  const uniform = threshold.columns === 1 && decay.columns === 1;
  const compartmentProfile = new Uint8Array(neurons.length);
  for (const [k, neuron] of neurons.entries()) {
    // Padding never fires: any profile will do, and it has the first.
    if (neuron === -1) continue;
    if (uniform && profiles.length > 0) break;
    const resetBy = tableColumn(threshold, neuron, shape[2]);
    const own = tableColumn(decay, neuron, shape[2]);
    const key = `${resetBy.join()}/${own.join()}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = profiles.length;
      numbers.set(key, number);
      profiles.push({ spiking, reset, threshold: resetBy.map((value) => value - below), resetBy, decay: own });
    }
    compartmentProfile[k] = number;
  }
  return { profiles, compartmentProfile };
}

/** [rows, compartments]; empty where the chip has no gate, and where there is nothing to add. */
function gatedBias(
  { bias, shape }: Population<Int32Array>,
  neurons: Int32Array,
  { arithmetic }: Target,
): CoreImage['bias'] {
  if (!arithmetic.biasGate || bias.data.every((value) => value === 0)) return { rows: 0, data: new Int32Array(0) };
  const data = new Int32Array(bias.rows * neurons.length);
  neurons.forEach((neuron, k) => {
    if (neuron === -1) return;
    tableColumn(bias, neuron, shape[2]).forEach((value, row) => {
      data[row * neurons.length + k] = value;
    });
  });
  return { rows: bias.rows, data };
}

/** Formats in the order in which lists first need them; lists one after another; then the axons of each block, then the bias. */
class SynapseImage {
  readonly formats: SynapseFormat[] = [];
  readonly firstWord: number[] = [];
  readonly words: number[] = [];
  readonly base: number[] = [];
  readonly atoms: number[] = [];
  readonly #writer: SynapseWriter;

  constructor(target: Target) {
    this.#writer = new SynapseWriter(target.limits);
  }

  get memory(): Uint8Array {
    return this.#writer.bytes();
  }

  /** Writes a list, then zeros up to `words` words, and gives its first word. */
  write(format: SynapseFormat, chunk: number, synapses: Synapses, words: number): number {
    const first = this.#writer.append(this.#formatNumber(format), format, chunk, synapses);
    this.#writer.fill(first + words);
    return first;
  }

  addAxon(firstWord: number, words: number, base: number, atoms: number): void {
    this.firstWord.push(firstWord);
    this.words.push(words);
    this.base.push(base);
    this.atoms.push(atoms);
  }

  #formatNumber(format: SynapseFormat): number {
    const known = this.formats.findIndex((other) => {
      return (
        other.indexBits === format.indexBits &&
        other.delayBits === format.delayBits &&
        other.exponent === format.exponent
      );
    });
    return known === -1 ? this.formats.push(format) - 1 : known;
  }
}

function synapses(
  core: WiredCore,
  layer: PlacedPopulation,
  neurons: Int32Array,
  planner: CorePlanner,
  target: Target,
): Pick<CoreImage, 'synapseFormats' | 'synapseMemory' | 'axonsIn'> {
  const image = new SynapseImage(target);
  const { weight } = target.arithmetic;
  core.blocks.forEach((block, n) => {
    addBlock(image, core, block, layer.delays[n]!, target);
  });
  const none = new Int32Array(0);
  const { chunk, words } = planner.denseSize(neurons.length);
  const { bias, shape } = layer.population;
  if (layer.biasAxons.length > 0) {
    const mantissas = Array.from(neurons, (neuron) => {
      const units = neuron === -1 ? 0 : tableColumn(bias, neuron, shape[2])[0]! / weight.step;
      return biasMantissas(units, layer.biasAxons, weight.mantissaMax);
    });
    layer.biasAxons.forEach((exponent, n) => {
      const format: SynapseFormat = { weightBits: weight.bits, indexBits: 0, delayBits: 0, exponent };
      const own = Int32Array.from(mantissas, (parts) => parts[n]!);
      image.addAxon(image.write(format, chunk, { mantissas: own, index: none, delay: 1 }, words), words, 0, 1);
    });
  }
  return {
    synapseFormats: image.formats,
    synapseMemory: image.memory,
    axonsIn: {
      firstWord: Uint32Array.from(image.firstWord),
      words: Uint16Array.from(image.words),
      base: Int16Array.from(image.base),
      atoms: Uint16Array.from(image.atoms),
    },
  };
}

function addBlock(image: SynapseImage, core: WiredCore, block: AxonBlock, delay: number, target: Target): void {
  const { bits: weightBits, step } = target.arithmetic.weight;
  const { exponent, delayBits } = block.plan.incoming;
  const unit = step * 2 ** exponent;
  const firstWords = block.lists.map((list) => {
    const { weights, index } = synapsesOf(core.plan, block.plan, list);
    const format: SynapseFormat = {
      weightBits,
      indexBits: list.form.dense ? 0 : core.plan.indexBits,
      delayBits,
      exponent,
    };
    const mantissas = weights.map((value) => value / unit);
    return image.write(format, list.form.chunk, { mantissas, index, delay }, list.words);
  });
  block.firstList.forEach((list, axon) => {
    const { form, words } = block.lists[list]!;
    const atoms = block.atoms[axon]!;
    image.addAxon(firstWords[list]!, atoms > 1 ? words : form.words, block.base[axon]!, atoms);
  });
}
