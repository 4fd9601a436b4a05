import { failure } from './diagnostic.js';
import { requireLength, requireRange, requireWhole } from './layer-check.js';
import { shapeText } from './layer-shapes.js';
import type { CompartmentProfile, CoreImage, Program } from './program.js';
import { TIMESTEPS_MAX } from './snn-file.js';
import { checkEncoder, checkMapShape, requireUnique } from './spike-check.js';
import { elementCount } from './tensor.js';

const WORD_BYTES = 8;
/** Chip, core and axon numbers are stored in 16 bits. */
const NUMBER_MAX = 65_535;

/**
 * Checks everything that a Program promises by itself, whatever its target: array lengths, every neuron in exactly one
 * compartment, and that each population, profile, word, core and axon that is named exists.
 * What the target allows is for the simulator to check.
 * Throws SW1005 (a value), SW1006 (names, references), SW1007 (shapes).
 */
export function checkProgram(program: Program, where: string): void {
  requireWhole(program.timesteps, [1, TIMESTEPS_MAX], `${where}, timesteps`);
  requireWhole(program.chips, [1, NUMBER_MAX + 1], `${where}, chips`);
  checkPopulations(program, where);
  const axons = checkCores(program);
  checkPlacement(program);
  for (const core of program.cores) checkOutputAxons(core, axons);
  checkHostAxons(program, axons);
  checkProvenance(program, where);
}

function checkPopulations(program: Program, where: string): void {
  const { populations, drives, timesteps, stepsPerSample } = program;
  const position = requireUnique(populations, 'population');
  let last = 0;
  for (const { name, kind, shape, phase, scale, relayOf } of populations) {
    checkMapShape(shape, `population ${name}`);
    requireWhole(phase, [0, 2 ** 20], `population ${name}, phase`);
    requireRange(scale, [Number.MIN_VALUE, Number.MAX_VALUE], `population ${name}, scale`);
    last = Math.max(last, phase);
    if (relayOf === null) continue;
    const source = populations[position.get(relayOf) ?? -1];
    if (source?.kind !== 'spiking' || kind !== 'spiking' || shapeText(source.shape) !== shapeText(shape)) {
      const what = `relays "${relayOf}", which is no spiking population of its shape.`;
      throw failure('SW1006', { where: `population ${name}`, what });
    }
  }
  if (!populations.some(({ kind }) => kind === 'readout')) {
    throw failure('SW1006', { where, what: 'the Program has no readout population.' });
  }
  if (stepsPerSample !== last + timesteps) {
    throw failure('SW1005', {
      where: `${where}, stepsPerSample`,
      what: `is ${stepsPerSample}; the last window opens at step ${last} and lasts ${timesteps}.`,
    });
  }
  requireWhole(program.sampleInterval, [timesteps, stepsPerSample], `${where}, sampleInterval`);
  for (const drive of drives) {
    const index = position.get(drive.population);
    const place = `drive of ${drive.population}`;
    if (index === undefined) throw failure('SW1006', { where: place, what: 'no such population exists.' });
    checkEncoder(drive, populations[index]!.shape, place);
  }
}

/** Gives the atoms of the input axons of every core, by core key. */
function checkCores(program: Program): Map<number, Uint16Array> {
  const axons = new Map<number, Uint16Array>();
  for (const core of program.cores) {
    const where = coreTitle(core);
    requireWhole(core.chip, [0, program.chips - 1], `${where}, chip number`);
    requireWhole(core.core, [0, NUMBER_MAX], `${where}, core number`);
    if (axons.has(coreKey(core))) throw failure('SW1006', { where, what: 'occurs twice.' });
    axons.set(coreKey(core), core.axonsIn.atoms);
    checkCompartments(core, program, where);
    checkInputAxons(core, where);
    core.profiles.forEach((profile, index) => {
      checkProfile(profile, program.timesteps, `${where}, profile ${index}`);
    });
    core.synapseFormats.forEach(({ weightBits, indexBits, delayBits, exponent }, index) => {
      const place = `${where}, synapse format ${index}`;
      requireWhole(weightBits, [1, 32], `${place}, weight bits`);
      requireWhole(indexBits, [0, 32], `${place}, index bits`);
      requireWhole(delayBits, [0, 16], `${place}, delay bits`);
      requireWhole(exponent, [0, 31], `${place}, exponent`);
    });
  }
  return axons;
}

function checkCompartments(core: CoreImage, program: Program, where: string): void {
  requireLength(core.compartmentProfile, core.compartmentCount, `${where}, compartment profiles`);
  const stranger = core.compartmentProfile.findIndex((profile) => profile >= core.profiles.length);
  if (stranger !== -1) {
    throw failure('SW1006', {
      where,
      what: `compartment ${stranger} names profile ${core.compartmentProfile[stranger]}; there are ${core.profiles.length}.`,
    });
  }
  const taken = new Uint8Array(core.compartmentCount);
  for (const { population, first, neurons } of core.ranges) {
    if (population >= program.populations.length) {
      throw failure('SW1006', {
        where,
        what: `a range names population ${population} of ${program.populations.length}.`,
      });
    }
    if (first + neurons.length > core.compartmentCount) {
      throw failure('SW1006', {
        where,
        what: `a range ends at compartment ${first + neurons.length} of ${core.compartmentCount}.`,
      });
    }
    const window = taken.subarray(first, first + neurons.length);
    if (window.includes(1))
      throw failure('SW1006', { where, what: `two ranges overlap from compartment ${first} on.` });
    window.fill(1);
  }
  const { rows, data } = core.bias;
  if (rows !== 0 && rows !== 1 && rows !== program.timesteps) {
    throw failure('SW1005', {
      where,
      what: `the bias has ${rows} rows; 0, 1 or T = ${program.timesteps} are possible.`,
    });
  }
  requireLength(data, rows * core.compartmentCount, `${where}, bias`);
}

function checkInputAxons(core: CoreImage, where: string): void {
  if (core.synapseMemory.length % WORD_BYTES !== 0) {
    throw failure('SW1005', {
      where,
      what: `${core.synapseMemory.length} B of synapse memory are no whole 64-bit words.`,
    });
  }
  const words = core.synapseMemory.length / WORD_BYTES;
  const { axonsIn } = core;
  const count = axonsIn.firstWord.length;
  if (count > NUMBER_MAX + 1) throw failure('SW1005', { where, what: `${count} input axons; 16 bits number them.` });
  requireLength(axonsIn.words, count, `${where}, input axon word counts`);
  requireLength(axonsIn.base, count, `${where}, input axon bases`);
  requireLength(axonsIn.atoms, count, `${where}, input axon atoms`);
  for (let axon = 0; axon < count; axon++) {
    requireWhole(axonsIn.atoms[axon]!, [1, NUMBER_MAX], `${where}, input axon ${axon}, atoms`);
    const end = axonsIn.firstWord[axon]! + axonsIn.words[axon]! * axonsIn.atoms[axon]!;
    if (end > words) {
      throw failure('SW1006', {
        where: `${where}, input axon ${axon}`,
        what: `its words end at ${end}; the synapse memory has ${words}.`,
      });
    }
  }
}

function checkProfile(profile: CompartmentProfile, timesteps: number, where: string): void {
  for (const table of ['threshold', 'resetBy', 'decay'] as const) {
    const rows = profile[table].length;
    if (rows !== 1 && rows !== timesteps) {
      throw failure('SW1005', { where, what: `its ${table} has ${rows} rows; 1 or T = ${timesteps} are possible.` });
    }
  }
  for (const decay of profile.decay) requireRange(decay, [0, 4096], `${where}, decay`);
}

/** Every neuron of every population has exactly one compartment. */
function checkPlacement({ populations, cores }: Program): void {
  const placed = populations.map(() => 0);
  for (const { ranges } of cores) {
    for (const { population, neurons } of ranges) placed[population] = placed[population]! + neurons.length;
  }
  populations.forEach(({ name, shape }, index) => {
    if (placed[index] !== elementCount(shape)) {
      throw failure('SW1006', {
        where: `population ${name}`,
        what: `${shapeText(shape)} has ${elementCount(shape)} neurons; cores hold ${placed[index]}.`,
      });
    }
  });
  // The counts agree with bytes that were really there, so that these arrays are no larger than the file allows.
  const seen = populations.map(({ shape }) => new Uint8Array(elementCount(shape)));
  for (const core of cores) {
    for (const { population, neurons } of core.ranges) {
      const marks = seen[population]!;
      for (const neuron of neurons) {
        if (marks[neuron] !== 0) {
          throw failure('SW1006', {
            where: coreTitle(core),
            what: `neuron ${neuron} of population ${populations[population]!.name} ${neuron in marks ? 'is placed twice' : 'does not exist'}.`,
          });
        }
        marks[neuron] = 1;
      }
    }
  }
}

function checkOutputAxons(core: CoreImage, axons: ReadonlyMap<number, Uint16Array>): void {
  const where = `${coreTitle(core)}, output axons`;
  const { offsets, chip, core: cores, axon, atom } = core.axonsOut;
  requireLength(offsets, core.compartmentCount + 1, `${where}, offsets`);
  requireLength(cores, chip.length, `${where}, core numbers`);
  requireLength(axon, chip.length, `${where}, axon numbers`);
  requireLength(atom, chip.length, `${where}, atoms`);
  if (offsets[0] !== 0 || offsets[core.compartmentCount] !== chip.length) {
    throw failure('SW1005', {
      where,
      what: `offsets run from ${offsets[0]} to ${offsets.at(-1)}, not from 0 to ${chip.length}.`,
    });
  }
  for (let k = 0; k < core.compartmentCount; k++) {
    if (offsets[k]! > offsets[k + 1]!)
      throw failure('SW1005', { where, what: `the offsets descend at compartment ${k}.` });
  }
  for (let entry = 0; entry < chip.length; entry++) {
    const target = { chip: chip[entry]!, core: cores[entry]! };
    const atoms = axons.get(coreKey(target))?.[axon[entry]!];
    const place = `${where}, entry ${entry}`;
    if (atoms === undefined) throw noSuchAxon(target, axon[entry]!, place);
    if (atom[entry]! >= atoms) {
      const what = `names atom ${atom[entry]} of input axon ${axon[entry]} of ${coreTitle(target)}, which has ${atoms}.`;
      throw failure('SW1006', { where: place, what });
    }
  }
}

function checkHostAxons(
  { hostAxons, timesteps, stepsPerSample }: Program,
  axons: ReadonlyMap<number, Uint16Array>,
): void {
  hostAxons.forEach((hostAxon, index) => {
    const where = `host axon ${index}`;
    const atoms = axons.get(coreKey(hostAxon))?.[hostAxon.axon];
    if (atoms === undefined) throw noSuchAxon(hostAxon, hostAxon.axon, where);
    if (atoms !== 1)
      throw failure('SW1006', { where, what: 'leads to a population axon; the host drives discrete ones.' });
    requireWhole(hostAxon.firstStep, [0, stepsPerSample - timesteps], `${where}, first step`);
  });
}

function noSuchAxon(core: { readonly chip: number; readonly core: number }, axon: number, where: string) {
  return failure('SW1006', { where, what: `leads to input axon ${axon} of ${coreTitle(core)}, which does not exist.` });
}

function checkProvenance({ provenance }: Program, where: string): void {
  for (const { role, sha256 } of provenance.sources) {
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      throw failure('SW1005', { where: `${where}, source "${role}"`, what: 'its hash is no sha256 in hex.' });
    }
  }
}

/** Both numbers have 16 bits. */
function coreKey({ chip, core }: { readonly chip: number; readonly core: number }): number {
  return chip * (NUMBER_MAX + 1) + core;
}

function coreTitle({ chip, core }: { readonly chip: number; readonly core: number }): string {
  return `chip ${chip}, core ${core}`;
}
