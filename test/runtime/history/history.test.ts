import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, test } from 'vitest';
import { exportRuns } from '../../../runtime/history/export.js';
import { beginRun, findRun, finishRun, listRuns, queryRuns } from '../../../runtime/history/history.js';
import type { Diagnostic } from '../../../schemas/diagnostic.js';
import { diagnostic } from '../../../schemas/diagnostic.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-history-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = (): string => {
  files += 1;
  return join(folder, 'deep', `${files}.duckdb`);
};
const silent = (diagnostics: readonly Diagnostic[]): void => expect(diagnostics).toEqual([]);

const share = (correct: number, total: number) => ({ correct, total, low: correct / total - 0.1, high: 1 });
const identity = {
  dataset: 'mnist',
  data: 'd'.repeat(64),
  samples: 4,
  seed: 7,
  target: 'tiny',
  attack: 'pgd',
  program: 'p'.repeat(64),
};
const result = { identity, levels: { chip: { clean: share(3, 4), robust: share(1, 4) } }, chip: { cores: 5 } };

async function record(path: string, outcome: unknown = result): Promise<number> {
  const id = await beginRun(path, 'verify', ['a b.swp', '--samples', '4'], silent);
  await finishRun(path, id, { exitCode: 0, seconds: 1.5, result: outcome, diagnostics: [] }, silent);
  return id;
}

describe('the run history', () => {
  it('gives back what was recorded, latest first', async () => {
    const path = fresh();
    expect([await record(path), await record(path)]).toEqual([1, 2]);
    const told = [diagnostic('SW5007', 'error', { where: 'budget cores', what: 'too many.' })];
    const third = await beginRun(path, 'verify', [], silent);
    await finishRun(path, third, { exitCode: 1, seconds: 2, result, diagnostics: told }, silent);
    const runs = await listRuns(path, 2);
    expect(runs.map(({ id, status, exitCode }) => [id, status, exitCode])).toEqual([
      [3, 'failed', 1],
      [2, 'finished', 0],
    ]);
    expect(runs[1]).toMatchObject({ command: 'verify', arguments: "'a b.swp' --samples 4", identity, seconds: 1.5 });
    expect(Math.abs(Date.parse(runs[1]!.started) - Date.now())).toBeLessThan(60_000);
    const whole = await findRun(path, 3);
    expect(whole.result).toEqual(result);
    expect(whole.diagnostics).toMatchObject([{ code: 'SW5007', where: 'budget cores' }]);
    await expect(findRun(path, 9)).rejects.toThrow(/SW5033.*no run 9/);
  });

  it('calls a run killed whose process is gone, and running while it lives', async () => {
    const path = fresh();
    await beginRun(path, 'demo', [], silent);
    expect((await listRuns(path, null))[0]).toMatchObject({ status: 'running', finished: null });
    const script = `
      const { beginRun } = await import(${JSON.stringify(built('history/history.js'))});
      await beginRun(${JSON.stringify(path)}, 'demo', [], () => {});
      process.kill(process.pid, 'SIGKILL');`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]).catch(() => undefined);
    expect((await listRuns(path, null)).map(({ id, status }) => [id, status])).toEqual([
      [2, 'killed'],
      [1, 'running'],
    ]);
  });

  it('answers SQL that reads, and lets it do nothing else', async () => {
    const path = fresh();
    await record(path);
    const sql = "select value, correct, total from metrics where name = 'levels.chip.robust'";
    expect(await queryRuns(path, sql)).toEqual({ columns: ['value', 'correct', 'total'], rows: [[0.25, '1', '4']] });
    const outside = join(folder, 'outside.csv');
    for (const hostile of [
      'delete from runs',
      'drop table runs',
      `copy runs to '${outside}'`,
      "select * from read_csv('/etc/passwd')",
      `attach '${join(folder, 'other.duckdb')}'`,
      'set enable_external_access = true',
      'install httpfs',
      'no sql at all',
    ]) {
      await expect(queryRuns(path, hostile), hostile).rejects.toThrow(/SW5034/);
    }
    expect(readdirSync(folder)).not.toContain('outside.csv');
    expect(await listRuns(path, null)).toHaveLength(1);
  });

  it('goes out as CSV and Parquet, one row per figure, a run without figures too', async () => {
    const path = fresh();
    await record(path);
    await beginRun(path, 'demo', [], silent);
    const csv = join(folder, "it's.csv");
    expect(await exportRuns(path, csv)).toBe(4);
    const [head, ...rows] = readFileSync(csv, 'utf8').trim().split('\n');
    expect(head).toMatch(/^run,started,command/);
    expect(rows).toHaveLength(4);
    expect(rows[0]).toContain('chip.cores,5.0');
    const parquet = join(folder, 'runs.parquet');
    await exportRuns(path, parquet);
    expect(readFileSync(parquet).subarray(0, 4).toString()).toBe('PAR1');
    await expect(exportRuns(path, join(folder, 'runs.xlsx'))).rejects.toThrow(/SW6002/);
  });

  it('takes the runs of several processes at once, and loses none', async () => {
    const path = fresh();
    const script = `
      const { beginRun, finishRun } = await import(${JSON.stringify(built('history/history.js'))});
      for (let k = 0; k < 8; k += 1) {
        const id = await beginRun(${JSON.stringify(path)}, 'demo', [], () => {});
        await finishRun(${JSON.stringify(path)}, id, { exitCode: 0, seconds: 1, result: { a: k }, diagnostics: [] }, () => {});
      }`;
    const child = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    await Promise.all([child(), child(), child()]);
    const runs = await listRuns(path, null);
    expect(runs.map(({ id }) => id)).toEqual(Array.from({ length: 24 }, (_, k) => 24 - k));
    expect(runs.every(({ status }) => status === 'finished')).toBe(true);
    expect((await queryRuns(path, 'select count(*)::integer from metrics')).rows).toEqual([[24]]);
  });
});

describe('a history that is none', () => {
  test('damaged, is moved aside for a new one, every byte kept', async () => {
    const path = fresh();
    await record(path);
    writeFileSync(path, 'not a database, but somebody’s file');
    await expect(listRuns(path, null)).rejects.toThrow(/SW5030/);
    const told: Diagnostic[] = [];
    await beginRun(path, 'demo', [], (diagnostics) => told.push(...diagnostics));
    expect(told).toMatchObject([{ code: 'SW5030', severity: 'warning' }]);
    const aside = readdirSync(join(folder, 'deep')).filter((name) => name.includes('.damaged-'));
    expect(aside).toHaveLength(1);
    expect(readFileSync(join(folder, 'deep', aside[0]!), 'utf8')).toBe('not a database, but somebody’s file');
    expect(await listRuns(path, null)).toHaveLength(1);
  });

  test('damaged, and found by several processes at once, is moved aside once; no run is lost', async () => {
    const path = fresh();
    await record(path);
    writeFileSync(path, 'somebody’s file');
    const script = `
      const { beginRun, finishRun } = await import(${JSON.stringify(built('history/history.js'))});
      const id = await beginRun(${JSON.stringify(path)}, 'demo', [], () => {});
      await finishRun(${JSON.stringify(path)}, id, { exitCode: 0, seconds: 1, result: null, diagnostics: [] }, () => {});`;
    const child = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    await Promise.all([child(), child(), child()]);
    expect((await listRuns(path, null)).map(({ status }) => status)).toEqual(['finished', 'finished', 'finished']);
    const aside = readdirSync(join(folder, 'deep')).filter((name) => name.startsWith(`${basename(path)}.damaged-`));
    expect(aside.map((name) => readFileSync(join(folder, 'deep', name), 'utf8'))).toEqual(['somebody’s file']);
  });

  test('with a page of it overwritten, is told as damaged and not lost', async () => {
    const path = fresh();
    for (let k = 0; k < 3; k += 1) await record(path);
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 8192, 8192 + 2048);
    writeFileSync(path, bytes);
    await expect(listRuns(path, null)).rejects.toThrow(/SW503/);
  });

  test('missing, or another program’s, or of a newer version, is refused by name', async () => {
    await expect(listRuns(fresh(), null)).rejects.toThrow(/SW1001.*no run history yet/);
    const path = fresh();
    await record(path);
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const spoil = async (sql: string) => {
      const instance = await DuckDBInstance.create(path);
      const connection = await instance.connect();
      await connection.run(sql);
      connection.closeSync();
      instance.closeSync();
    };
    await spoil('update history set version = 99');
    await expect(listRuns(path, null)).rejects.toThrow(/SW5032.*version 99/);
    await expect(beginRun(path, 'demo', [], silent)).rejects.toThrow(/SW5032/);
    await spoil('drop table history');
    await expect(listRuns(path, null)).rejects.toThrow(/SW5032.*no run history/);
  });
});

/** A module of the built product. */
function built(module: string): string {
  return fileURLToPath(new URL(`../../../dist/runtime/${module}`, import.meta.url));
}
