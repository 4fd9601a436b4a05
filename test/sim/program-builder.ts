import {
  type CompartmentProfile,
  type CompartmentRange,
  type CoreImage,
  type HostAxon,
  PROGRAM_VERSION,
  type Program,
  type ProgramPopulation,
  type SynapseFormat,
} from '../../schemas/program.js';
import type { Drive } from '../../schemas/spike.js';

/** Compartment offset (or, with a dense format, anything), mantissa, and delay in timesteps (1 unless given). */
type Synapse = readonly [index: number, mantissa: number, delay?: number];

interface Entry {
  readonly format: number;
  readonly synapses: readonly Synapse[];
}

/** An input axon with its own words, one list of entries by atom, or the words of an earlier one under another base. */
type AxonSpec =
  | { readonly base?: number; readonly entries: readonly Entry[] }
  | { readonly base?: number; readonly atoms: readonly (readonly Entry[])[] }
  | { readonly base: number; readonly sameWordsAs: number };

/** Where a compartment's spikes go: chip, core and input axon, and the atom there (0 unless given). */
export type Destination = readonly [chip: number, core: number, axon: number, atom?: number];

export interface CoreSpec {
  readonly chip?: number;
  readonly core: number;
  readonly ranges: readonly CompartmentRange[];
  readonly profiles: readonly CompartmentProfile[];
  /** One for each compartment, padding included; without it all have profile 0, and there is no padding behind the ranges. */
  readonly compartmentProfile?: readonly number[];
  readonly formats?: readonly SynapseFormat[];
  readonly axons?: readonly AxonSpec[];
  readonly out?: readonly (readonly Destination[])[];
  readonly bias?: { readonly rows: number; readonly data: Int32Array };
}

/** The input axons of rows of a convolution: of each row one for every pixel of a core from which on it may act. */
export function axonsByPixel(rows: readonly (readonly Entry[])[], pixels: number, channels: number): AxonSpec[] {
  return rows.flatMap((entries, row) => [
    { base: 0, entries },
    ...Array.from({ length: pixels - 1 }, (_, k) => ({ base: (k + 1) * channels, sameWordsAs: pixels * row })),
  ]);
}

/** Entry header bits of the test targets. */
const headerBits = 10;

/** Dense 8-bit and indexed 8-bit formats of weight mantissa·2^0: formats 0 and 1 of every core that names none. */
export const plainFormats: readonly SynapseFormat[] = [
  { weightBits: 8, indexBits: 0, delayBits: 0, exponent: 0 },
  { weightBits: 8, indexBits: 6, delayBits: 0, exponent: 0 },
];

/** An integrate-and-fire profile with one row per table. */
export function profile(threshold: number, options: Partial<CompartmentProfile> = {}): CompartmentProfile {
  return {
    spiking: true,
    reset: 'hard',
    threshold: Int32Array.of(threshold),
    resetBy: Int32Array.of(threshold),
    decay: Int32Array.of(0),
    ...options,
  };
}

/** A readout's profile. */
export function readoutProfile(decay = 0): CompartmentProfile {
  return profile(0, { spiking: false, decay: Int32Array.of(decay) });
}

/** Neurons `neurons` of population number `population`, in compartments `first` and on. */
export function range(population: number, neurons: readonly number[], first = 0): CompartmentRange {
  return { population, first, neurons: Int32Array.from(neurons) };
}

export function population(
  name: string,
  neurons: number,
  phase: number,
  kind: 'spiking' | 'readout' = 'spiking',
): ProgramPopulation {
  return { name, kind, shape: [1, 1, neurons], phase, scale: 1, relayOf: null };
}

/** A drive that takes currents as they are; its kernel is never looked at by the simulator. */
export function drive(name: string, neurons: number, exponent = 0): Drive {
  return {
    population: name,
    inputShape: [1, 1, 1],
    mean: [0],
    std: [1],
    kernel: { shape: [1, 1, 1, neurons], data: new Float32Array(neurons) },
    bias: new Float32Array(neurons),
    stride: [1, 1],
    padding: { top: 0, bottom: 0, left: 0, right: 0 },
    scale: 1,
    grid: { mantissaMax: 4095, exponent },
  };
}

/** Packs an entry as `CoreImage` says: header (count, format), then index, delay and weight of each synapse. */
function packEntry(format: number, formats: readonly SynapseFormat[], synapses: readonly Synapse[]): bigint[] {
  const { weightBits, indexBits, delayBits } = formats[format]!;
  let bits = BigInt(synapses.length) | (BigInt(format) << 6n);
  let position = headerBits;
  for (const [index, mantissa, delay = 1] of synapses) {
    if (indexBits > 0) bits |= BigInt(index) << BigInt(position);
    position += indexBits;
    if (delayBits > 0) bits |= BigInt(delay - 1) << BigInt(position);
    position += delayBits;
    bits |= BigInt.asUintN(weightBits, BigInt(mantissa)) << BigInt(position);
    position += weightBits;
  }
  return Array.from({ length: Math.ceil(position / 64) }, (_, word) => BigInt.asUintN(64, bits >> BigInt(64 * word)));
}

function buildCore(spec: CoreSpec): CoreImage {
  const compartmentCount =
    spec.compartmentProfile?.length ?? Math.max(...spec.ranges.map(({ first, neurons }) => first + neurons.length));
  const formats = spec.formats ?? plainFormats;
  const memory: bigint[] = [];
  const firstWord: number[] = [];
  const words: number[] = [];
  const atoms: number[] = [];
  for (const axon of spec.axons ?? []) {
    if ('sameWordsAs' in axon) {
      firstWord.push(firstWord[axon.sameWordsAs]!);
      words.push(words[axon.sameWordsAs]!);
      atoms.push(atoms[axon.sameWordsAs]!);
      continue;
    }
    const lists = ('atoms' in axon ? axon.atoms : [axon.entries]).map((entries) => {
      return entries.flatMap(({ format, synapses }) => packEntry(format, formats, synapses));
    });
    const longest = Math.max(...lists.map((list) => list.length));
    firstWord.push(memory.length);
    words.push(longest);
    atoms.push(lists.length);
    for (const list of lists) memory.push(...list, ...new Array<bigint>(longest - list.length).fill(0n));
  }
  const out = Array.from({ length: compartmentCount }, (_, k) => spec.out?.[k] ?? []);
  const entries = out.flat();
  const offsets = [0];
  for (const row of out) offsets.push(offsets.at(-1)! + row.length);
  return {
    chip: spec.chip ?? 0,
    core: spec.core,
    compartmentCount,
    ranges: spec.ranges,
    profiles: spec.profiles,
    compartmentProfile: Uint8Array.from(spec.compartmentProfile ?? new Array<number>(compartmentCount).fill(0)),
    bias: spec.bias ?? { rows: 0, data: new Int32Array(0) },
    synapseFormats: formats,
    synapseMemory: new Uint8Array(BigUint64Array.from(memory).buffer),
    axonsIn: {
      firstWord: Uint32Array.from(firstWord),
      words: Uint16Array.from(words),
      base: Int16Array.from(spec.axons ?? [], ({ base }) => base ?? 0),
      atoms: Uint16Array.from(atoms),
    },
    axonsOut: {
      offsets: Uint32Array.from(offsets),
      chip: Uint16Array.from(entries, ([chip]) => chip),
      core: Uint16Array.from(entries, ([, core]) => core),
      axon: Uint16Array.from(entries, ([, , axon]) => axon),
      atom: Uint16Array.from(entries, ([, , , atom]) => atom ?? 0),
    },
  };
}

export function buildProgram(spec: {
  readonly timesteps: number;
  readonly chips?: number;
  readonly populations: readonly ProgramPopulation[];
  readonly drives?: readonly Drive[];
  readonly hostAxons?: readonly HostAxon[];
  readonly cores: readonly CoreSpec[];
}): Program {
  const stepsPerSample = Math.max(...spec.populations.map(({ phase }) => phase)) + spec.timesteps;
  return {
    formatVersion: PROGRAM_VERSION,
    name: 'tiny',
    provenance: { spikewrightVersion: '0', sources: [], options: '{}' },
    targetJson: '{}',
    timesteps: spec.timesteps,
    stepsPerSample,
    sampleInterval: stepsPerSample,
    chips: spec.chips ?? 1,
    populations: spec.populations,
    drives: spec.drives ?? [],
    hostAxons: spec.hostAxons ?? [],
    cores: spec.cores.map(buildCore),
  };
}
