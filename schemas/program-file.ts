import { magicName } from './file-kind.js';
import { spikewright } from './generated/messages.js';
import { readMapShape, readReset, wireMapShape, wireReset } from './geometry-codec.js';
import { type FileParts, joinParts } from './message-parts.js';
import {
  type CompartmentProfile,
  type CoreImage,
  PROGRAM_VERSION,
  type Program,
  type ProgramPopulation,
} from './program.js';
import { checkProgram } from './program-check.js';
import { SharedColumns } from './shared-columns.js';
import { readDrive, readPopulationKind, wireDrive, wirePopulationKind } from './spike-codec.js';
import { type ArrayType, arrayBytes, type NumericArray, readArray, readRoot, required, sealRoot } from './wire.js';

/** The bytes of a Program file (.swp); equal Programs give equal bytes. */
export function encodeProgram(program: Program): Uint8Array {
  return joinParts(programParts(program));
}

/** The same bytes without copying the synapse memories. */
export function programParts(program: Program): FileParts {
  const message = {
    format: magicName('program'),
    version: PROGRAM_VERSION,
    name: program.name,
    provenance: {
      spikewrightVersion: program.provenance.spikewrightVersion,
      sources: [...program.provenance.sources],
      options: program.provenance.options,
    },
    targetJson: program.targetJson,
    timesteps: program.timesteps,
    stepsPerSample: program.stepsPerSample,
    sampleInterval: program.sampleInterval,
    chips: program.chips,
    populations: program.populations.map(wirePopulation),
    drives: program.drives.map(wireDrive),
    hostAxons: [...program.hostAxons],
    cores: program.cores.map(wireCore),
  };
  return sealRoot((writer) => spikewright.ProgramFile.encode(message, writer));
}

/**
 * Reads a Program file and checks all that a Program promises by itself; `where` names the file in messages. Whether its
 * target's text is sound and its target's limits are kept is for who reads the target. Threads share the images of the cores. Throws SW1002…SW1007.
 */
export function decodeProgram(bytes: Uint8Array, where: string): Program {
  const message = readRoot(spikewright.ProgramFile, 'program', PROGRAM_VERSION, bytes, where);
  const provenance = required(message.provenance, `${where}, provenance`);
  const columns = new SharedColumns();
  const program: Program = {
    formatVersion: PROGRAM_VERSION,
    name: message.name,
    provenance: {
      spikewrightVersion: provenance.spikewrightVersion ?? '',
      sources: (provenance.sources ?? []).map(({ role, sha256 }) => ({ role: role ?? '', sha256: sha256 ?? '' })),
      options: provenance.options ?? '',
    },
    targetJson: message.targetJson,
    timesteps: message.timesteps,
    stepsPerSample: message.stepsPerSample,
    sampleInterval: message.sampleInterval,
    chips: message.chips,
    populations: message.populations.map(readPopulation),
    drives: message.drives.map(readDrive),
    hostAxons: message.hostAxons.map(({ chip, core, axon, firstStep }) => ({
      chip: chip ?? 0,
      core: core ?? 0,
      axon: axon ?? 0,
      firstStep: firstStep ?? 0,
    })),
    cores: message.cores.map((core) => readCore(core, columns)),
  };
  checkProgram(program, where);
  return program;
}

function wirePopulation({
  name,
  kind,
  shape,
  phase,
  scale,
  relayOf,
}: ProgramPopulation): spikewright.ProgramPopulation.$Properties {
  return { name, kind: wirePopulationKind(kind), shape: wireMapShape(shape), phase, scale, relayOf: relayOf ?? '' };
}

function readPopulation(message: spikewright.ProgramPopulation.$Properties): ProgramPopulation {
  const where = `population ${message.name}`;
  return {
    name: message.name ?? '',
    kind: readPopulationKind(message.kind, where),
    shape: readMapShape(message.shape, `${where}, shape`),
    phase: message.phase ?? 0,
    scale: message.scale ?? 0,
    relayOf: message.relayOf || null,
  };
}

function wireCore(core: CoreImage): spikewright.Core.$Properties {
  return {
    chip: core.chip,
    core: core.core,
    compartmentCount: core.compartmentCount,
    ranges: core.ranges.map(({ population, first, neurons }) => ({ population, first, neurons: arrayBytes(neurons) })),
    profiles: core.profiles.map((profile) => ({
      spiking: profile.spiking,
      reset: wireReset(profile.reset),
      threshold: arrayBytes(profile.threshold),
      resetBy: arrayBytes(profile.resetBy),
      decay: arrayBytes(profile.decay),
    })),
    compartmentProfile: core.compartmentProfile,
    biasRows: core.bias.rows,
    bias: arrayBytes(core.bias.data),
    synapseFormats: [...core.synapseFormats],
    synapseMemory: core.synapseMemory,
    axonFirstWord: arrayBytes(core.axonsIn.firstWord),
    axonWords: arrayBytes(core.axonsIn.words),
    axonBase: arrayBytes(core.axonsIn.base),
    outOffsets: arrayBytes(core.axonsOut.offsets),
    outChip: arrayBytes(core.axonsOut.chip),
    outCore: arrayBytes(core.axonsOut.core),
    outAxon: arrayBytes(core.axonsOut.axon),
    axonAtoms: arrayBytes(core.axonsIn.atoms),
    outAtom: arrayBytes(core.axonsOut.atom),
  };
}

function readCore(message: spikewright.Core.$Properties, columns: SharedColumns): CoreImage {
  const where = `chip ${message.chip}, core ${message.core}`;
  const place = (bytes: number): Uint8Array => columns.place(bytes);
  const column = <A extends NumericArray>(type: ArrayType<A>, bytes: Uint8Array | null | undefined, name: string): A =>
    readArray(type, bytes ?? new Uint8Array(), `${where}, ${name}`, place);
  return {
    chip: message.chip ?? 0,
    core: message.core ?? 0,
    compartmentCount: message.compartmentCount ?? 0,
    ranges: (message.ranges ?? []).map(({ population, first, neurons }) => ({
      population: population ?? 0,
      first: first ?? 0,
      neurons: column(Int32Array, neurons, 'neurons of a range'),
    })),
    profiles: (message.profiles ?? []).map((profile) => readProfile(profile, where)),
    compartmentProfile: column(Uint8Array, message.compartmentProfile, 'compartment profiles'),
    bias: { rows: message.biasRows ?? 0, data: column(Int32Array, message.bias, 'bias') },
    synapseFormats: (message.synapseFormats ?? []).map(({ weightBits, indexBits, delayBits, exponent }) => ({
      weightBits: weightBits ?? 0,
      indexBits: indexBits ?? 0,
      delayBits: delayBits ?? 0,
      exponent: exponent ?? 0,
    })),
    synapseMemory: column(Uint8Array, message.synapseMemory, 'synapse memory'),
    axonsIn: {
      firstWord: column(Uint32Array, message.axonFirstWord, 'input axon first words'),
      words: column(Uint16Array, message.axonWords, 'input axon word counts'),
      base: column(Int16Array, message.axonBase, 'input axon bases'),
      atoms: column(Uint16Array, message.axonAtoms, 'input axon atoms'),
    },
    axonsOut: {
      offsets: column(Uint32Array, message.outOffsets, 'output axon offsets'),
      chip: column(Uint16Array, message.outChip, 'output axon chips'),
      core: column(Uint16Array, message.outCore, 'output axon cores'),
      axon: column(Uint16Array, message.outAxon, 'output axon numbers'),
      atom: column(Uint16Array, message.outAtom, 'output axon atoms'),
    },
  };
}

function readProfile(message: spikewright.CompartmentProfile.$Properties, where: string): CompartmentProfile {
  return {
    spiking: message.spiking ?? false,
    reset: readReset(message.reset, where),
    threshold: readInt32(message.threshold ?? new Uint8Array(), `${where}, thresholds`),
    resetBy: readInt32(message.resetBy ?? new Uint8Array(), `${where}, resets`),
    decay: readInt32(message.decay ?? new Uint8Array(), `${where}, decays`),
  };
}

const readInt32 = (bytes: Uint8Array, where: string) => readArray(Int32Array, bytes, where);
