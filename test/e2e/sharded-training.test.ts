import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { convert } from '../../compiler/convert.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import { spikewright } from './command-line.js';
import { tinyNetwork } from './tiny-network.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-shards-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

test('a finetuning comes to the same bytes with any number of workers, and with a memory limit that binds nothing', async () => {
  const snn = at('converted.sws');
  writeFileSync(snn, encodeSnn(convert(tinyNetwork(), { timesteps: 2, leak: 1, reset: 'hard' })));
  const common = ['finetune', snn, '--dataset', 'mnist', '--batch-size', '12', '--train-samples', '48'];
  const tune = async (name: string, ...args: readonly string[]): Promise<Buffer> => {
    const ended = await spikewright(
      ...common,
      '--epochs',
      '1',
      '--statistics-batches',
      '1',
      '--out',
      at(name),
      ...args,
    );
    expect(ended.code, ended.stderr).toBe(0);
    return readFileSync(at(name));
  };
  const alone = await tune('one.sws', '--workers', '1');
  expect((await tune('three.sws', '--workers', '3', '--memory', '1GiB')).equals(alone)).toBe(true);
});
