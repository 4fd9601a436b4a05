import { failure } from '../schemas/diagnostic.js';
import type { Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { checkAxons, coreKey } from './check-axons.js';
import { checkCore, magnitudeMax } from './check-core.js';

/**
 * Checks what a Program that is sound by itself must fulfil to run on a target: the chip's limits and abilities, and
 * values that the simulator's 32-bit arithmetic holds.
 * Throws SW3011 (the chip cannot keep samples that overlap apart), SW3001 (the Program cannot be simulated), SW3002 (exceeds the chip) or SW3004 (the chip cannot be simulated).
 */
export function checkFit(program: Program, target: Target): void {
  checkOverlap(program, target);
  checkArithmetic(target);
  checkEntryLayout(target);
  const readouts = program.populations.filter(({ kind }) => kind === 'readout').length;
  if (readouts !== 1) {
    throw failure('SW3001', { where: program.name, what: `${readouts} readout populations; there must be one.` });
  }
  const atoms = new Map(program.cores.map((image) => [coreKey(image.chip, image.core), image.axonsIn.atoms]));
  for (const image of program.cores) {
    checkCore(image, program, target);
    checkAxons(image, atoms, target);
  }
  checkDrives(program, target);
}

function checkOverlap({ name, stepsPerSample, sampleInterval }: Program, target: Target): void {
  if (sampleInterval < stepsPerSample && !target.arithmetic.windowReset) {
    const what = `a sample begins every ${sampleInterval} timesteps and takes ${stepsPerSample} on ${target.name}.`;
    throw failure('SW3011', { where: name, what });
  }
}

function checkArithmetic({ name, arithmetic }: Target): void {
  const { membraneMax, inputMax, weight } = arithmetic;
  const where = `${name}, arithmetic`;
  if (!(membraneMax >= 1 && membraneMax <= magnitudeMax)) {
    throw failure('SW3004', { where, what: `membraneMax ${membraneMax}; the simulator handles 1 to ${magnitudeMax}.` });
  }
  if (inputMax !== null && !(inputMax >= 1)) throw failure('SW3004', { where, what: `inputMax ${inputMax}.` });
  const heaviest = weight.mantissaMax * weight.step * 2 ** weight.exponentMax;
  const whole = Number.isInteger(weight.step) && weight.step >= 1 && weight.mantissaMax < 32_768;
  if (!whole || !Number.isInteger(heaviest) || heaviest > magnitudeMax) {
    throw failure('SW3004', { where, what: `weights of up to ${heaviest} in steps of ${weight.step}.` });
  }
}

function checkEntryLayout({ name, limits }: Target): void {
  const header = limits.entryHeaderBits.value;
  if (header === null || !Number.isInteger(header) || header < 9 || header > 64) {
    const what = `entryHeaderBits is ${header ?? 'unknown'}; a header of count and format needs 9 to 64 bits.`;
    throw failure('SW3004', { where: name, what });
  }
  if (limits.synapseWordBits.value !== 64) {
    const what = `synapseWordBits is ${limits.synapseWordBits.value ?? 'unknown'}; programs hold 64-bit words.`;
    throw failure('SW3004', { where: name, what });
  }
}

function checkDrives({ drives }: Program, { name, arithmetic }: Target): void {
  const driven = new Set<string>();
  for (const { population, grid } of drives) {
    const where = `drive of ${population}`;
    if (driven.has(population)) throw failure('SW3001', { where, what: 'the population has two drives.' });
    driven.add(population);
    if (arithmetic.bias === null) {
      throw failure('SW3002', { where, what: `${name} has no constant current to load it into.` });
    }
    if (grid === null || grid.mantissaMax * 2 ** grid.exponent > magnitudeMax) {
      const what = `its grid is ${grid === null ? 'missing' : `too wide: ${grid.mantissaMax}·2^${grid.exponent}`}.`;
      throw failure('SW3001', { where, what });
    }
  }
}
