import type { Compiled } from '../../compiler/compile.js';
import { compile } from '../../compiler/compile.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { Target } from '../../schemas/target.js';

const provenance = { spikewrightVersion: '0', sources: [], options: '{}' };

/** The compiled network; null where it is too large for the target, as some random ones are. */
export function compileIfFits(snn: SnnGraph, target: Target): Compiled | null {
  return nullIfTooLarge(() => compile(snn, target, { provenance }).value);
}

/** What `compiling` gives, or null where it fails for want of room alone. */
export function nullIfTooLarge<T>(compiling: () => T): T | null {
  try {
    return compiling();
  } catch (error) {
    const tooLarge = ['SW2101', 'SW2102'];
    if (error instanceof SpikewrightError && error.diagnostics.every(({ code }) => tooLarge.includes(code)))
      return null;
    throw error;
  }
}
