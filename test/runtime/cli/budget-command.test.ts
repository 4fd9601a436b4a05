import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { beginRun, finishRun } from '../../../runtime/history/history.js';
import { validateFile } from '../../../runtime/validate.js';
import { wilson } from '../../../runtime/wilson.js';
import { runHere } from './in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-budget-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

const level = { clean: wilson(70, 100), robust: wilson(40, 100) };

/** As verify writes it, with a key of its own. */
const result = {
  levels: { ann: null, snn: level, twin: level, chip: level },
  samples: 100,
  spikeMismatches: 0,
  readoutMismatches: 0,
  agreement: [{ levels: ['snn', 'chip'], clean: wilson(96, 100), adversarial: wilson(90, 100) }],
  chip: {
    spikesPerSample: 2e4,
    activeNeuronsPercent: 30,
    synopsPerSample: 1e7,
    latencySeconds: 4e-3,
    energyJoules: 7e-4,
    cores: 37,
    chips: 1,
  },
  unknownFigures: { timing: [], energy: ['barrier'] },
  seconds: 12,
  extra: 'free',
};

/** Runs a command; its errors in one line. */
async function spikewright(...argv: string[]) {
  const { code, out, error } = await runHere(argv);
  return { code, out, error: error.replaceAll(/\s+/g, ' ') };
}

function file(name: string, value: unknown): string {
  writeFileSync(at(name), typeof value === 'string' ? value : JSON.stringify(value));
  return at(name);
}

const kept = file('kept.json', { atMost: { energyJoules: 1e-3, cores: 37 }, atLeast: { agreement: 0.95 } });
const written = file('result.json', result);

describe('spikewright budget', () => {
  it('holds a result against limits: a table, JSON and JUnit, 0 where all are kept', async () => {
    const { code, out, error } = await spikewright(
      ...['budget', kept, written, '--json', at('rows.json'), '--junit', at('junit.xml')],
    );
    expect(error).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/atMost\.energyJoules +0\.001 +7\.000e-4 +3\.000e-4 +✓ +a lower bound: barrier unknown/);
    expect(JSON.parse(readFileSync(at('rows.json'), 'utf8')).budget).toHaveLength(3);
    expect(readFileSync(at('junit.xml'), 'utf8')).toContain('tests="3" failures="0"');
  });

  it('ends with 1 on a violation, and on a limit that cannot be judged', async () => {
    const tight = file('tight.json', { atMost: { cores: 36 }, atLeast: { accuracy: { ann: { clean: 0.5 } } } });
    const { code, error } = await spikewright('budget', tight, written);
    expect(code).toBe(1);
    expect(error).toContain('SW5007 budget atMost.cores');
    expect(error).toContain('SW5008 budget atLeast.accuracy.ann.clean');
  });

  it('takes a recorded run by its number', async () => {
    const history = at('history.duckdb');
    const id = await beginRun(history, 'verify', [], () => undefined);
    const outcome = { exitCode: 0, seconds: 1, result, diagnostics: [] };
    await finishRun(history, id, outcome, () => undefined);
    expect(await spikewright('budget', kept, String(id), '--history', history)).toMatchObject({ code: 0 });
    const missing = await spikewright('budget', kept, '7', '--history', history);
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.error).toContain('SW5033');
  });

  it.each([
    ['an unknown name', { atMost: { energyJoule: 1 } }, result, /SW1021 .*energyJoule.*Did you mean "energyJoules"/],
    ['a unit', { atMost: { energyJoules: '1 mJ' } }, result, /SW1023 .*energyJoules "1 mJ" must be of type number/],
    ['a share in percent', { atLeast: { agreement: 95 } }, result, /SW1023 .*agreement 95 must be <= 1/],
    ['no limits', {}, result, /SW1022/],
    ['a result that holds none of the figures', { atMost: { cores: 1 } }, { seconds: 3 }, /SW1022 .*levels/],
    ['an empty sample set', { atMost: { cores: 1 } }, { ...result, samples: 0 }, /SW1023 .*samples 0 must be >= 1/],
    ['a torn result', { atMost: { cores: 1 } }, '{"levels": ', /SW1020/],
  ])('refuses %s with 2 and writes nothing', async (_, budget, found, message) => {
    const junit = at('refused.xml');
    const { code, error } = await spikewright(
      ...['budget', file('b.json', budget), file('r.json', found), '--junit', junit],
    );
    expect(code).toBe(2);
    expect(error).toMatch(message);
    expect(existsSync(junit)).toBe(false);
  });
});

it('a result is recognised by its keys, whatever else it holds', async () => {
  const { kind, summary } = await validateFile(readFileSync(written), 'result.json');
  expect([kind, summary]).toEqual(['result', 'a sound result']);
});
