import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Diagnostic, diagnostic, failure } from '../../schemas/diagnostic.js';
import { writeFailure } from '../store/write-file.js';

/** Version of the tables; a file of a newer one is refused. */
const TABLES_VERSION = 1;
/** How long another process may hold the file before this one gives up. */
const PATIENCE_MS = 30_000;

const tables = `
create table if not exists history(version integer);
insert into history select ${TABLES_VERSION} where not exists (select * from history);
create table if not exists runs(
  id bigint primary key, started timestamp, finished timestamp, seconds double, command varchar, arguments varchar,
  version varchar, status varchar, exit_code integer, process bigint, host varchar, dataset varchar, data_hash varchar,
  samples bigint, seed bigint, target varchar, attack varchar, program_hash varchar, result json, diagnostics json);
create table if not exists metrics(
  run bigint, name varchar, value double, correct bigint, total bigint, low double, high double);
`;

/**
 * Opens the file for as long as `use` takes, so that other processes wait for moments and not for runs; its folder and
 * tables are made where they are missing. All that `use` does is one transaction: it happens whole or not at all. A file
 * that is no database, or a damaged one, is moved aside, never overwritten, and `notice` is told.
 * Throws SW5031 (held by another process for too long), SW5032 (of a newer version), SW6010…SW6012.
 */
export async function change<T>(
  path: string,
  notice: (diagnostics: readonly Diagnostic[]) => void,
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw writeFailure(path, error);
  }
  const seen = await fileNumber(path);
  const instance = await open(path, {}).catch(async (error: unknown) => {
    if (!isDamaged(error)) throw error;
    // Another process may have put a sound one in its place meanwhile.
    if ((await fileNumber(path)) === seen) {
      const aside = `${path}.damaged-${Date.now()}-${process.pid}`;
      await rename(path, aside);
      notice([diagnostic('SW5030', 'warning', { where: path, what: `${reasonOf(error)}; it was moved to ${aside}.` })]);
    }
    return open(path, {});
  });
  return withConnection(instance, async (connection) => {
    await connection.run('begin transaction');
    try {
      await connection.run(tables);
      await requireVersion(connection, path);
      const result = await use(connection);
      await connection.run('commit');
      return result;
    } catch (error) {
      await connection.run('rollback').catch(() => undefined);
      throw error;
    }
  });
}

/**
 * Opens the file to read alone; SQL that runs on it cannot change it. Unless `access` says otherwise it cannot touch any
 * other file or the network either, which SQL of a user's own must not.
 * Throws SW1001 (there is none), SW5030 (damaged), SW5031, SW5032.
 */
export async function read<T>(
  path: string,
  use: (connection: DuckDBConnection) => Promise<T>,
  access: 'history' | 'files' = 'history',
): Promise<T> {
  const enabled = access === 'files' ? 'true' : 'false';
  const instance = await open(path, { access_mode: 'READ_ONLY', enable_external_access: enabled }).catch(
    (error: unknown) => {
      if (/does not exist|No such file/.test(reasonOf(error))) {
        throw failure('SW1001', { where: path, what: 'there is no run history yet.' });
      }
      throw isDamaged(error) ? failure('SW5030', { where: path, what: `${reasonOf(error)}.` }) : error;
    },
  );
  return withConnection(instance, async (connection) => {
    await requireVersion(connection, path);
    return use(connection);
  });
}

async function withConnection<T>(instance: DuckDBInstance, use: (connection: DuckDBConnection) => Promise<T>) {
  try {
    const connection = await instance.connect();
    try {
      return await use(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** What the file system knows a file by, whatever its name; null where there is none. */
async function fileNumber(path: string): Promise<bigint | null> {
  return stat(path, { bigint: true }).then(
    ({ ino }) => ino,
    () => null,
  );
}

/** Opens the database; while another process holds it, tries again at growing distances. */
async function open(path: string, options: Record<string, string>): Promise<DuckDBInstance> {
  const start = performance.now();
  for (let wait = 10; ; wait = Math.min(500, wait * 2)) {
    try {
      return await DuckDBInstance.create(path, options);
    } catch (error) {
      if (!/Could not set lock/.test(reasonOf(error))) throw error;
      if (performance.now() - start > PATIENCE_MS) {
        throw failure('SW5031', { where: path, what: `another process has held it for ${PATIENCE_MS / 1000} s.` });
      }
      // Two processes that wait alike would meet again and again.
      await setTimeout(wait * (0.5 + Math.random()));
    }
  }
}

async function requireVersion(connection: DuckDBConnection, path: string): Promise<void> {
  const reader = await connection.runAndReadAll('select version from history').catch(() => null);
  const version = reader?.getRows()[0]?.[0];
  if (version === TABLES_VERSION) return;
  throw failure('SW5032', {
    where: path,
    what: version === undefined ? 'it holds no run history.' : `its tables are of version ${String(version)}.`,
  });
}

function isDamaged(error: unknown): boolean {
  return /not a valid DuckDB|Serialization Error|checksum|Corrupt|truncated|Could not read/i.test(reasonOf(error));
}

/** The first line of an error's message, in which DuckDB names what is wrong. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/[.!]+$/, '');
}
