import type { Compiled } from '../../compiler/compile.js';
import { compile } from '../../compiler/compile.js';
import { lower } from '../../compiler/lower.js';
import { quantise } from '../../compiler/quantise.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import type { Target } from '../../schemas/target.js';

export const provenance = { spikewrightVersion: '0', sources: [], options: '{}' };

/** The compiled network; null where it is too large for the target, as some random ones are. */
export function compileIfFits(snn: SnnGraph, target: Target): Compiled | null {
  return ifFits(() => compile(snn, target, { provenance }).value);
}

/** What a compilation gives; null where the network has no room on the target. */
export function ifFits<T>(compiled: () => T): T | null {
  return unlessRefused(['SW2101', 'SW2102'], compiled);
}

/** The network in integers; null where no scale of a layer holds both its weights and its thresholds. */
export function quantiseIfFits(snn: SnnGraph, target: Target): IntegerSpikeGraph | null {
  return unlessRefused(['SW2013'], () => quantise(lower(snn), target).value.graph);
}

function unlessRefused<T>(codes: readonly string[], make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof SpikewrightError && error.diagnostics.every(({ code }) => codes.includes(code))) return null;
    throw error;
  }
}
