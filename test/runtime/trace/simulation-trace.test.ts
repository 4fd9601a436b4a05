import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readNpy } from '../../../runtime/data/npy.js';
import { StreamFile } from '../../../runtime/trace/stream-file.js';
import { traceImages } from '../../../runtime/trace/trace-images.js';
import { readSafetensors } from '../../../schemas/safetensors.js';
import type { SampleResult } from '../../../sim/sample-result.js';
import { tinyTarget } from '../../sim/tiny-target.js';
import { scene } from '../../sim/trace/scene.js';
import { heldImages } from '../verify/held-images.js';

const target = tinyTarget();
/** The drive of neuron k is the image's only pixel times k. */
const program = {
  ...scene,
  targetJson: JSON.stringify(target),
  drives: [
    {
      ...scene.drives[0]!,
      kernel: { shape: [1, 1, 1, 3] as const, data: Float32Array.of(0, 1, 2) },
      grid: { mantissaMax: 4095, exponent: 0 },
    },
  ],
};
const images = heldImages(Float32Array.of(1, 0, 1), 3);
const options = { timing: 'cycle' } as const;
const ignore = (): void => undefined;
const none = { tables: undefined, vcd: undefined, perfetto: undefined };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trace-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('traces of a simulation', () => {
  it('are NumPy columns in a folder', async () => {
    const tables = join(folder, 'deep', 'probes');
    const use = { probes: ['spikes:a', 'packets'], paths: { ...none, tables } };
    const results: SampleResult[] = [];
    await traceImages(program, images, options, use, (result) => results.push(result));
    expect(results).toHaveLength(3);
    const column = (name: string) => readNpy(readFileSync(join(tables, `${name}.npy`)), name);
    expect(column('spikes.a/sample')).toEqual({ shape: [4], data: Int32Array.of(0, 0, 2, 2) });
    expect(column('spikes.a/neuron').data).toEqual(Int32Array.of(1, 2, 1, 2));
    expect(column('packets/made').shape).toEqual([4]);
    expect(column('packets/made').data).toBeInstanceOf(BigInt64Array);
    expect(readdirSync(tables).sort()).toEqual(['packets', 'spikes.a']);
  });

  it('are the same columns in one safetensors file', async () => {
    const path = join(folder, 'probes.safetensors');
    await traceImages(
      program,
      images,
      options,
      { probes: ['spikes:a', 'queue'], paths: { ...none, tables: path } },
      ignore,
    );
    const { tensors } = readSafetensors(readFileSync(path), path);
    expect(tensors.get('spikes.a/neuron')!.data).toEqual(Int32Array.of(1, 2, 1, 2));
    expect(tensors.get('queue/received')!.data).toEqual(Int32Array.of(2, 2));
    expect(readdirSync(folder)).toEqual(['probes.safetensors']);
  });

  it('stand beside each other', async () => {
    const paths = { tables: join(folder, 't'), vcd: join(folder, 'w.vcd'), perfetto: join(folder, 'p.pftrace') };
    await traceImages(program, images, options, { probes: ['membrane:out', 'queue'], paths }, ignore);
    expect(readdirSync(folder).sort()).toEqual(['p.pftrace', 't', 'w.vcd']);
    expect(readFileSync(paths.vcd, 'utf8')).toMatch(/^\$timescale 1 ps \$end\n/);
  });

  it('leave nothing half-written when they are interrupted', async () => {
    const abort = new AbortController();
    const paths = { tables: join(folder, 'p.safetensors'), vcd: join(folder, 'w.vcd'), perfetto: join(folder, 'p.pf') };
    const running = traceImages(program, images, options, { probes: ['spikes:a'], paths }, ignore, {
      signal: abort.signal,
      progress: (done) => {
        if (done === 2) abort.abort(new Error('enough'));
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leave nothing where the last of them cannot have its name, whatever has it already', async () => {
    mkdirSync(join(folder, 'taken.vcd'));
    const paths = { ...none, tables: join(folder, 'deep', 'probes'), vcd: join(folder, 'taken.vcd') };
    const traced = traceImages(program, images, options, { probes: ['spikes:a'], paths }, ignore);
    await expect(traced).rejects.toThrow(/SW6012/);
    expect(readdirSync(folder)).toEqual(['taken.vcd']);
  });

  it('record a probe that is given twice once, and keep apart what becomes equal in names of files', async () => {
    const path = join(folder, 'probes.safetensors');
    const named = {
      ...program,
      populations: [
        { ...scene.populations[0]!, name: 'o/ut' },
        { ...scene.populations[1]!, name: 'O ut' },
      ],
    };
    const renamed = { ...named, drives: [{ ...program.drives[0]!, population: 'o/ut' }] };
    const use = { probes: ['membrane:o/ut@1', 'membrane:O ut@1', 'membrane:o/ut@1'], paths: { ...none, tables: path } };
    await traceImages(renamed, images, options, use, ignore);
    const { tensors } = readSafetensors(readFileSync(path), path);
    expect([...tensors.keys()].filter((name) => name.endsWith('/value'))).toEqual([
      'membrane.o_ut.steps-1-1/value',
      'membrane.O_ut.steps-1-1.2/value',
    ]);
    // Three samples; three neurons of one layer, two of the other.
    expect(tensors.get('membrane.o_ut.steps-1-1/value')!.shape).toEqual([9]);
    expect(tensors.get('membrane.O_ut.steps-1-1.2/value')!.shape).toEqual([6]);
  });

  it('leave nothing half-written where a file cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    const paths = { ...none, vcd: join(folder, 'w.vcd'), perfetto: join(folder, 'file', 'p.pftrace') };
    await expect(traceImages(program, images, options, { probes: ['spikes:a'], paths }, ignore)).rejects.toThrow(
      /SW601/,
    );
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it.each([
    ['a file without probes', [], { ...none, tables: 'p' }, 'cycle', 'SW6002'],
    ['probes without a file', ['spikes:a'], none, 'cycle', 'SW6002'],
    ['a waveform of messages', ['packets'], { ...none, vcd: 'w' }, 'cycle', 'SW6002'],
    ['a timeline without times', [], { ...none, perfetto: 'p' }, 'off', 'SW3022'],
    ['an unknown layer', ['spikes:b'], { ...none, vcd: 'w' }, 'cycle', 'SW3021'],
  ] as const)('are refused: %s', async (_what, probes, paths, timing, code) => {
    await expect(traceImages(program, images, { timing }, { probes, paths }, ignore)).rejects.toThrow(code);
  });
});

describe('a stream', () => {
  it('holds what was written, whatever its size, and patches', () => {
    const path = join(folder, 'stream');
    const file = new StreamFile(path);
    const part = Uint8Array.from({ length: 700_001 }, (_, k) => k % 251);
    for (let round = 0; round < 4; round++) file.write(part);
    file.patch(Uint8Array.of(255, 254), 1);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readdirSync(folder)).not.toContain('stream');
    file.seal();
    expect(readdirSync(folder)).not.toContain('stream');
    file.publish();
    const expected = Buffer.concat([part, part, part, part]);
    expected.set([255, 254], 1);
    expect(readFileSync(path).equals(expected)).toBe(true);
  });
});
