import { type Compiled, type CompileOptions, compile } from '../compiler/compile.js';
import { coresOn } from '../compiler/try-fit.js';
import { type Diagnostic, type Result, SpikewrightError } from '../schemas/diagnostic.js';
import type { SnnGraph } from '../schemas/snn.js';
import type { Target } from '../schemas/target.js';
import { loadTarget, targetNames } from '../targets/load.js';
import { narrowWeights } from './target-choice.js';

/** Targets that are no chips: not what a user could turn to. */
const MADE_UP = new Set(['ideal', 'tiny']);

/**
 * `compile`; where a layer fits in no split (SW2101), the diagnostic's fix begins with what would fit, found by trying: the
 * widest narrower weights, and the smallest other chip.
 */
export function compileOrAdvise(snn: SnnGraph, target: Target, options: CompileOptions): Result<Compiled> {
  try {
    return compile(snn, target, options);
  } catch (error) {
    if (!(error instanceof SpikewrightError) || !error.diagnostics.some(isTooLarge)) throw error;
    const advice = [narrowerWeights(snn, target), otherChip(snn, target)].flatMap((text) => text ?? []).join(' ');
    const advised =
      advice === ''
        ? `Neither weights of ${BITS_LEAST} bits nor any other chip that comes with Spikewright would help.`
        : advice;
    const diagnostics = error.diagnostics.map((entry) => {
      return isTooLarge(entry) ? { ...entry, fix: `${advised} ${entry.fix}` } : entry;
    });
    throw new SpikewrightError(diagnostics, { cause: error });
  }
}

function isTooLarge({ code }: Diagnostic): boolean {
  return code === 'SW2101';
}

/** Narrower weights make another network of it: few of their values are left. */
const BITS_LEAST = 4;

/** The most bits below the target's with which the network fits, by bisection: narrower weights hardly take more room. */
function narrowerWeights(snn: SnnGraph, target: Target): string | null {
  let best: { readonly bits: number; readonly cores: number } | null = null;
  let [least, most] = [BITS_LEAST, target.arithmetic.weight.bits - 1];
  while (least <= most) {
    const bits = Math.ceil((least + most) / 2);
    const cores = coresOn(snn, narrowWeights(target, bits));
    if (cores === null) {
      most = bits - 1;
    } else {
      best = { bits, cores };
      least = bits + 1;
    }
  }
  if (best === null) return null;
  return `Weights of ${best.bits} bits would fit, on ${coreText(best.cores)} (compile.weightBits of a run, or a target file of your own).`;
}

/** The chip of the fewest neurons on its largest board on which the network fits. */
function otherChip(snn: SnnGraph, target: Target): string | null {
  const others = targetNames()
    .filter((name) => name !== target.name && !MADE_UP.has(name))
    .map(loadTarget)
    .sort((a, b) => neuronsOf(a) - neuronsOf(b));
  for (const other of others) {
    const cores = coresOn(snn, other);
    if (cores !== null) return `${other.name} would hold it, on ${coreText(cores)} (--target ${other.name}).`;
  }
  return null;
}

function neuronsOf({ limits: { chips, coresPerChip, compartmentsPerCore } }: Target): number {
  const of = (value: number | null): number => value ?? Number.MAX_SAFE_INTEGER;
  return of(chips.value) * of(coresPerChip.value) * of(compartmentsPerCore.value);
}

function coreText(cores: number): string {
  return cores === 1 ? '1 core' : `${cores.toLocaleString('en')} cores`;
}
