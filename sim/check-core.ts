import { failure } from '../schemas/diagnostic.js';
import type { CompartmentProfile, CompartmentRange, CoreImage, Program } from '../schemas/program.js';
import type { Figure, Target } from '../schemas/target.js';

/** Inputs, membranes and tables of this magnitude and their sums are exact in 32 bits. */
export const magnitudeMax = 2 ** 30;

/** Checks one core image against its Program (SW3001) and the target's limits (SW3002). */
export function checkCore(image: CoreImage, program: Program, target: Target): void {
  const where = `chip ${image.chip}, core ${image.core}`;
  checkLimits(image, target, where);
  checkCompartments(image, where);
  checkProfiles(image, program, target, where);
  checkBias(image, target, where);
  checkFormats(image, target, where);
}

function checkLimits(image: CoreImage, { name, limits }: Target, where: string): void {
  const need = (count: number, what: string, limit: Figure): void => checkLimit(count, what, limit, name, where);
  need(image.synapseMemory.length, 'B of synapse memory', limits.synapseMemoryPerCore);
  need(image.compartmentCount, 'compartments', limits.compartmentsPerCore);
  need(image.profiles.length, 'compartment profiles', limits.compartmentProfilesPerCore);
  need(image.synapseFormats.length, 'synapse formats', limits.synapseFormatsPerCore);
}

/** Throws SW3002 where `count` of something is more than the chip called `name` has of it. */
export function checkLimit(count: number, what: string, { value }: Figure, name: string, where: string): void {
  if (value === null || count <= value) return;
  const said = `${count.toLocaleString('en')} ${what}, ${name} has ${value.toLocaleString('en')}.`;
  throw failure('SW3002', { where, what: said });
}

function checkCompartments({ compartmentCount, ranges }: CoreImage, where: string): void {
  const covered = ranges.reduce((count, { neurons }) => count + neurons.length, 0);
  if (covered < 1) {
    const what = `none of its ${compartmentCount} compartments is a neuron of a population.`;
    throw failure('SW3001', { where, what });
  }
}

/** The ranges of a core by their first compartment. */
export function sortedRanges(ranges: readonly CompartmentRange[]): readonly CompartmentRange[] {
  return ranges.toSorted((a, b) => a.first - b.first);
}

function checkProfiles(image: CoreImage, program: Program, target: Target, where: string): void {
  const { profiles, compartmentProfile } = image;
  for (const [number, profile] of profiles.entries()) {
    const at = `${where}, compartment profile ${number}`;
    const { threshold, resetBy } = profile;
    if (!threshold.every(isHeld) || !resetBy.every((value) => value >= 0 && isHeld(value))) {
      const what = 'a threshold beyond ±2^30, or a reset beyond 0 to 2^30.';
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
      if (profiles[compartmentProfile[k]!]!.spiking !== (kind === 'spiking')) {
        const what = `compartment ${k} of ${kind} population ${name} has a profile of the other kind.`;
        throw failure('SW3001', { where, what });
      }
    }
  }
}

function checkBias(image: CoreImage, { name, arithmetic }: Target, where: string): void {
  const { rows, data } = image.bias;
  if (data.length === 0) return;
  if (!arithmetic.biasGate) throw failure('SW3002', { where, what: `static bias, which ${name} cannot gate.` });
  if (rows > 1 && !arithmetic.perStepTables) {
    throw failure('SW3002', { where, what: `bias changes by timestep, which ${name} cannot.` });
  }
  if (!data.every(isHeld)) throw failure('SW3001', { where, what: 'a bias beyond ±2^30.' });
}

function checkFormats(image: CoreImage, { name, arithmetic }: Target, where: string): void {
  const within = (value: number, least: number, most: number): boolean => value >= least && value <= most;
  for (const [number, { weightBits, indexBits, exponent }] of image.synapseFormats.entries()) {
    const { weight } = arithmetic;
    if (
      !within(weightBits, 1, Math.min(16, weight.bits)) ||
      !within(indexBits, 0, 16) ||
      !within(exponent, 0, weight.exponentMax)
    ) {
      const what = `synapse format ${number} has ${weightBits} weight bits, ${indexBits} index bits and exponent ${exponent}; ${name} has up to ${weight.bits}, 16 and ${weight.exponentMax}.`;
      throw failure('SW3002', { where, what });
    }
  }
}

/** True where any table of the profile changes by timestep. */
function changesByStep({ threshold, resetBy, decay }: CompartmentProfile): boolean {
  return threshold.length > 1 || resetBy.length > 1 || decay.length > 1;
}

function isHeld(value: number): boolean {
  return Math.abs(value) <= magnitudeMax;
}
