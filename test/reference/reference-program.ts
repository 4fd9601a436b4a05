import type { CoreImage, Program } from '../../schemas/program.js';
import type { Target } from '../../schemas/target.js';
import { elementCount } from '../../schemas/tensor.js';

/** A Program read back into matrices, with nothing known of how it was made. */
export interface ReadProgram {
  /** By "source population number>target population number": weights [target neurons × source neurons]. */
  readonly weights: ReadonlyMap<string, Float64Array>;
  /** By population: what host axons add at every timestep of its window, [neurons]. */
  readonly hostBias: readonly Float64Array[];
  /** By population: the static bias of row 0, [neurons]. */
  readonly staticBias: readonly Float64Array[];
  /** By population: threshold as the chip compares it, [neurons]. */
  readonly thresholds: readonly Float64Array[];
  /** Input axons that no output axon and no host drives. */
  readonly unheardAxons: number;
}

interface Synapse {
  readonly compartment: number;
  /** Timesteps. */
  readonly delay: number;
  readonly weight: number;
}

/** Unpacks every entry bit by bit and follows every output axon. */
export function readProgram(program: Program, target: Target): ReadProgram {
  const sizes = program.populations.map(({ shape }) => elementCount(shape));
  const weights = new Map<string, Float64Array>();
  const perNeuron = (): Float64Array[] => sizes.map((size) => new Float64Array(size));
  const [hostBias, staticBias, thresholds] = [perNeuron(), perNeuron(), perNeuron()];
  const cores = program.cores.map((image) => ({ image, owner: owners(image), lists: image.axonsIn.words.length }));
  const at = (chip: number, core: number) => cores.find(({ image }) => image.chip === chip && image.core === core)!;
  const heard = new Set<string>();
  const decoded = new Map<CoreImage, Map<string, Synapse[]>>();
  const synapsesAt = (image: CoreImage, axon: number, atom: number): Synapse[] => {
    const known = decoded.get(image) ?? new Map<string, Synapse[]>();
    decoded.set(image, known);
    const synapses = known.get(`${axon}/${atom}`) ?? decodeAxon(image, axon, atom, target);
    known.set(`${axon}/${atom}`, synapses);
    return synapses;
  };
  for (const { image, owner } of cores) {
    owner.forEach(([population, neuron], k) => {
      thresholds[population]![neuron] = image.profiles[image.compartmentProfile[k]!]!.threshold[0]!;
      staticBias[population]![neuron] = image.bias.data[k] ?? 0;
      for (let entry = image.axonsOut.offsets[k]!; entry < image.axonsOut.offsets[k + 1]!; entry += 1) {
        const [chip, core, axon, atom] = [
          image.axonsOut.chip[entry]!,
          image.axonsOut.core[entry]!,
          image.axonsOut.axon[entry]!,
          image.axonsOut.atom[entry]!,
        ];
        heard.add(`${chip}/${core}/${axon}`);
        const destination = at(chip, core);
        for (const { compartment, delay, weight } of synapsesAt(destination.image, axon, atom)) {
          const owned = destination.owner[compartment];
          // Padding.
          if (owned === undefined) continue;
          const [to, hearer] = owned;
          const { populations } = program;
          if (populations[to]!.phase - populations[population]!.phase !== delay) throw new Error('a spike out of step');
          const key = `${population}>${to}`;
          const matrix = weights.get(key) ?? new Float64Array(sizes[population]! * sizes[to]!);
          weights.set(key, matrix);
          matrix[hearer * sizes[population]! + neuron]! += weight;
        }
      }
    });
  }
  for (const { chip, core, axon, firstStep } of program.hostAxons) {
    heard.add(`${chip}/${core}/${axon}`);
    const { image, owner } = at(chip, core);
    for (const { compartment, weight } of synapsesAt(image, axon, 0)) {
      const owned = owner[compartment];
      if (owned === undefined) continue;
      const [population, neuron] = owned;
      if (firstStep !== program.populations[population]!.phase) throw new Error('a bias outside its window');
      hostBias[population]![neuron]! += weight;
    }
  }
  const axons = cores.reduce((sum, { lists }) => sum + lists, 0);
  return { weights, hostBias, staticBias, thresholds, unheardAxons: axons - heard.size };
}

/** Population and neuron of each compartment. */
function owners(image: CoreImage): (readonly [population: number, neuron: number])[] {
  const owner: (readonly [number, number])[] = [];
  for (const { population, first, neurons } of image.ranges) {
    neurons.forEach((neuron, k) => {
      owner[first + k] = [population, neuron];
    });
  }
  return owner;
}

function decodeAxon(image: CoreImage, axon: number, atom: number, { arithmetic, limits }: Target): Synapse[] {
  const bytes = image.synapseMemory;
  const read = (position: number, width: number): number => {
    let value = 0;
    for (let bit = 0; bit < width; bit += 1) {
      const place = position + bit;
      value += ((bytes[place >> 3]! >> (place & 7)) & 1) * 2 ** bit;
    }
    return value;
  };
  const synapses: Synapse[] = [];
  let word = image.axonsIn.firstWord[axon]! + atom * image.axonsIn.words[axon]!;
  const end = word + image.axonsIn.words[axon]!;
  while (word < end) {
    const count = read(word * 64, 6);
    if (count === 0 && image.axonsIn.atoms[axon]! > 1) {
      word += 1;
      continue;
    }
    const format = image.synapseFormats[read(word * 64 + 6, 3)]!;
    let position = word * 64 + limits.entryHeaderBits.value!;
    for (let k = 0; k < count; k += 1) {
      const index = format.indexBits === 0 ? synapses.length : read(position, format.indexBits);
      position += format.indexBits;
      const delay = read(position, format.delayBits) + 1;
      position += format.delayBits;
      const raw = read(position, format.weightBits);
      position += format.weightBits;
      const mantissa = raw >= 2 ** (format.weightBits - 1) ? raw - 2 ** format.weightBits : raw;
      const weight = mantissa * arithmetic.weight.step * 2 ** format.exponent;
      synapses.push({ compartment: image.axonsIn.base[axon]! + index, delay, weight });
    }
    word += Math.ceil((position - word * 64) / 64);
  }
  if (word !== end) throw new Error('an entry ends beyond its axon');
  return synapses;
}
