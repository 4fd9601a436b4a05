import { failure } from '../schemas/diagnostic.js';
import type { Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { elementCount } from '../schemas/tensor.js';
import { checkCore, magnitudeMax } from './check-core.js';

/** No sample is longer; bounds what the tables by timestep may allocate. */
const stepsMax = 65_536;

/**
 * Checks everything in a Program that the simulator relies on and that decoding does not check itself: windows, host
 * axons, drives, that every neuron has exactly one compartment, and the limits of the target.
 * Throws SW3001 (inconsistent), SW3002 (exceeds the chip) or SW3004 (the target's arithmetic cannot be simulated).
 */
export function checkProgram(program: Program, target: Target): void {
  checkArithmetic(target);
  checkWindows(program);
  const placed = program.populations.map(() => 0);
  for (const image of program.cores) {
    checkCore(image, program, target);
    for (const { population, neurons } of image.ranges) placed[population]! += neurons.length;
  }
  for (const [index, { name, shape }] of program.populations.entries()) {
    const neurons = elementCount(shape);
    if (placed[index] !== neurons) {
      const what = `it has ${neurons} neurons, the cores hold ${placed[index]}.`;
      throw failure('SW3001', { where: `population ${name}`, what });
    }
  }
  checkEachNeuronOnce(program);
  checkDrives(program, target);
  checkHostAxons(program);
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

function checkWindows({ name, timesteps, stepsPerSample, populations }: Program): void {
  const inconsistent = (where: string, what: string) => failure('SW3001', { where, what });
  if (!Number.isInteger(timesteps) || timesteps < 1 || timesteps > stepsMax) {
    throw inconsistent(name, `${timesteps} timesteps; the simulator handles 1 to ${stepsMax}.`);
  }
  if (new Set(populations.map((population) => population.name)).size !== populations.length) {
    throw inconsistent(name, 'two populations have the same name.');
  }
  let last = 0;
  for (const { name: population, phase, scale, shape } of populations) {
    const where = `population ${population}`;
    if (!Number.isInteger(phase) || phase < 0 || phase > stepsMax) throw inconsistent(where, `phase ${phase}.`);
    if (!(scale > 0 && Number.isFinite(scale))) throw inconsistent(where, `scale ${scale}.`);
    if (!shape.every((extent) => Number.isInteger(extent) && extent >= 1)) {
      throw inconsistent(where, `shape ${shape.join('×')}.`);
    }
    last = Math.max(last, phase);
  }
  if (stepsPerSample !== last + timesteps) {
    throw inconsistent(name, `${stepsPerSample} steps per sample; the last window closes after ${last + timesteps}.`);
  }
  const readouts = populations.filter(({ kind }) => kind === 'readout').length;
  if (readouts !== 1) throw inconsistent(name, `${readouts} readout populations; there must be one.`);
}

function checkEachNeuronOnce({ cores, populations }: Program): void {
  const seen = populations.map(({ shape }) => new Uint8Array(elementCount(shape)));
  for (const { chip, core, ranges } of cores) {
    for (const { population, neurons } of ranges) {
      for (const neuron of neurons) {
        const flags = seen[population]!;
        if (flags[neuron] !== 0) {
          const what = `neuron ${neuron} of population ${populations[population]!.name} is ${neuron in flags ? 'placed twice' : 'unknown'}.`;
          throw failure('SW3001', { where: `chip ${chip}, core ${core}`, what });
        }
        flags[neuron] = 1;
      }
    }
  }
}

function checkDrives({ drives, populations }: Program, { name, arithmetic }: Target): void {
  const driven = new Set<string>();
  for (const { population, grid } of drives) {
    const where = `drive of ${population}`;
    if (!populations.some((candidate) => candidate.name === population)) {
      throw failure('SW3001', { where, what: 'the program has no such population.' });
    }
    if (driven.has(population)) throw failure('SW3001', { where, what: 'the population has two drives.' });
    driven.add(population);
    const reach = grid === null ? Number.NaN : grid.mantissaMax * 2 ** grid.exponent;
    const whole = grid !== null && Number.isInteger(grid.exponent) && grid.exponent >= 0;
    if (!whole || !Number.isInteger(reach) || reach < 0 || reach > magnitudeMax) {
      throw failure('SW3001', { where, what: 'its grid is missing or not one of whole numbers.' });
    }
    if (arithmetic.bias === null) {
      throw failure('SW3002', { where, what: `${name} has no constant current to load it into.` });
    }
  }
}

function checkHostAxons({ hostAxons, cores, timesteps, stepsPerSample }: Program): void {
  const axonsOf = new Map(cores.map(({ chip, core, axonsIn }) => [`${chip}/${core}`, axonsIn.firstWord.length]));
  for (const { chip, core, axon, firstStep } of hostAxons) {
    const where = `host axon ${axon} of chip ${chip}, core ${core}`;
    if (!Number.isInteger(axon) || axon < 0 || axon >= (axonsOf.get(`${chip}/${core}`) ?? 0)) {
      throw failure('SW3001', { where, what: 'the program has no such input axon.' });
    }
    if (!Number.isInteger(firstStep) || firstStep < 0 || firstStep + timesteps > stepsPerSample) {
      const what = `it is driven from step ${firstStep} for ${timesteps} steps; a sample has ${stepsPerSample}.`;
      throw failure('SW3001', { where, what });
    }
  }
}
