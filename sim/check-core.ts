import { failure } from '../schemas/diagnostic.js';
import type { CompartmentProfile, CompartmentRange, CoreImage, Program } from '../schemas/program.js';
import type { Figure, Target } from '../schemas/target.js';
import { bytesPerWord } from './synapse.js';

/** Inputs, membranes and tables of this magnitude and their sums are exact in 32 bits. */
export const magnitudeMax = 2 ** 30;

/** Checks one core image against its Program (SW3001) and the target's limits (SW3002). */
export function checkCore(image: CoreImage, program: Program, target: Target): void {
  const where = `chip ${image.chip}, core ${image.core}`;
  checkLimits(image, target, where);
  checkCompartments(image, program, where);
  checkProfiles(image, program, target, where);
  checkBias(image, program, target, where);
  checkFormats(image, target, where);
  const { firstWord, words, base } = image.axonsIn;
  if (words.length !== firstWord.length || base.length !== firstWord.length) {
    throw failure('SW3001', { where, what: 'the columns of the input axon table differ in length.' });
  }
}

function checkLimits(image: CoreImage, { name, limits }: Target, where: string): void {
  const need = (what: string, count: number, limit: Figure, unit: string): void => {
    if (limit.value !== null && count > limit.value) {
      const said = `${count.toLocaleString('en')} ${unit} of ${what}, ${name} has ${limit.value.toLocaleString('en')}.`;
      throw failure('SW3002', { where, what: said });
    }
  };
  need('synapse memory', image.synapseMemory.length, limits.synapseMemoryPerCore, 'B');
  need('compartments', image.compartmentCount, limits.compartmentsPerCore, 'units');
  need('input axons', image.axonsIn.firstWord.length, limits.inputAxonsPerCore, 'units');
  need('output axons', image.axonsOut.chip.length, limits.outputAxonsPerCore, 'units');
  need('compartment profiles', image.profiles.length, limits.compartmentProfilesPerCore, 'units');
  need('synapse formats', image.synapseFormats.length, limits.synapseFormatsPerCore, 'units');
  const longest = image.axonsIn.words.reduce((most, words) => Math.max(most, words), 0);
  need('synapse words behind one axon', longest, limits.wordsPerAxon, 'words');
}

function checkCompartments(image: CoreImage, program: Program, where: string): void {
  const { compartmentCount, ranges } = image;
  if (!Number.isInteger(compartmentCount) || compartmentCount < 1) {
    throw failure('SW3001', { where, what: `${compartmentCount} compartments.` });
  }
  let next = 0;
  for (const range of sortedRanges(ranges)) {
    if (range.population >= program.populations.length || !Number.isInteger(range.population) || range.population < 0) {
      throw failure('SW3001', { where, what: `a range names population ${range.population}; there is none.` });
    }
    if (range.first !== next || range.neurons.length === 0) {
      const what = `a range of ${range.neurons.length} compartments starts at ${range.first}, not at ${next}.`;
      throw failure('SW3001', { where, what });
    }
    next += range.neurons.length;
  }
  if (next !== compartmentCount || image.compartmentProfile.length !== compartmentCount) {
    const what = `${compartmentCount} compartments; ranges cover ${next}, profiles ${image.compartmentProfile.length}.`;
    throw failure('SW3001', { where, what });
  }
}

/** The ranges of a core by their first compartment. */
export function sortedRanges(ranges: readonly CompartmentRange[]): readonly CompartmentRange[] {
  return ranges.toSorted((a, b) => a.first - b.first);
}

function checkProfiles(image: CoreImage, program: Program, target: Target, where: string): void {
  const { profiles, compartmentProfile } = image;
  const { timesteps } = program;
  for (const [number, profile] of profiles.entries()) {
    const at = `${where}, compartment profile ${number}`;
    const sound =
      tableIsSound(profile.threshold, timesteps, -magnitudeMax, magnitudeMax) &&
      tableIsSound(profile.resetBy, timesteps, 0, magnitudeMax) &&
      tableIsSound(profile.decay, timesteps, 0, 4096);
    if (!sound) {
      const what = `its tables need 1 or ${timesteps} rows, thresholds below 2^30, resets of at least 0, decays of 0 to 4096.`;
      throw failure('SW3001', { where: at, what });
    }
    if (changesByStep(profile) && !target.arithmetic.perStepTables) {
      throw failure('SW3002', { where: at, what: `its tables change by timestep, which ${target.name} cannot.` });
    }
    if (profile.spiking && !target.arithmetic.resets.includes(profile.reset)) {
      throw failure('SW3002', { where: at, what: `${profile.reset} reset, which ${target.name} has not.` });
    }
  }
  for (const { population, first, neurons } of image.ranges) {
    const { kind, name } = program.populations[population]!;
    for (let k = first; k < first + neurons.length; k++) {
      const profile = profiles[compartmentProfile[k]!];
      if (profile === undefined || profile.spiking !== (kind === 'spiking')) {
        const what = `compartment ${k} of ${kind} population ${name} has profile ${compartmentProfile[k]}, which is ${profile === undefined ? 'missing' : 'of the other kind'}.`;
        throw failure('SW3001', { where, what });
      }
    }
  }
}

function checkBias(image: CoreImage, { timesteps }: Program, { name, arithmetic }: Target, where: string): void {
  const { rows, data } = image.bias;
  if (data.length === 0) return;
  if (!arithmetic.biasGate) throw failure('SW3002', { where, what: `static bias, which ${name} cannot gate.` });
  if (rows > 1 && !arithmetic.perStepTables) {
    throw failure('SW3002', { where, what: `bias changes by timestep, which ${name} cannot.` });
  }
  const shaped = (rows === 1 || rows === timesteps) && data.length === rows * image.compartmentCount;
  if (!shaped || !data.every((value) => Math.abs(value) <= magnitudeMax)) {
    const what = `a bias table of ${rows} rows and ${data.length} values for ${image.compartmentCount} compartments.`;
    throw failure('SW3001', { where, what });
  }
}

function checkFormats(image: CoreImage, { name, arithmetic }: Target, where: string): void {
  const whole = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  for (const [number, { weightBits, indexBits, exponent }] of image.synapseFormats.entries()) {
    const { weight } = arithmetic;
    if (
      !whole(weightBits, 1, Math.min(16, weight.bits)) ||
      !whole(indexBits, 0, 16) ||
      !whole(exponent, 0, weight.exponentMax)
    ) {
      const what = `synapse format ${number} has ${weightBits} weight bits, ${indexBits} index bits and exponent ${exponent}; ${name} has up to ${weight.bits}, 16 and ${weight.exponentMax}.`;
      throw failure('SW3002', { where, what });
    }
  }
  if (image.synapseMemory.length % bytesPerWord !== 0) {
    throw failure('SW3001', { where, what: `a synapse memory of ${image.synapseMemory.length} B is not whole words.` });
  }
}

/** A parameter table by timestep: one row or T, every value within bounds. */
function tableIsSound(table: Int32Array, timesteps: number, least: number, most: number): boolean {
  const rows = table.length === 1 || table.length === timesteps;
  return rows && table.every((value) => value >= least && value <= most);
}

/** True where any table of the profile changes by timestep. */
function changesByStep({ threshold, resetBy, decay }: CompartmentProfile): boolean {
  return threshold.length > 1 || resetBy.length > 1 || decay.length > 1;
}
