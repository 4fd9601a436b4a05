import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { convert } from '../../compiler/convert.js';
import { decodeSnn, encodeSnn } from '../../schemas/snn-file.js';
import { spikewright } from './command-line.js';
import { tinyNetwork } from './tiny-network.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-nir-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);

describe('export and import', () => {
  it('send a network to NIR and back', async () => {
    const snn = convert(tinyNetwork(), { timesteps: 3, leak: 0.9, reset: 'hard' });
    writeFileSync(path('net.sws'), encodeSnn(snn));
    const sent = await spikewright('export', path('net.sws'), '--out', path('net.nir'));
    expect([sent.code, sent.stderr]).toEqual([0, expect.any(String)]);
    const back = await spikewright('import', path('net.nir'), '--out', path('again.sws'));
    expect([back.code, back.stderr]).toEqual([0, expect.any(String)]);
    const again = decodeSnn(readFileSync(path('again.sws')), 'again.sws');
    expect(again.timesteps).toBe(3);
    const neurons = (layers: typeof snn.layers) => layers.filter(({ kind }) => kind === 'neuron');
    expect(neurons(again.layers).map(({ name, ...rest }) => [name, { ...rest, inputs: [] }])).toEqual(
      neurons(snn.layers).map(({ name, ...rest }) => [name, { ...rest, inputs: [] }]),
    );
  });

  it('refuse what is no NIR file, and soft reset', async () => {
    writeFileSync(path('cut.nir'), readFileSync(path('net.nir')).subarray(0, 1000));
    const cut = await spikewright('import', path('cut.nir'), '--out', path('none.sws'));
    expect([cut.code, cut.stderr]).toEqual([2, expect.stringContaining('SW1050')]);
    const soft = convert(tinyNetwork(), { timesteps: 3, leak: 1, reset: 'soft' });
    writeFileSync(path('soft.sws'), encodeSnn(soft));
    const refused = await spikewright('export', path('soft.sws'), '--out', path('soft.nir'));
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('SW1051')]);
  });
});
