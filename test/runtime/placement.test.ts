import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.js';
import { convert } from '../../compiler/convert.js';
import { readOccupied, readRates } from '../../runtime/placement.js';
import { explainText } from '../../runtime/report/explain-text.js';
import { encodeProgram } from '../../schemas/program-file.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import { loadTarget } from '../../targets/load.js';
import { spikewright } from '../e2e/command-line.js';
import { tinyNetwork } from '../e2e/tiny-network.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-placement-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);

const target = loadTarget('loihi1');
const snn = convert(tinyNetwork(), { timesteps: 3, leak: 1, reset: 'hard' });
const provenance = { spikewrightVersion: 'test', sources: [], options: '{}' };
const { value: compiled } = compile(snn, target, { provenance });

beforeAll(() => {
  writeFileSync(path('net.sws'), encodeSnn(snn));
  writeFileSync(path('first.swp'), encodeProgram(compiled.program));
});

describe('programs on one board', () => {
  it('stand on cores of their own, and the network stays the same', async () => {
    const occupied = await readOccupied([path('first.swp')], target);
    expect(occupied).toEqual(compiled.program.cores.map(({ chip, core }) => ({ chip, core })));
    const placement = { seed: 0, moves: null, rates: null, occupied };
    const { program } = compile(snn, target, { provenance, placement }).value;
    const names = [...compiled.program.cores, ...program.cores].map(({ chip, core }) => `${chip}/${core}`);
    expect(new Set(names).size).toBe(names.length);
    const memory = ({ cores }: typeof program) => cores.map(({ synapseMemory }) => synapseMemory);
    expect(memory(program)).toEqual(memory(compiled.program));
  });

  it('are refused where two claim one core, or the targets differ', async () => {
    const twice = [path('first.swp'), path('first.swp')];
    await expect(readOccupied(twice, target)).rejects.toThrow(/SW2302 .*chip 0, core \d+ is taken by/);
    await expect(readOccupied([path('first.swp')], loadTarget('ideal'))).rejects.toThrow(
      /SW2302 .*compiled for loihi1, not for this ideal/,
    );
    await expect(readOccupied([path('first.swp')], { ...target, description: 'another' })).rejects.toThrow(
      /SW2302 .*another description of loihi1/,
    );
  });
});

describe('rates', () => {
  it('are refused as anything but statistics', async () => {
    writeFileSync(path('rates.json'), '{"layers": []}');
    await expect(readRates(path('rates.json'), snn)).rejects.toThrow(/SW1022/);
  });
});

describe('explaining', () => {
  it('tells what each pass decided, and need against limit', () => {
    const text = explainText(compiled, 7);
    for (const pass of ['Lower', 'Quantise', 'Partition', 'Need', 'Place', 'Schedule']) {
      expect(text).toMatch(new RegExp(`^${pass}`, 'm'));
    }
    // One conv layer and the readout; each has exactly one limit that binds.
    const needs = text.slice(text.indexOf('Need of'), text.indexOf('Place:'));
    expect(needs.match(/\d ←/g)).toHaveLength(2);
    expect(needs).toMatch(/compartments +1,024 +/);
  });
});

describe('compile on the command line', () => {
  it('places beside a program, by the rates of its simulation, and explains itself', async () => {
    const made = await spikewright(
      'simulate',
      path('first.swp'),
      '--samples',
      '2',
      '--dataset',
      'mnist',
      '--timing',
      'off',
      '--json',
      path('stats.json'),
    );
    expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
    const args = ['--beside', path('first.swp'), '--rates', path('stats.json'), '--seed', '5', '--explain'];
    const done = await spikewright('compile', path('net.sws'), '--out', path('second.swp'), ...args);
    expect([done.code, done.stderr]).toEqual([0, expect.any(String)]);
    expect(done.stdout).toContain('Schedule: T = 3');
    const both = await readOccupied([path('first.swp'), path('second.swp')], target);
    expect(both.length).toBe(2 * compiled.program.cores.length);
    // Elsewhere on the board it computes the same.
    const again = ['--samples', '2', '--dataset', 'mnist', '--timing', 'off', '--json', path('second.json')];
    const ran = await spikewright('simulate', path('second.swp'), ...again);
    expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
    const [one, two] = ['stats.json', 'second.json'].map((file) => JSON.parse(readFileSync(path(file), 'utf8')));
    expect(two.predictions).toEqual(one.predictions);
    const spikes = (layers: readonly { name: string; spikes: number }[]) =>
      layers.map(({ name, spikes }) => [name, spikes]);
    expect(spikes(two.layers)).toEqual(spikes(one.layers));
    // The same network's layers under other names.
    const renamed = {
      ...snn,
      layers: snn.layers.map((layer) => {
        const inputs = 'inputs' in layer ? layer.inputs.map((name) => (name === 'relu1' ? 'other' : name)) : [];
        return layer.name === 'relu1' ? { ...layer, name: 'other' } : 'inputs' in layer ? { ...layer, inputs } : layer;
      }),
    } as typeof snn;
    await expect(readRates(path('stats.json'), renamed)).rejects.toThrow(/SW2301 .*no rate of layer other/);
    const bad = await spikewright('compile', path('net.sws'), '--out', path('third.swp'), '--rates', path('net.sws'));
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('SW1020')]);
  }, 60_000);
});
