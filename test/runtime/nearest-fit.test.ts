import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.js';
import { compileOrAdvise } from '../../runtime/nearest-fit.js';
import { narrowWeights } from '../../runtime/target-choice.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { Target } from '../../schemas/target.js';
import { loadTarget } from '../../targets/load.js';
import { randomSnn, testProvenance } from '../compiler/random-snn.js';

const loihi1 = loadTarget('loihi1');
const options = { provenance: testProvenance };

function coresOf(snn: SnnGraph, target: Target): number {
  return compile(snn, target, options).value.program.cores.length;
}

describe('what a network too large for a target could turn to', () => {
  it('are the widest weights that fit, and another chip, on as many cores as said', () => {
    // 64 inputs have 4 words each, the bias too: 30 units of 8 bits share a core, 35 of 7 bits. 100 units are 4 cores or
    // 3, and each input has 3 output axons.
    const snn = randomSnn([8, 8, 1], [{ conv: 1 }, { neuron: 'hard' }, { flatten: 'hwc' }, { dense: 100 }], 1, 3);
    const limits = {
      ...loihi1.limits,
      synapseMemoryPerCore: { value: 262 * 8, unit: 'B', source: 'test' },
      outputAxonsPerCore: { value: 3, unit: 'axons', source: 'test' },
    };
    const small: Target = { ...loihi1, limits };
    expect(coresOf(snn, narrowWeights(small, 7))).toBe(64 + 3);
    expect(coresOf(snn, loadTarget('speck'))).toBe(2);
    expect(() => compileOrAdvise(snn, small, options)).toThrow(
      /SW2101 layer layer1: .* 4 output axons, loihi1 has 3 .* Weights of 7 bits would fit, on 67 cores .* speck would hold it, on 2 cores/,
    );
  });

  it('is another chip where narrower weights do not help', () => {
    // 65 · 65 inputs of a unit, and 4,096 input axons: weights do not matter.
    const specs = [{ conv: 1 }, { neuron: 'hard' }, { flatten: 'hwc' }, { dense: 2, bias: true }] as const;
    const snn = randomSnn([65, 65, 1], specs, 1, 3);
    const cores = coresOf(snn, loadTarget('loihi2'));
    expect(() => compileOrAdvise(snn, loihi1, options)).toThrow(
      new RegExp(`SW2101 layer logits: .* loihi2 would hold it, on ${cores} cores \\(--target loihi2\\)`),
    );
    expect(() => compileOrAdvise(snn, loihi1, options)).not.toThrow(/Weights of/);
    expect(() => compile(snn, narrowWeights(loihi1, 4), options)).toThrow(/SW2101/);
  });

  it('is nothing where no chip holds it', () => {
    // 70,000 inputs of one unit: more than a Program can number.
    const specs = [{ conv: 1, kernel: 1, pad: 0 }, { neuron: 'hard' }, { flatten: 'hwc' }, { dense: 1 }] as const;
    const snn = randomSnn([280, 250, 1], specs, 1, 3);
    expect(() => compileOrAdvise(snn, loadTarget('tiny'), options)).toThrow(/SW2101 .* Neither weights of 4 bits nor/);
  });
});
