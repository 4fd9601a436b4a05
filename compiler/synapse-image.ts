import type { CoreImage, SynapseFormat } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import type { AxonBlock } from './axon-block.js';
import { tableIndex } from './core-need.js';
import type { CorePlan, CorePlanner } from './core-plan.js';
import { biasMantissas } from './grid.js';
import { type ListSize, type Synapses, SynapseWriter } from './packing.js';
import type { PlacedPopulation } from './partition.js';
import { SynapseReader } from './synapse-list.js';
import type { WiredCore } from './wire.js';

/** The part of a core's image that its synapses make. */
export type SynapsePart = Pick<CoreImage, 'synapseFormats' | 'synapseMemory' | 'axonsIn'>;

/**
 * What the synapses of a core make: formats in the order in which lists first need them; lists one after another; then the
 * axons of each block, then those of the bias. `neurons` is the neuron of each compartment, −1 of padding.
 */
export function synapsePart(
  core: WiredCore,
  layer: PlacedPopulation,
  neurons: Int32Array,
  planner: CorePlanner,
  target: Target,
): SynapsePart {
  const image = new SynapseImage(core.axons, target);
  core.blocks.forEach((block, n) => {
    image.addBlock(core.plan, block, layer.delays[n]!);
  });
  if (layer.biasAxons.length > 0) image.addBias(layer, neurons, planner.denseSize(neurons.length));
  return image.part();
}

class SynapseImage {
  readonly #target: Target;
  readonly #writer: SynapseWriter;
  readonly #formats: SynapseFormat[] = [];
  readonly #axonsIn: CoreImage['axonsIn'];
  #axons = 0;

  constructor(axons: number, target: Target) {
    this.#target = target;
    this.#writer = new SynapseWriter(target.limits);
    this.#axonsIn = {
      firstWord: new Uint32Array(axons),
      words: new Uint16Array(axons),
      base: new Int16Array(axons),
      atoms: new Uint16Array(axons),
    };
  }

  addBlock({ layout }: CorePlan, { plan, lists, firstList, atoms, base }: AxonBlock, delay: number): void {
    const { bits: weightBits, step } = this.#target.arithmetic.weight;
    const { exponent, delayBits } = plan.incoming;
    const reader = new SynapseReader(layout, plan.incoming, step * 2 ** exponent);
    const format: SynapseFormat = { weightBits, indexBits: 0, delayBits, exponent };
    const firstWords = new Uint32Array(lists.length);
    for (let k = 0; k < lists.length; k += 1) {
      const { form, words } = lists[k]!;
      const { dense, denseChunk, indexed, indexedChunk, indexBits } = form;
      const { mantissas, index } = reader.read(lists[k]!);
      const first = this.#writer.words;
      if (dense > 0) this.#write(format, denseChunk, { mantissas: mantissas.subarray(0, dense), index, delay });
      if (indexed > 0) {
        const rest = { mantissas: mantissas.subarray(dense), index: index.subarray(dense), delay };
        this.#write({ ...format, indexBits }, indexedChunk, rest);
      }
      this.#writer.fill(first + words);
      firstWords[k] = first;
    }
    for (let axon = 0; axon < firstList.length; axon += 1) {
      const list = firstList[axon]!;
      const { form, words } = lists[list]!;
      this.#addAxon(firstWords[list]!, atoms[axon]! > 1 ? words : form.words, base[axon]!, atoms[axon]!);
    }
  }

  addBias({ biasAxons, population }: PlacedPopulation, neurons: Int32Array, { chunk, words }: ListSize): void {
    const { bits: weightBits, step, mantissaMax } = this.#target.arithmetic.weight;
    const { bias, shape } = population;
    const parts = Array.from(neurons, (neuron) => {
      const units = neuron === -1 ? 0 : bias.data[tableIndex(bias, neuron, shape[2])]! / step;
      return biasMantissas(units, biasAxons, mantissaMax);
    });
    const index = new Int32Array(0);
    biasAxons.forEach((exponent, n) => {
      const format: SynapseFormat = { weightBits, indexBits: 0, delayBits: 0, exponent };
      const mantissas = Int32Array.from(parts, (own) => own[n]!);
      this.#addAxon(this.#writer.words, words, 0, 1);
      this.#write(format, chunk, { mantissas, index, delay: 1 });
    });
  }

  part(): SynapsePart {
    return { synapseFormats: this.#formats, synapseMemory: this.#writer.bytes(), axonsIn: this.#axonsIn };
  }

  #write(format: SynapseFormat, chunk: number, synapses: Synapses): void {
    this.#writer.append(this.#formatNumber(format), format, chunk, synapses);
  }

  #addAxon(firstWord: number, words: number, base: number, atoms: number): void {
    const axon = this.#axons;
    this.#axonsIn.firstWord[axon] = firstWord;
    this.#axonsIn.words[axon] = words;
    this.#axonsIn.base[axon] = base;
    this.#axonsIn.atoms[axon] = atoms;
    this.#axons = axon + 1;
  }

  #formatNumber(format: SynapseFormat): number {
    const known = this.#formats.findIndex((other) => {
      return (
        other.indexBits === format.indexBits &&
        other.delayBits === format.delayBits &&
        other.exponent === format.exponent
      );
    });
    return known === -1 ? this.#formats.push(format) - 1 : known;
  }
}
