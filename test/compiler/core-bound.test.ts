import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileIntegerGraph } from '../../compiler/compile.js';
import { coreBound } from '../../compiler/core-bound.js';
import { lower } from '../../compiler/lower.js';
import { quantise } from '../../compiler/quantise.js';
import type { Target } from '../../schemas/target.js';
import { loadTarget } from '../../targets/load.js';
import { spikeChain } from '../property/arbitrary-spike.js';
import { demoNet, testProvenance } from './random-snn.js';

describe('the bound on cores', () => {
  it('is never more than what a mapping takes, and often all of it', () => {
    const ideal = loadTarget('ideal');
    const narrow = (compartments: number, bytes: number): Target => ({
      ...ideal,
      limits: {
        ...ideal.limits,
        compartmentsPerCore: { value: compartments, unit: '', source: 'test' },
        synapseMemoryPerCore: { value: bytes, unit: 'bytes', source: 'test' },
      },
    });
    let tight = 0;
    fc.assert(
      fc.property(spikeChain(2 ** 20), fc.constantFrom(narrow(9, 1 << 14), narrow(200, 1 << 10)), (graph, target) => {
        const { program, bound } = compileIntegerGraph(graph, target, { provenance: testProvenance });
        expect(bound.cores).toBeLessThanOrEqual(program.cores.length);
        expect(bound.cores).toBeGreaterThan(0);
        if (bound.cores === program.cores.length - program.populations.length + 1) tight += 1;
      }),
      { numRuns: 60 },
    );
    expect(tight).toBeGreaterThan(3);
  });

  it('counts compartments of the demo’s network: 34,826 of them, 1,024 a core', () => {
    const target = loadTarget('loihi1');
    const { graph } = quantise(lower(demoNet([16, 48, 96])), target, null).value;
    expect(coreBound(graph, target)).toEqual({ cores: 35, limit: 'compartments' });
  });
});
