import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../compiler/export/onnx.js';
import { validateFile } from '../../runtime/validate.js';
import { encodeAnn } from '../../schemas/ann-file.js';
import { encodeProgram } from '../../schemas/program-file.js';
import { writeSafetensors } from '../../schemas/safetensors.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import { encodeSpikeGraph } from '../../schemas/spike-file.js';
import { annGraphs, snnGraphs } from '../schemas/arbitraries.js';
import { truncations } from '../schemas/hostile.js';
import { sampleTarget } from '../schemas/sample-target.js';
import { integerGraphs, programs } from '../schemas/spike-arbitraries.js';

const one = <T>(arbitrary: fc.Arbitrary<T>): T => fc.sample(arbitrary, { numRuns: 1, seed: 3 })[0]!;
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const tensor = { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) } as const;

describe('validateFile', () => {
  it.each<[string, Uint8Array, string]>([
    ['ann', encodeAnn(one(annGraphs)), 'classes'],
    ['snn', encodeSnn(one(snnGraphs)), 'T = '],
    ['spike', encodeSpikeGraph(one(integerGraphs)), 'integer'],
    ['safetensors', writeSafetensors({ tensors: new Map([['a', tensor]]), metadata: {} }), '1 tensors, 2 values'],
    ['onnx', exportOnnx(one(annGraphs)), 'classes'],
    ['target', json(sampleTarget), 'sample-chip'],
    ['run', json({ dataset: { name: 'cifar10' }, model: 'net.onnx' }), 'net.onnx on cifar10 for loihi1'],
    ['budget', json({ atMost: { energyJoules: 1 } }), 'a sound budget'],
  ])('recognises and passes %s', (kind, bytes, words) => {
    const { summary, ...rest } = validateFile(bytes, 'file');
    expect(rest).toEqual({ kind, diagnostics: [] });
    expect(summary).toContain(words);
  });

  it.each<[string, Uint8Array, string]>([
    ['unknown', Uint8Array.of(1, 2, 3), 'SW1002'],
    ['unknown', new Uint8Array(), 'SW1002'],
    ['json', json({ colour: 'red' }), 'SW1002'],
    ['json', new TextEncoder().encode('{"a":'), 'SW1020'],
    ['run', json({ model: 'x' }), 'SW1022'],
    ['target', json({ ...sampleTarget, defaultEnergyProfile: 'lab' }), 'SW1024'],
    // Its target is a text that is no target.
    ['program', encodeProgram(one(programs)), 'SW1022'],
  ])('says what is wrong with %s', (kind, bytes, code) => {
    const { diagnostics, ...rest } = validateFile(bytes, 'file');
    expect(rest).toEqual({ kind, summary: null });
    expect(diagnostics.map((found) => found.code)).toContain(code);
    expect(diagnostics.every(({ severity }) => severity === 'error')).toBe(true);
  });

  it('takes a JSON file for what the caller says it is', () => {
    const { kind, diagnostics } = validateFile(json(sampleTarget), 'file', 'run');
    expect(kind).toBe('run');
    expect(diagnostics.map(({ code }) => code)).toContain('SW1022');
  });

  it('answers any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(validateFile(bytes, 'x').summary).toBeNull();
      }),
    );
    for (const bytes of [encodeAnn(one(annGraphs)), encodeProgram(one(programs)), json(sampleTarget)]) {
      for (const cut of truncations(bytes)) expect(validateFile(cut, 'x').summary).toBeNull();
    }
  });
});
