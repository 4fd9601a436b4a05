import type { CompartmentProfile, CoreImage, SynapseFormat } from '../schemas/program.js';
import type { Population } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { tableColumn } from './core-need.js';
import type { CorePlanner } from './core-plan.js';
import { biasMantissas } from './grid.js';
import { SynapseWriter } from './packing.js';
import type { PlacedPopulation } from './partition.js';
import type { Slot } from './route.js';
import { synapsesOf } from './synapse-list.js';
import { tileNeurons } from './tiling.js';
import type { AxonBlock, WiredCore } from './wire.js';

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
  const neurons = tileNeurons(core.plan.tile, population.shape);
  const { toCore, toAxon, offsets } = core;
  return {
    chip: slot.chip,
    core: slot.core,
    compartmentCount: neurons.length,
    ranges: [{ population: core.layer, first: 0, neurons }],
    ...compartmentProfiles(population, neurons, target),
    bias: gatedBias(population, neurons, target),
    ...synapses(core, layer, neurons, planner, target),
    axonsOut: {
      offsets,
      chip: Uint16Array.from(toCore, (to) => slots[to]!.chip),
      core: Uint16Array.from(toCore, (to) => slots[to]!.core),
      axon: Uint16Array.from(toAxon),
      atom: new Uint16Array(toAxon.length),
    },
  };
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
  for (let k = 0; k < (uniform ? Math.min(1, neurons.length) : neurons.length); k += 1) {
    const resetBy = tableColumn(threshold, neurons[k]!, shape[2]);
    const own = tableColumn(decay, neurons[k]!, shape[2]);
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
    tableColumn(bias, neuron, shape[2]).forEach((value, row) => {
      data[row * neurons.length + k] = value;
    });
  });
  return { rows: bias.rows, data };
}

/** Formats in the order in which lists first need them; lists one after another; then the axons of each block, then the bias. */
class SynapseImage {
  readonly formats: SynapseFormat[] = [];
  readonly #writer: SynapseWriter;
  readonly firstWord: number[] = [];
  readonly words: number[] = [];
  readonly base: number[] = [];

  constructor(target: Target) {
    this.#writer = new SynapseWriter(target.limits);
  }

  get memory(): Uint8Array {
    return this.#writer.bytes();
  }

  /** Writes a list and gives its first word and its words. */
  write(format: SynapseFormat, chunk: number, mantissa: Int32Array, index: Int32Array): readonly [number, number] {
    const first = this.#writer.append(this.#formatNumber(format), format, chunk, mantissa, index);
    return [first, this.#writer.words - first];
  }

  addAxon([firstWord, words]: readonly [number, number], base: number): void {
    this.firstWord.push(firstWord);
    this.words.push(words);
    this.base.push(base);
  }

  #formatNumber(format: SynapseFormat): number {
    const known = this.formats.findIndex((other) => {
      return other.indexBits === format.indexBits && other.exponent === format.exponent;
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
    addBlock(image, core, block, layer.weightExponents[n]!, target);
  });
  const none = new Int32Array(0);
  const { chunk } = planner.denseSize(neurons.length);
  const { bias, shape } = layer.population;
  const mantissas = Array.from(neurons, (neuron) => {
    const units = tableColumn(bias, neuron, shape[2])[0]! / weight.step;
    return layer.biasAxons.length === 0 ? [] : biasMantissas(units, layer.biasAxons, weight.mantissaMax);
  });
  layer.biasAxons.forEach((exponent, n) => {
    const format: SynapseFormat = { weightBits: weight.bits, indexBits: 0, delayBits: 0, exponent };
    const list = image.write(
      format,
      chunk,
      Int32Array.from(mantissas, (own) => own[n]!),
      none,
    );
    image.addAxon(list, 0);
  });
  return {
    synapseFormats: image.formats,
    synapseMemory: image.memory,
    axonsIn: {
      firstWord: Uint32Array.from(image.firstWord),
      words: Uint16Array.from(image.words),
      base: Int16Array.from(image.base),
      atoms: Uint16Array.from(image.base, () => 1),
    },
  };
}

function addBlock(image: SynapseImage, core: WiredCore, block: AxonBlock, exponent: number, target: Target): void {
  const { bits: weightBits, step } = target.arithmetic.weight;
  const unit = step * 2 ** exponent;
  const stretches = block.lists.map((list) => {
    const { weights, index } = synapsesOf(core.plan, block.plan, list);
    const format: SynapseFormat = {
      weightBits,
      indexBits: list.form.dense ? 0 : core.plan.indexBits,
      delayBits: 0,
      exponent,
    };
    return image.write(
      format,
      list.form.chunk,
      weights.map((value) => value / unit),
      index,
    );
  });
  block.listOf.forEach((list, axon) => {
    image.addAxon(stretches[list]!, block.base[axon]!);
  });
}
