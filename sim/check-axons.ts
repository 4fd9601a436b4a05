import { failure } from '../schemas/diagnostic.js';
import type { CoreImage } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { checkLimit } from './check-core.js';

/** One number for a core of a board; both numbers have 16 bits. */
export function coreKey(chip: number, core: number): number {
  return chip * 65_536 + core;
}

/**
 * Checks the axons of a core against the chip's limits (SW3002). `atomsOf` are the atoms of the input axons of every core,
 * by `coreKey`: an output axon to a population axon may count as several.
 */
export function checkAxons(image: CoreImage, atomsOf: ReadonlyMap<number, Uint16Array>, target: Target): void {
  const where = `chip ${image.chip}, core ${image.core}`;
  const { axonsIn, axonsOut } = image;
  const { name, limits } = target;
  const { populationAxon } = limits;
  checkLimit(axonsIn.firstWord.length, 'input axons', limits.inputAxonsPerCore, name, where);
  const words = axonsIn.words.reduce((most, count) => Math.max(most, count), 0);
  checkLimit(words, 'synapse words behind one axon', limits.wordsPerAxon, name, where);
  const atoms = axonsIn.atoms.reduce((most, count) => Math.max(most, count), 1);
  if (populationAxon !== null) checkLimit(atoms, 'atoms of one input axon', populationAxon.atomsMax, name, where);
  else if (atoms > 1) throw failure('SW3002', { where, what: `population axons, which ${name} has not.` });
  const each = populationAxon?.outputAxons.value ?? 1;
  let used = 0;
  for (const [entry, axon] of axonsOut.axon.entries()) {
    used += atomsOf.get(coreKey(axonsOut.chip[entry]!, axonsOut.core[entry]!))![axon]! > 1 ? each : 1;
  }
  checkLimit(used, 'output axons', limits.outputAxonsPerCore, name, where);
}
