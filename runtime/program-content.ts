import { type CoreLimit, type CoreNeed, coreLimits } from '../compiler/core-need.js';
import { outputAxonsOf, usedBy } from '../compiler/explain.js';
import { failure } from '../schemas/diagnostic.js';
import { sha256 } from '../schemas/hash.js';
import { nearestWord } from '../schemas/nearest-word.js';
import type { CoreImage, Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { readTarget } from '../schemas/target-file.js';
import { elementCount, type MapShape } from '../schemas/tensor.js';

/** A core of a Program, with what it holds and uses. */
export interface CoreContent {
  readonly chip: number;
  readonly core: number;
  readonly layers: readonly { readonly name: string; readonly neurons: number; readonly first: number }[];
  readonly need: CoreNeed;
}

/** A population of a Program with what its cores use together. */
export interface LayerContent {
  readonly name: string;
  readonly kind: 'spiking' | 'readout';
  readonly shape: MapShape;
  readonly neurons: number;
  readonly phase: number;
  /** Membrane units per trained unit. */
  readonly scale: number;
  readonly cores: number;
  readonly synapseBytes: number;
  readonly inputAxons: number;
  readonly outputAxons: number;
  /** Different thresholds, as the chip compares them. */
  readonly thresholds: number;
}

/** What a Program holds, counted from its file alone. */
export interface ProgramContent {
  readonly name: string;
  readonly formatVersion: number;
  readonly target: string;
  readonly timesteps: number;
  readonly stepsPerSample: number;
  readonly sampleInterval: number;
  readonly chips: number;
  readonly hostAxons: number;
  readonly drives: readonly { readonly population: string; readonly inputShape: MapShape }[];
  readonly provenance: Program['provenance'];
  readonly layers: readonly LayerContent[];
  readonly cores: readonly CoreContent[];
}

/** An input axon as a core's table has it. */
export interface AxonRow {
  readonly axon: number;
  readonly firstWord: number;
  readonly words: number;
  readonly base: number;
  readonly atoms: number;
}

/** What stands in a core's memories. */
export interface CoreMemory {
  readonly words: number;
  readonly usedBytes: number;
  /** How many input axons own each of these spans of words, in order; spans owned alike are one. */
  readonly spans: readonly { readonly firstWord: number; readonly words: number; readonly owners: number }[];
  readonly axonsIn: readonly AxonRow[];
  readonly synapseFormats: CoreImage['synapseFormats'];
  readonly profiles: readonly {
    readonly compartments: number;
    readonly spiking: boolean;
    readonly reset: string;
    readonly threshold: readonly number[];
    readonly decay: readonly number[];
  }[];
  readonly outputAxons: number;
  readonly destinations: number;
  readonly synapseMemorySha256: string;
}

/** Counts a Program's content. */
export function programContent(program: Program): ProgramContent {
  const outputAxons = outputAxonsOf(program, programTarget(program));
  const cores = program.cores.map((image, index): CoreContent => {
    // A layer may have several ranges of a core, with padding between.
    const held = new Map(
      image.ranges.map(({ population }) => [
        population,
        image.ranges.filter((range) => range.population === population),
      ]),
    );
    const layers = [...held].map(([population, ranges]) => {
      const neurons = ranges.reduce((sum, range) => sum + range.neurons.length, 0);
      return { name: program.populations[population]!.name, neurons, first: ranges[0]!.neurons[0] ?? 0 };
    });
    return { chip: image.chip, core: image.core, layers, need: usedBy(image, outputAxons[index]!) };
  });
  const { provenance, timesteps, stepsPerSample, sampleInterval, chips, formatVersion, name } = program;
  return {
    name,
    formatVersion,
    target: programTarget(program).name,
    timesteps,
    stepsPerSample,
    sampleInterval,
    chips,
    hostAxons: program.hostAxons.length,
    drives: program.drives.map(({ population, inputShape }) => ({ population, inputShape })),
    provenance,
    layers: program.populations.map((population, index) => layerContent(program, population, index, cores)),
    cores,
  };
}

/** The target that a Program carries. Throws SW1020…SW1024. */
export function programTarget(program: Program): Target {
  return readTarget(program.targetJson, `target of program ${program.name}`);
}

/** The limits of the Program's own target. */
export function programLimits(program: Program): readonly CoreLimit[] {
  return coreLimits(programTarget(program));
}

/** The content of one layer and its cores. Throws SW2031 with the nearest name where there is none of this name. */
export function layerOf(
  content: ProgramContent,
  name: string,
): { readonly layer: LayerContent; readonly cores: readonly CoreContent[] } {
  const layer = content.layers.find((candidate) => candidate.name === name);
  if (layer !== undefined) {
    return { layer, cores: content.cores.filter(({ layers }) => layers.some((held) => held.name === name)) };
  }
  const names = content.layers.map((known) => known.name);
  const near = nearestWord(name, names);
  throw failure('SW2031', {
    where: `program ${content.name}`,
    what: `has no layer "${name}"; ${near === null ? `it has ${names.join(', ')}` : `did you mean "${near}"?`}`,
  });
}

/** The image of a core given as "CHIP/CORE". Throws SW2031 where the Program uses no such core. */
export function coreImage(program: Program, place: string): CoreImage {
  const [, chip, core] = /^(\d{1,9})\/(\d{1,9})$/.exec(place) ?? [];
  const image = program.cores.find((held) => held.chip === Number(chip) && held.core === Number(core));
  if (image !== undefined) return image;
  throw failure('SW2031', {
    where: `program ${program.name}`,
    what:
      chip === undefined
        ? `"${place}" is no core; write CHIP/CORE, such as 0/12.`
        : `uses no core ${place}; its ${program.cores.length} cores are numbered as the core map shows.`,
  });
}

/** The memory map of a core. */
export function coreMemory(image: CoreImage): CoreMemory {
  const { axonsIn, axonsOut } = image;
  const rows = Array.from(axonsIn.words, (words, axon): AxonRow => {
    const [firstWord, base, atoms] = [axonsIn.firstWord[axon]!, axonsIn.base[axon]!, axonsIn.atoms[axon]!];
    return { axon, firstWord, words, base, atoms };
  });
  const words = image.synapseMemory.length / 8;
  const destinations = new Set(Array.from(axonsOut.chip, (chip, k) => `${chip}/${axonsOut.core[k]}`));
  return {
    words,
    usedBytes: image.synapseMemory.length,
    spans: ownedSpans(rows, words),
    axonsIn: rows,
    synapseFormats: image.synapseFormats,
    profiles: image.profiles.map(({ spiking, reset, threshold, decay }, index) => {
      const compartments = image.compartmentProfile.reduce((sum, profile) => sum + Number(profile === index), 0);
      return { compartments, spiking, reset, threshold: [...threshold], decay: [...decay] };
    }),
    outputAxons: axonsOut.axon.length,
    destinations: destinations.size,
    synapseMemorySha256: sha256(image.synapseMemory),
  };
}

function layerContent(
  program: Program,
  { name, kind, shape, phase, scale }: Program['populations'][number],
  index: number,
  cores: readonly CoreContent[],
): LayerContent {
  const images = program.cores.filter(({ ranges }) => ranges.some(({ population }) => population === index));
  const own = cores.filter(({ layers }) => layers.some((layer) => layer.name === name)).map(({ need }) => need);
  const total = (resource: keyof CoreNeed): number => own.reduce((sum, need) => sum + need[resource], 0);
  const thresholds = images.flatMap(({ profiles }) => profiles.map(({ threshold }) => threshold.join()));
  return {
    name,
    kind,
    shape,
    neurons: elementCount(shape),
    phase,
    scale,
    cores: own.length,
    synapseBytes: 8 * total('synapseWords'),
    inputAxons: total('inputAxons'),
    outputAxons: total('outputAxons'),
    thresholds: kind === 'readout' ? 0 : new Set(thresholds).size,
  };
}

/** Spans of words by the number of axons that own them: 0 is a gap, more than 1 is shared. */
function ownedSpans(rows: readonly AxonRow[], words: number): CoreMemory['spans'] {
  const change = new Int32Array(words + 1);
  for (const row of rows) {
    change[Math.min(words, row.firstWord)]! += 1;
    change[Math.min(words, row.firstWord + row.words * row.atoms)]! -= 1;
  }
  const spans: { firstWord: number; words: number; owners: number }[] = [];
  for (let word = 0, owners = 0; word < words; word += 1) {
    owners += change[word]!;
    const last = spans.at(-1);
    if (last !== undefined && last.owners === owners) last.words += 1;
    else spans.push({ firstWord: word, words: 1, owners });
  }
  return spans;
}
