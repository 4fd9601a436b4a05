import { hostname } from 'node:os';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { type Diagnostic, failure } from '../../schemas/diagnostic.js';
import { isProcessAlive } from '../store/process-alive.js';
import { spikewrightVersion } from '../version.js';
import { change, read } from './database.js';
import type { ResultIdentity } from './identity.js';
import { identityOf } from './identity.js';
import { metricsOf } from './metrics.js';

/** A run as the history holds it. Times are UTC. */
export interface RunRecord {
  readonly id: number;
  readonly started: string;
  readonly finished: string | null;
  readonly seconds: number | null;
  readonly command: string;
  readonly arguments: string;
  readonly version: string;
  /** `killed`: begun and never ended by a process that is gone. */
  readonly status: 'running' | 'finished' | 'failed' | 'killed';
  readonly exitCode: number | null;
  readonly identity: ResultIdentity | null;
}

/** A run with all that it came to. */
export interface WholeRun extends RunRecord {
  readonly result: unknown;
  readonly diagnostics: readonly Diagnostic[];
}

/** What a finished run came to. */
export interface RunOutcome {
  readonly exitCode: number;
  readonly seconds: number;
  readonly result: unknown;
  readonly diagnostics: readonly Diagnostic[];
}

type Notice = (diagnostics: readonly Diagnostic[]) => void;

/** Notes that a run has begun; gives its number. Throws what `change` throws. */
export async function beginRun(path: string, command: string, args: readonly string[], notice: Notice) {
  return change(path, notice, async (connection): Promise<number> => {
    const reader = await connection.runAndReadAll('select coalesce(max(id), 0) + 1 from runs');
    const id = Number(reader.getRows()[0]![0]);
    await connection.run(
      `insert into runs(id, started, command, arguments, version, status, process, host)
       values ($1, $2::timestamp, $3, $4, $5, 'running', $6, $7)`,
      [id, now(), command, args.map(quoted).join(' '), spikewrightVersion, process.pid, hostname()],
    );
    return id;
  });
}

/** Notes what a run came to, its figures one by one. Throws what `change` throws. */
export async function finishRun(path: string, id: number, outcome: RunOutcome, notice: Notice): Promise<void> {
  const { exitCode, seconds, result, diagnostics } = outcome;
  const identity = identityOf(result);
  await change(path, notice, async (connection) => {
    const known = await connection.runAndReadAll('select 1 from runs where id = $1', [id]);
    // Where the file was lost in between, there is nothing to finish.
    if (known.currentRowCount === 0) return;
    const values: DuckDBValue[] = [
      id,
      now(),
      seconds,
      exitCode === 0 ? 'finished' : 'failed',
      exitCode,
      identity?.dataset ?? null,
      identity?.data ?? null,
      identity?.samples ?? null,
      identity?.seed ?? null,
      identity?.target ?? null,
      identity?.attack ?? null,
      identity?.program ?? null,
      JSON.stringify(result ?? null),
      JSON.stringify(diagnostics),
    ];
    await connection.run(
      `update runs set finished = $2::timestamp, seconds = $3, status = $4, exit_code = $5, dataset = $6,
       data_hash = $7, samples = $8, seed = $9, target = $10, attack = $11, program_hash = $12, result = $13, diagnostics = $14
       where id = $1`,
      values,
    );
    for (const { name, value, correct, total, low, high } of metricsOf(result)) {
      await connection.run('insert into metrics values ($1, $2, $3, $4, $5, $6, $7)', [
        ...[id, name, value],
        ...[correct, total, low, high],
      ]);
    }
  });
}

const columns = `id, strftime(started, '%Y-%m-%dT%H:%M:%SZ') as started,
  strftime(finished, '%Y-%m-%dT%H:%M:%SZ') as finished, seconds, command, arguments, version, status, exit_code, process,
  host, dataset, data_hash, samples, seed, target, attack, program_hash`;

/** The latest runs first; null for all. Throws what `read` throws. */
export async function listRuns(path: string, limit: number | null): Promise<readonly RunRecord[]> {
  return read(path, async (connection) => {
    const rows = await rowsOf(connection, `select ${columns} from runs order by id desc limit $1`, [limit ?? 2 ** 31]);
    return rows.map(recordOf);
  });
}

/** One run whole. Throws SW5033 where there is none of that number, and what `read` throws. */
export async function findRun(path: string, id: number): Promise<WholeRun> {
  return read(path, async (connection) => {
    const [row] = await rowsOf(connection, `select ${columns}, result, diagnostics from runs where id = $1`, [id]);
    if (row === undefined) throw failure('SW5033', { where: path, what: `there is no run ${id}.` });
    return {
      ...recordOf(row),
      result: parsed(row.result) ?? null,
      diagnostics: (parsed(row.diagnostics) as readonly Diagnostic[] | null) ?? [],
    };
  });
}

/** What a query of the user's own gives. */
export interface QueryTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Runs one SQL statement that can do nothing but read. Throws SW5034 where it fails, and what `read` throws. */
export async function queryRuns(path: string, sql: string): Promise<QueryTable> {
  return read(path, async (connection) => {
    try {
      const reader = await connection.runAndReadAll(sql);
      return { columns: reader.columnNames(), rows: reader.getRowsJson() };
    } catch (error) {
      throw failure('SW5034', {
        where: 'runs query',
        what: `${(error instanceof Error ? error.message : String(error)).trim()}.`,
      });
    }
  });
}

type Row = Record<string, unknown>;

async function rowsOf(connection: DuckDBConnection, sql: string, values: DuckDBValue[]): Promise<Row[]> {
  return (await connection.runAndReadAll(sql, values)).getRowObjectsJson();
}

function recordOf(row: Row): RunRecord {
  const text = (key: string): string | null => (row[key] === null || row[key] === undefined ? null : String(row[key]));
  const count = (key: string): number | null => (text(key) === null ? null : Number(text(key)));
  const dataset = text('dataset');
  return {
    id: count('id')!,
    started: text('started')!,
    finished: text('finished'),
    seconds: count('seconds'),
    command: text('command')!,
    arguments: text('arguments')!,
    version: text('version')!,
    status: statusOf(text('status')!, count('process'), text('host')),
    exitCode: count('exit_code'),
    identity:
      dataset === null
        ? null
        : {
            dataset,
            data: text('data_hash')!,
            samples: count('samples')!,
            seed: count('seed')!,
            target: text('target')!,
            attack: text('attack')!,
            program: text('program_hash')!,
          },
  };
}

function statusOf(status: string, pid: number | null, host: string | null): RunRecord['status'] {
  if (status !== 'running') return status === 'finished' ? 'finished' : 'failed';
  return pid !== null && host === hostname() && !isProcessAlive(pid) ? 'killed' : 'running';
}

function parsed(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : value;
}

function now(): string {
  return new Date().toISOString().replace('T', ' ').replace('Z', '');
}

/** As it may be pasted into a shell. */
function quoted(argument: string): string {
  return /^[\w./:=,@%+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
