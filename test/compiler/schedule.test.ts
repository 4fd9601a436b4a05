import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTarget } from '../../targets/load.js';
import { snnDag } from '../property/arbitrary-dag.js';
import { compileIfFits } from '../property/compile-if-fits.js';

describe('the schedule', () => {
  it('starts a sample every T timesteps where windows are cleared one by one, and after the last window elsewhere', () => {
    let pipelined = 0;
    let windows = 0;
    fc.assert(
      fc.property(snnDag, fc.constantFrom('loihi2', 'speck'), (dag, name) => {
        const layers = dag.layers.map((layer) => (layer.kind === 'neuron' ? { ...layer, leak: 1 } : layer));
        const compiled = compileIfFits({ ...dag, layers }, loadTarget(name));
        fc.pre(compiled !== null);
        const { timesteps, stepsPerSample, sampleInterval, populations } = compiled.program;
        expect(stepsPerSample).toBe(Math.max(...populations.map(({ phase }) => phase)) + timesteps);
        expect(sampleInterval).toBe(name === 'loihi2' ? timesteps : stepsPerSample);
        if (sampleInterval < stepsPerSample) pipelined += 1;
        windows += populations.length;
      }),
      { numRuns: 40 },
    );
    expect(pipelined).toBeGreaterThan(5);
    expect(windows).toBeGreaterThan(80);
  });
});
