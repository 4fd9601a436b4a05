import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convert } from '../../compiler/convert.js';
import { nirGraph } from '../../compiler/export/nir.js';
import { exportOnnx } from '../../compiler/export/onnx.js';
import { writeNirFile } from '../../runtime/nir/write-file.js';
import { validateFile } from '../../runtime/validate.js';
import { encodeAnn } from '../../schemas/ann-file.js';
import { encodeProgram } from '../../schemas/program-file.js';
import { writeSafetensors } from '../../schemas/safetensors.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import { encodeSpikeGraph } from '../../schemas/spike-file.js';
import { tinyNetwork } from '../e2e/tiny-network.js';
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
  ])('recognises and passes %s', async (kind, bytes, words) => {
    const { summary, ...rest } = await validateFile(bytes, 'file');
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
  ])('says what is wrong with %s', async (kind, bytes, code) => {
    const { diagnostics, ...rest } = await validateFile(bytes, 'file');
    expect(rest).toEqual({ kind, summary: null });
    expect(diagnostics.map((found) => found.code)).toContain(code);
    expect(diagnostics.every(({ severity }) => severity === 'error')).toBe(true);
  });

  it('takes a JSON file for what the caller says it is', async () => {
    const { kind, diagnostics } = await validateFile(json(sampleTarget), 'file', 'run');
    expect(kind).toBe('run');
    expect(diagnostics.map(({ code }) => code)).toContain('SW1022');
  });

  it('answers any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), async (bytes) => {
        expect((await validateFile(bytes, 'x')).summary).toBeNull();
      }),
    );
    for (const bytes of [encodeAnn(one(annGraphs)), encodeProgram(one(programs)), json(sampleTarget)]) {
      for (const cut of truncations(bytes)) expect((await validateFile(cut, 'x')).summary).toBeNull();
    }
  });

  it('passes NIR files, at the timesteps that they count in, and notes where they say nothing of T', async () => {
    const sent = nirGraph(convert(tinyNetwork(), { timesteps: 3, leak: 0.9, reset: 'hard' }));
    const { kind, summary, diagnostics } = await validateFile(await writeNirFile(sent), 'x.nir');
    expect([kind, diagnostics]).toEqual(['hdf5', []]);
    expect(summary).toMatch(/classes, .* weights, T = 3$/);
    const silent = await writeNirFile({ ...sent, metadata: new Map() });
    const noted = await validateFile(silent, 'x.nir');
    expect(noted.summary).toMatch(/weights$/);
    expect(noted.diagnostics.map(({ code, severity }) => [code, severity])).toEqual([['SW1052', 'note']]);
    // τ is 10 timesteps of length 1; a timestep of 20 would be longer than it.
    const slow = await validateFile(silent, 'x.nir', null, 20);
    expect([slow.summary, slow.diagnostics.map(({ code }) => code)]).toEqual([null, ['SW1051']]);
    const cut = await validateFile(silent.subarray(0, silent.length >> 1), 'x.nir');
    expect([cut.summary, cut.diagnostics.map(({ code }) => code)]).toEqual([null, ['SW1050']]);
  });
});
