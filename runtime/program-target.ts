import { isDeepStrictEqual } from 'node:util';
import { diagnostic, type Result } from '../schemas/diagnostic.js';
import type { Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { readTarget } from '../schemas/target-file.js';
import { loadTarget, targetNames } from '../targets/load.js';
import { chosenTarget } from './target-choice.js';

/** Figures that are named in a message. */
const figuresShown = 4;

/**
 * The program with the chip's description that it is to run on: the one of `nameOrPath`, or else the one written in it.
 * Warns (SW3012) where that one is of a chip of this version's, whose figures have changed since.
 * Throws what `chosenTarget` and `readTarget` throw.
 */
export async function onTarget(program: Program, nameOrPath: string | undefined): Promise<Result<Program>> {
  if (nameOrPath !== undefined) {
    const target = await chosenTarget(nameOrPath);
    return { value: { ...program, targetJson: JSON.stringify(target) }, diagnostics: [] };
  }
  const own = readTarget(program.targetJson, `target of program ${program.name}`);
  if (!targetNames().includes(own.name)) return { value: program, diagnostics: [] };
  const changed = changedFigures(own, loadTarget(own.name));
  if (changed.length === 0) return { value: program, diagnostics: [] };
  const more = changed.length > figuresShown ? ` and ${changed.length - figuresShown} more` : '';
  const what = `figures of ${own.name} have changed since it was compiled: ${changed.slice(0, figuresShown).join(', ')}${more}.`;
  const fix = `Take those of today with --target ${own.name}, or compile the network anew.`;
  return {
    value: program,
    diagnostics: [diagnostic('SW3012', 'warning', { where: `program ${program.name}`, what, fix })],
  };
}

/** "timing.axonIn": the figures in which two descriptions of a chip differ. Arithmetic may be narrowed by who compiles. */
function changedFigures(one: Target, other: Target): string[] {
  return (['limits', 'mesh', 'timing', 'energyProfiles'] as const).flatMap((part) => {
    const [then, now] = [one[part], other[part]] as unknown as [Record<string, unknown>, Record<string, unknown>];
    const keys = [...new Set([...Object.keys(then), ...Object.keys(now)])];
    return keys.filter((key) => !isDeepStrictEqual(then[key], now[key])).map((key) => `${part}.${key}`);
  });
}
