import type { CoreImage, Program, SynapseFormat } from '../../schemas/program.js';

/** A Program with one thing wrong, and the core in which it is. */
export interface Mutant {
  readonly program: Program;
  readonly chip: number;
  readonly core: number;
}

/** Spoils one thing, chosen by a number; null where the chosen core has nothing to spoil in this way. */
export type Mutation = (program: Program, pick: number) => Mutant | null;

/** Single faults by kind. */
export const mutations = {
  'weight bit': flipWeightBit,
  'axon entry': spoilAxonEntry,
  threshold: moveThreshold,
  delay: changeDelay,
  'phase of a core': shiftPhase,
  route: redirectRoute,
} as const satisfies Record<string, Mutation>;

/** One bit of one weight flipped. */
function flipWeightBit(program: Program, pick: number): Mutant | null {
  return inSomeCore(program, pick, (core, choice) => {
    const synapses = synapsesOf(core, headerBits(program)).filter(({ format }) => format.weightBits > 0);
    const place = synapses[choice % synapses.length];
    if (place === undefined) return null;
    const { indexBits, delayBits, weightBits } = place.format;
    const bit = place.bit + indexBits + delayBits + (Math.floor(choice / synapses.length) % weightBits);
    return { ...core, synapseMemory: withBits(core.synapseMemory, bit, 1, 1 - readBits(core.synapseMemory, bit, 1)) };
  });
}

/** One input axon with another base or other words, or one output axon lost. */
function spoilAxonEntry(program: Program, pick: number): Mutant | null {
  const way = pick % 3;
  return inSomeCore(program, Math.floor(pick / 3), (core, choice) => {
    if (way === 0) return withoutOutputAxon(core, choice);
    const { base, firstWord } = core.axonsIn;
    const axon = choice % base.length;
    if (base.length === 0) return null;
    if (way === 1) {
      const moved = base[axon]! > 0 && choice % 2 === 0 ? base[axon]! - 1 : base[axon]! + 1;
      return { ...core, axonsIn: { ...core.axonsIn, base: base.with(axon, moved) } };
    }
    const other = (axon + 1) % base.length;
    const words = core.axonsIn.words.with(axon, core.axonsIn.words[other]!);
    return { ...core, axonsIn: { ...core.axonsIn, words, firstWord: firstWord.with(axon, firstWord[other]!) } };
  });
}

function withoutOutputAxon(core: CoreImage, choice: number): CoreImage | null {
  const { offsets, chip, core: cores, axon, atom } = core.axonsOut;
  if (axon.length === 0) return null;
  const lost = choice % axon.length;
  const without = (values: Uint16Array): Uint16Array => values.filter((_, entry) => entry !== lost);
  return {
    ...core,
    axonsOut: {
      offsets: offsets.map((offset) => (offset > lost ? offset - 1 : offset)),
      chip: without(chip),
      core: without(cores),
      axon: without(axon),
      atom: without(atom),
    },
  };
}

/** One spiking profile's threshold, at one timestep, one higher or lower, doubled or halved. */
function moveThreshold(program: Program, pick: number): Mutant | null {
  const way = pick % 4;
  return inSomeCore(program, Math.floor(pick / 4), (core, choice) => {
    const spiking = core.profiles.flatMap(({ spiking: fires }, number) => (fires ? [number] : []));
    const number = spiking[choice % spiking.length];
    if (number === undefined) return null;
    const { threshold } = core.profiles[number]!;
    const row = choice % threshold.length;
    const value = threshold[row]!;
    const moved = [value + 1, value - 1, 2 * value, value >> 1][way]!;
    const profile = { ...core.profiles[number]!, threshold: threshold.with(row, moved) };
    return { ...core, profiles: core.profiles.with(number, profile) };
  });
}

/** One synapse acts a timestep later, or earlier. A core without delays is first packed anew with room for them. */
function changeDelay(program: Program, pick: number): Mutant | null {
  return inSomeCore(program, pick, (core, choice) => {
    const header = headerBits(program);
    const spacious = core.synapseFormats.some(({ delayBits }) => delayBits > 0) ? core : withDelayBit(core, header);
    const synapses = synapsesOf(spacious, header).filter(({ format }) => format.delayBits > 0);
    const place = synapses[choice % synapses.length];
    if (place === undefined) return null;
    const bit = place.bit + place.format.indexBits;
    const { synapseMemory } = spacious;
    return { ...spacious, synapseMemory: withBits(synapseMemory, bit, 1, 1 - readBits(synapseMemory, bit, 1)) };
  });
}

/** The window of a core's bias a timestep early or late: of the axons that the host drives, or of tables by timestep. */
function shiftPhase(program: Program, pick: number): Mutant | null {
  const { hostAxons, stepsPerSample, timesteps } = program;
  const core = program.cores[pick % program.cores.length]!;
  const isOwn = (other: { readonly chip: number; readonly core: number }): boolean =>
    other.chip === core.chip && other.core === core.core;
  const own = hostAxons.find(isOwn);
  if (own !== undefined) {
    const isLate = own.firstStep === 0 || (pick % 2 === 0 && own.firstStep < stepsPerSample - timesteps);
    const shifted = hostAxons.map((axon) =>
      isOwn(axon) ? { ...axon, firstStep: axon.firstStep + (isLate ? 1 : -1) } : axon,
    );
    return { program: { ...program, hostAxons: shifted }, chip: core.chip, core: core.core };
  }
  const turned = (values: Int32Array): Int32Array =>
    values.length > 1 ? Int32Array.of(values.at(-1)!, ...values.subarray(0, -1)) : values;
  return inSomeCore(program, pick, (image) => {
    const { rows, data } = image.bias;
    const isSteady = rows <= 1 && image.profiles.every(({ threshold, decay }) => threshold.length + decay.length === 2);
    if (isSteady) return null;
    const size = image.compartmentCount;
    const last = data.subarray(data.length - size);
    return {
      ...image,
      bias: rows > 1 ? { rows, data: Int32Array.of(...last, ...data.subarray(0, -size)) } : image.bias,
      profiles: image.profiles.map((profile) => ({
        ...profile,
        threshold: turned(profile.threshold),
        resetBy: turned(profile.resetBy),
        decay: turned(profile.decay),
      })),
    };
  });
}

/** One output axon led to another input axon, of the same core or of another. */
function redirectRoute(program: Program, pick: number): Mutant | null {
  return inSomeCore(program, Math.floor(pick / 2), (core, choice) => {
    const { axonsOut } = core;
    if (axonsOut.axon.length === 0) return null;
    const entry = choice % axonsOut.axon.length;
    const home = program.cores.findIndex(
      (other) => other.chip === axonsOut.chip[entry] && other.core === axonsOut.core[entry],
    );
    const number = pick % 2 === 0 ? home : (home + 1 + (choice % (program.cores.length - 1))) % program.cores.length;
    const target = program.cores[number]!;
    const axons = target.axonsIn.atoms.length;
    if (axons === 0 || (number === home && axons === 1)) return null;
    const axon = number === home ? (axonsOut.axon[entry]! + 1) % axons : choice % axons;
    return {
      ...core,
      axonsOut: {
        ...axonsOut,
        chip: axonsOut.chip.with(entry, target.chip),
        core: axonsOut.core.with(entry, target.core),
        axon: axonsOut.axon.with(entry, axon),
        atom: axonsOut.atom.with(entry, 0),
      },
    };
  });
}

/** Changes the core that `pick` chooses, by a number that is left. */
function inSomeCore(
  program: Program,
  pick: number,
  change: (core: CoreImage, choice: number) => CoreImage | null,
): Mutant | null {
  const number = pick % program.cores.length;
  const { chip, core } = program.cores[number]!;
  const image = change(program.cores[number]!, Math.floor(pick / program.cores.length));
  return image === null ? null : { program: { ...program, cores: program.cores.with(number, image) }, chip, core };
}

function headerBits({ targetJson }: Program): number {
  return (JSON.parse(targetJson) as { limits: { entryHeaderBits: { value: number } } }).limits.entryHeaderBits.value;
}

/** Every synapse of a core: its first bit, and the format in which index, delay and weight follow one another. */
function synapsesOf(core: CoreImage, header: number): { readonly bit: number; readonly format: SynapseFormat }[] {
  const found: { bit: number; format: SynapseFormat }[] = [];
  for (const { word, count, format } of entriesOf(core, header)) {
    for (let k = 0; k < count; k += 1) found.push({ bit: word * 64 + header + k * synapseBits(format), format });
  }
  return found;
}

function synapseBits({ indexBits, delayBits, weightBits }: SynapseFormat): number {
  return indexBits + delayBits + weightBits;
}

interface Entry {
  readonly word: number;
  readonly words: number;
  readonly count: number;
  readonly format: SynapseFormat;
}

/** The entries of a core's lists, each once. A word of zeros between them is none. */
function entriesOf({ axonsIn, synapseFormats, synapseMemory }: CoreImage, header: number): Entry[] {
  const found = new Map<number, Entry>();
  for (const [axon, words] of axonsIn.words.entries()) {
    let word = axonsIn.firstWord[axon]!;
    const end = word + words * axonsIn.atoms[axon]!;
    while (word < end && !found.has(word)) {
      const count = readBits(synapseMemory, word * 64, 6);
      const format = synapseFormats[readBits(synapseMemory, word * 64 + 6, 3)]!;
      const entry = { word, words: Math.ceil((header + count * synapseBits(format)) / 64), count, format };
      if (count > 0) found.set(word, entry);
      word += count > 0 ? entry.words : 1;
    }
  }
  return [...found.values()];
}

/** The same core with a bit for a delay in each synapse, all acting after one timestep as before. Its axons are discrete. */
function withDelayBit(core: CoreImage, header: number): CoreImage {
  const moved = new Map<number, number>();
  let end = 0;
  const placed = entriesOf(core, header)
    .toSorted((a, b) => a.word - b.word)
    .map((entry) => {
      moved.set(entry.word, end);
      const words = Math.ceil((header + entry.count * (synapseBits(entry.format) + 1)) / 64);
      end += words;
      return { ...entry, to: end - words };
    });
  const memory = new Uint8Array(8 * end);
  for (const { word, to, count, format } of placed) {
    writeBits(memory, to * 64, header, readBits(core.synapseMemory, word * 64, header));
    for (let k = 0; k < count; k += 1) {
      const from = word * 64 + header + k * synapseBits(format);
      const bit = to * 64 + header + k * (synapseBits(format) + 1);
      const { indexBits, weightBits } = format;
      writeBits(memory, bit, indexBits, readBits(core.synapseMemory, from, indexBits));
      writeBits(memory, bit + indexBits + 1, weightBits, readBits(core.synapseMemory, from + indexBits, weightBits));
    }
  }
  const sizeOf = new Map(placed.map(({ word, words }) => [word, words]));
  const newWords = (firstWord: number, words: number): number => {
    let word = firstWord;
    while (word < firstWord + words) word += sizeOf.get(word)!;
    return (moved.get(word) ?? end) - moved.get(firstWord)!;
  };
  const { firstWord, words } = core.axonsIn;
  return {
    ...core,
    synapseFormats: core.synapseFormats.map((format) => ({ ...format, delayBits: 1 })),
    synapseMemory: memory,
    axonsIn: {
      ...core.axonsIn,
      firstWord: firstWord.map((first) => moved.get(first)!),
      words: words.map((own, axon) => newWords(firstWord[axon]!, own)),
    },
  };
}

function readBits(memory: Uint8Array, bit: number, bits: number): number {
  let value = 0;
  for (let k = 0; k < bits; k += 1) value |= ((memory[(bit + k) >> 3]! >> ((bit + k) & 7)) & 1) << k;
  return value;
}

function writeBits(memory: Uint8Array, bit: number, bits: number, value: number): void {
  for (let k = 0; k < bits; k += 1) {
    const at = (bit + k) >> 3;
    const mask = 1 << ((bit + k) & 7);
    memory[at] = (value >> k) & 1 ? memory[at]! | mask : memory[at]! & ~mask;
  }
}

function withBits(memory: Uint8Array, bit: number, bits: number, value: number): Uint8Array {
  const changed = memory.slice();
  writeBits(changed, bit, bits, value);
  return changed;
}
