import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { checkJson } from '../../schemas/json-file.js';

const bench = fileURLToPath(new URL('../../dist/test/bench/compile.js', import.meta.url));

it('prints measurements that fit their schema, which asks for the fixed keys', { timeout: 60_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [bench, '--net', 'demo', '--target', 'loihi2']);
  const measured = checkJson<{ cases: Record<string, unknown>[] }>('bench', JSON.parse(stdout), 'the measurements');
  expect(measured.cases.map(({ net, target }) => [net, target])).toEqual([['demo', 'loihi2']]);
  expect(measured.cases[0]).toMatchObject({ cores: expect.any(Number), bindingLimit: expect.any(String) });
  for (const key of ['seconds', 'peakBytes', 'cores', 'coresLowerBound', 'spikeHops', 'spikeHopsRowMajor']) {
    const { [key]: _, ...rest } = measured.cases[0]!;
    expect(() => checkJson('bench', { cases: [rest] }, key)).toThrow();
  }
});
