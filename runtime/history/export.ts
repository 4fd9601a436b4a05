import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure } from '../../schemas/diagnostic.js';
import { writeFileWhole } from '../store/write-file.js';
import { read } from './database.js';

const columns = `runs.id as run, started, command, arguments, version, status, exit_code, seconds, dataset, data_hash,
  samples, seed, target, attack, program_hash, name, value, correct, total, low, high`;

/**
 * Writes every figure of every run, with what the run was, as one CSV or Parquet table; gives the number of rows. Runs
 * without figures have one row whose figure is empty. Throws SW6002 on another file name, SW6010…SW6012, and what `read`
 * throws.
 */
export async function exportRuns(path: string, file: string): Promise<number> {
  const format = /\.(csv|parquet)$/.exec(file)?.[1];
  if (format === undefined) {
    throw failure('SW6002', { where: file, what: 'a file name that ends in .csv or .parquet is needed.' });
  }
  const folder = await mkdtemp(join(tmpdir(), 'spikewright-'));
  try {
    const temporary = join(folder, `runs.${format}`);
    const options = format === 'csv' ? '(format csv, header)' : '(format parquet)';
    const source = `select ${columns} from runs left join metrics on metrics.run = runs.id order by run, name`;
    const rows = await read(
      path,
      async (connection) => {
        const reader = await connection.runAndReadAll(
          `copy (${source}) to '${temporary.replaceAll("'", "''")}' ${options}`,
        );
        return Number(reader.getRows()[0]?.[0] ?? 0);
      },
      'files',
    );
    await writeFileWhole(file, await readFile(temporary));
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
