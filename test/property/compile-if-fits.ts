import type { Compiled } from '../../compiler/compile.js';
import { compile } from '../../compiler/compile.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { Target } from '../../schemas/target.js';

export const provenance = { spikewrightVersion: '0', sources: [], options: '{}' };

/** The compiled network; null where it is too large for the target, as some random ones are. */
export function compileIfFits(snn: SnnGraph, target: Target): Compiled | null {
  try {
    return compile(snn, target, { provenance }).value;
  } catch (error) {
    const tooLarge = ['SW2101', 'SW2102'];
    if (error instanceof SpikewrightError && error.diagnostics.every(({ code }) => tooLarge.includes(code)))
      return null;
    throw error;
  }
}
