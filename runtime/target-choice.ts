import { failure } from '../schemas/diagnostic.js';
import type { RunConfig } from '../schemas/run.js';
import type { Target } from '../schemas/target.js';
import { readTarget } from '../schemas/target-file.js';
import { loadTarget, targetNames } from '../targets/load.js';
import { readFileWhole } from './store/read-file.js';

/**
 * The target of a name, or of the file at a path: whatever has a dot or a slash is a path.
 * Throws SW2201 (unknown name), SW1001 and SW1020…SW1024.
 */
export async function chosenTarget(nameOrPath: string): Promise<Target> {
  if (targetNames().includes(nameOrPath) || !/[./\\]/.test(nameOrPath)) return loadTarget(nameOrPath);
  return readTarget(Buffer.from(await readFileWhole(nameOrPath)).toString('utf8'), nameOrPath);
}

/**
 * The target that a run compiles for: the chosen one, its weights narrowed to so many bits where that is asked for.
 * Throws SW2017 where it has no such weights, and what `chosenTarget` throws.
 */
export async function compileTarget({
  target: nameOrPath,
  weightBits,
}: Pick<RunConfig['compile'], 'target' | 'weightBits'>): Promise<Target> {
  const target = await chosenTarget(nameOrPath);
  const { weight } = target.arithmetic;
  if (weightBits === null) return target;
  const mantissaMax = 2 ** (weightBits - 1) - 1;
  if (weightBits < 2 || mantissaMax > weight.mantissaMax) {
    const what = `weights of ${weightBits} bits are asked for; ${target.name} has ±${weight.mantissaMax} in ${weight.bits} bits.`;
    throw failure('SW2017', { where: `target ${target.name}`, what });
  }
  return narrowWeights(target, weightBits);
}

/** The target with weights of so many bits, at least 2 and at most its own. */
export function narrowWeights(target: Target, bits: number): Target {
  const weight = { ...target.arithmetic.weight, mantissaMax: 2 ** (bits - 1) - 1, bits };
  return { ...target, arithmetic: { ...target.arithmetic, weight } };
}
