import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkJson, readJson } from '../../schemas/json-file.js';
import type { SweepResult } from '../../schemas/sweep.js';
import { sweepPage } from '../report/sweep-page.js';
import { writeFileWhole } from '../store/write-file.js';
import { sweepCsv } from './sweep-csv.js';

/** Writes a sweep's result into its folder as JSON, CSV and a page; gives the page's path. */
export async function writeSweep(folder: string, result: SweepResult): Promise<string> {
  checkJson<SweepResult>('sweep-result', structuredClone(result), 'sweep result');
  await writeFileWhole(sweepPath(folder, 'json'), `${JSON.stringify(result, null, 2)}\n`);
  await writeFileWhole(sweepPath(folder, 'csv'), sweepCsv(result));
  const page = sweepPath(folder, 'html');
  await writeFileWhole(page, sweepPage(result));
  return page;
}

/** The result of the sweep in a folder; null where none has been written. Throws SW1020…SW1023. */
export async function readSweep(folder: string): Promise<SweepResult | null> {
  const path = sweepPath(folder, 'json');
  const text = await readFile(path, 'utf8').catch(() => null);
  return text === null ? null : readJson<SweepResult>('sweep-result', text, path);
}

/** Where a sweep's result lies as JSON, CSV or a page. */
export function sweepPath(folder: string, form: 'json' | 'csv' | 'html'): string {
  return join(folder, `sweep.${form}`);
}
