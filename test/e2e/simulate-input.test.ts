import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkJson, parseJson } from '../../schemas/json-file.js';
import { encodeProgram } from '../../schemas/program-file.js';
import { buildProgram, drive, population, profile, range, readoutProfile } from '../sim/program-builder.js';
import { tinyTarget } from '../sim/tiny-target.js';
import { type Ended, spikewright, start } from './command-line.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-simulate-'));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two neurons that hear the whole of an MNIST image, and two readouts that hear them. */
const program = buildProgram({
  timesteps: 2,
  populations: [population('a', 2, 0), population('out', 2, 1, 'readout')],
  drives: [
    {
      ...drive('a', 2),
      inputShape: [28, 28, 1],
      kernel: { shape: [28, 28, 1, 2], data: new Float32Array(28 * 28 * 2).fill(1) },
    },
  ],
  cores: [
    { core: 0, ranges: [range(0, [0, 1])], profiles: [profile(20)], out: [[[0, 2, 0]], [[0, 2, 0]]] },
    {
      core: 2,
      ranges: [range(1, [0, 1])],
      profiles: [readoutProfile()],
      axons: [{ entries: [{ format: 1, synapses: [[0, 3]] }] }],
    },
  ],
});
const bytes = encodeProgram({ ...program, targetJson: JSON.stringify(tinyTarget()) });
writeFileSync(at('net.swp'), bytes);
writeFileSync(at('cut.swp'), bytes.subarray(0, bytes.length - 9));
const damaged = bytes.slice();
damaged[Math.floor(bytes.length / 2)]! ^= 64;
writeFileSync(at('damaged.swp'), damaged);
const simulate = (...args: string[]): string[] => ['simulate', ...args, '--dataset', 'mnist', '--history', 'off'];

function expectRefusal({ code, stderr }: Ended, diagnostic: string): void {
  expect(code, stderr).toBe(2);
  expect(stderr).toContain(`error ${diagnostic}`);
  expect(stderr).not.toMatch(/^\s+at /m);
}

describe('simulate', () => {
  test('runs, and writes what its schema describes, a fault campaign included', async () => {
    const run = simulate(at('net.swp'), '--samples', '6', '--fault', 'drop:0.5', '--fault', 'core:0/2', '--json', '-');
    const { code, stdout, stderr } = await spikewright(...run);
    expect(code, stderr).toBe(0);
    // The target of that name that comes with the package is another one.
    expect(stderr).toContain('warning SW3012');
    expect(stderr).toMatch(/, host 7\.00\sµs loading \+ 3\.00\sµs readout \+ 5\.00\sµs reset, energy/);
    const written = parseJson(stdout, 'statistics');
    expect(() => checkJson('stats', written, 'statistics')).not.toThrow();
    expect(written).toMatchObject({
      samples: 6,
      faults: [
        { fault: 'drop', rate: 0.5 },
        { fault: 'core 0/2', rate: null },
      ],
    });
  });

  test.each([
    ['a file cut short', 'SW1003', ['cut.swp']],
    ['a damaged file', 'SW1003', ['damaged.swp']],
    ['samples of another shape', 'SW5001', ['net.swp', '--dataset', 'cifar10']],
    ['a probe on a layer that is not there', 'SW3021', ['net.swp', '--probe', 'spikes:b', '--vcd', 'w.vcd']],
    ['a fault that is none', 'SW3023', ['net.swp', '--fault', 'rust:0.1']],
    ['a dead core that the program has not', 'SW3024', ['net.swp', '--fault', 'core:0/9']],
    ['a target that is not there', 'SW2201', ['net.swp', '--target', 'loihi9']],
  ])('refuses %s', async (_, code, [name, ...rest]) => {
    const args = ['simulate', at(name!), '--dataset', 'mnist', '--history', 'off', '--samples', '1', ...rest];
    // The last of two data sets would be taken for a slip.
    const once = rest.includes('--dataset') ? args.filter((_arg, k) => k !== 2 && k !== 3) : args;
    expectRefusal(await spikewright(...once), code);
  });

  test.each([
    ['one file', ['--probe-out', 'full/probes.safetensors', '--perfetto', 'full/timeline.pftrace']],
    // 300 samples make 1,200 messages: of their columns those of 32 bits have room, those of 64 bits not.
    [
      'a folder, where the last columns alone find no space',
      ['--probe-out', 'full/deep/probes', '--vcd', 'full/w.vcd'],
    ],
  ])('leaves nothing half-written where there is no space for a trace: %s', async (_, paths) => {
    const into = paths.map((path) => (path.startsWith('--') ? path : at(path)));
    const traced = simulate(
      at('net.swp'),
      '--samples',
      '300',
      '--probe',
      'packets',
      '--probe',
      'spikes:a[0]@0',
      ...into,
    );
    expectRefusal(await start(traced, { fileSizeKiB: 6 }).ended, 'SW6010');
    expect(existsSync(at('full'))).toBe(false);
  });
});
