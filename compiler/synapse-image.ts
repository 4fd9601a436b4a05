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

/** Of synapses in a format without one. */
const NO_INDEX = new Int32Array(0);

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

  addBlock({ layout }: CorePlan, block: AxonBlock, delay: number): void {
    const { plan, lists, alikeWords, firstList, atoms, base } = block;
    const { bits: weightBits, step } = this.#target.arithmetic.weight;
    const { exponent, delayBits } = plan.incoming;
    const reader = new SynapseReader(layout, plan.incoming, step * 2 ** exponent);
    const { classes, starts, input, formOf, forms } = lists;
    const dense: SynapseFormat = { weightBits, indexBits: 0, delayBits, exponent };
    const indexed = forms.map(({ indexBits }): SynapseFormat => ({ ...dense, indexBits }));
    const firstWords = new Uint32Array(input.length);
    const words = new Uint32Array(input.length);
    classes.forEach((list, number) => {
      for (let k = starts[number]!; k < starts[number + 1]!; k += 1) {
        const form = forms[formOf[k]!]!;
        const found = reader.read(list, input[k]!, form);
        const first = this.#writer.words;
        if (form.dense > 0) this.#write(dense, form.denseChunk, { mantissas: found.dense, index: NO_INDEX, delay });
        if (form.indexed > 0) {
          const rest = { mantissas: found.indexed, index: found.index, delay };
          this.#write(indexed[formOf[k]!]!, form.indexedChunk, rest);
        }
        firstWords[k] = first;
        words[k] = alikeWords[number]! || form.words;
        this.#writer.fill(first + words[k]!);
      }
    });
    for (let axon = 0; axon < firstList.length; axon += 1) {
      const list = firstList[axon]!;
      const own = atoms[axon]! > 1 ? words[list]! : forms[formOf[list]!]!.words;
      this.#addAxon(firstWords[list]!, own, base[axon]!, atoms[axon]!);
    }
  }

  addBias({ biasAxons, population }: PlacedPopulation, neurons: Int32Array, { chunk, words }: ListSize): void {
    const { bits: weightBits, step, mantissaMax } = this.#target.arithmetic.weight;
    const { bias, shape } = population;
    const parts = Array.from(neurons, (neuron) => {
      const units = neuron === -1 ? 0 : bias.data[tableIndex(bias, neuron, shape[2])]! / step;
      return biasMantissas(units, biasAxons, mantissaMax);
    });
    biasAxons.forEach((exponent, n) => {
      const format: SynapseFormat = { weightBits, indexBits: 0, delayBits: 0, exponent };
      const mantissas = Int32Array.from(parts, (own) => own[n]!);
      this.#addAxon(this.#writer.words, words, 0, 1);
      this.#write(format, chunk, { mantissas, index: NO_INDEX, delay: 1 });
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
