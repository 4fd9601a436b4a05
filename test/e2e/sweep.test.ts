import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJson } from '../../schemas/json-file.js';
import type { SweepResult } from '../../schemas/sweep.js';
import { spikewright, start } from './command-line.js';
import { tinyOnnx, tinyRun } from './tiny-network.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-sweep-'));
const at = (...names: string[]): string => join(folder, ...names);
const files = ['sweep.json', 'sweep.csv', 'sweep.html'];
const args = ['sweep', '--config', at('sweep.json'), '--workers', '1'];

beforeAll(() => {
  writeFileSync(at('tiny.onnx'), tinyOnnx());
  writeFileSync(at('run.json'), JSON.stringify(tinyRun(at('tiny.onnx'), 'unused')));
  const space = { weightBits: [8, 3], thresholdScales: [0.3, 0.5], targets: ['loihi1', 'truenorth'] };
  writeFileSync(at('sweep.json'), JSON.stringify({ run: at('run.json'), space, out: at('whole') }));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a sweep makes shared stages once, lists what the compiler refuses, and is recorded', async () => {
  const history = ['--history', at('runs.duckdb')];
  const swept = await spikewright(...args, '--json', at('result.json'), ...history);
  expect(swept, swept.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('SW2017') });
  expect(swept.stderr).toMatch(/✓ 1\/8 .*about .* left/);
  const path = at('whole', 'sweep.json');
  const { points } = readJson<SweepResult>('sweep-result', readFileSync(path, 'utf8'), path);
  expect(
    Object.values(points).map(({ target, weightBits, thresholdScale }) => [target, weightBits, thresholdScale]),
  ).toEqual(
    [0.3, 0.5].flatMap((scale) =>
      ['loihi1', 'truenorth'].flatMap((target) => [8, 3].map((bits) => [target, bits, scale])),
    ),
  );
  for (const { target, refused, robust, energyJoules, mismatches } of Object.values(points)) {
    if (target === 'truenorth') expect([refused[0]?.code, robust, energyJoules]).toEqual(['SW2017', null, null]);
    else expect([refused, robust?.total, mismatches]).toEqual([[], 6, 0]);
  }
  expect(Object.values(points).some(({ onFront }) => onFront)).toBe(true);
  const made = (stage: string) => readdirSync(at('whole')).filter((name) => name.startsWith(`${stage}-`)).length;
  expect(['import', 'convert', 'finetune', 'compile'].map(made)).toEqual([1, 2, 2, 4]);
  const json = readJson<SweepResult & { seconds: number }>(
    'sweep-result',
    readFileSync(at('result.json'), 'utf8'),
    'json',
  );
  expect(json.points).toEqual(points);
  const sql = "select count(*)::integer from metrics where name like 'points.loihi1%.robust'";
  expect((await spikewright('runs', 'query', sql, ...history)).stdout).toContain('4');
});

test('a sweep that was stopped and killed goes on to the same bytes', async () => {
  const rest = [...args, '--out', at('stopped')];
  const compiled = (): number =>
    existsSync(at('stopped')) ? readdirSync(at('stopped')).filter((name) => /^compile-/.test(name)).length : 0;
  const stop = async (signal: 'SIGINT' | 'SIGKILL', count: number) => {
    const running = start(rest);
    while (compiled() < count && running.process.exitCode === null) await setTimeout(5);
    running.process.kill(signal);
    return running.ended;
  };
  expect(await stop('SIGINT', 1)).toMatchObject({
    code: 130,
    stderr: expect.stringContaining('it goes on where it was'),
  });
  expect(await stop('SIGKILL', 3)).toMatchObject({ signal: 'SIGKILL' });
  expect(existsSync(at('stopped', 'sweep.json'))).toBe(false);
  expect(await spikewright(...rest, '--quiet')).toMatchObject({ code: 0 });
  for (const file of files) expect(readFileSync(at('stopped', file))).toEqual(readFileSync(at('whole', file)));
  expect(readdirSync(at('stopped')).sort()).toEqual(readdirSync(at('whole')).sort());
});

test('a slip in the space is told before anything is made', async () => {
  const out = ['--out', at('slip')];
  const bits = await spikewright('sweep', '--run', at('run.json'), '--weight-bits', '1', ...out);
  expect(bits).toMatchObject({ code: 2, stderr: expect.stringContaining('space.weightBits[0]') });
  const commas = await spikewright('sweep', '--run', at('run.json'), '--weight-bits', '8, 1', ...out);
  expect(commas).toMatchObject({ code: 2, stderr: expect.stringContaining('space.weightBits[1]') });
  const word = await spikewright('sweep', '--run', at('run.json'), '--timesteps', '4,some', ...out);
  expect(word).toMatchObject({ code: 2, stderr: expect.stringMatching(/SW6002.*--timesteps(?:.|\n)*"some"/) });
  const target = await spikewright('sweep', '--run', at('run.json'), '--targets', 'loihi1', 'lohi2', ...out);
  expect(target).toMatchObject({ code: 2, stderr: expect.stringContaining('SW2201') });
  expect(existsSync(at('slip'))).toBe(false);
});
