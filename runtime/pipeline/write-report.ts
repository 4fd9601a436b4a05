import { join } from 'node:path';
import { checkJson } from '../../schemas/json-file.js';
import type { Report } from '../../schemas/report.js';
import { reportPage } from '../report/page.js';
import { writeFileWhole } from '../store/write-file.js';

/** Writes report.json, checked against its schema, and report.html into a folder. Throws SW6010…SW6012. */
export async function writeReport(
  report: Report,
  folder: string,
): Promise<{ readonly htmlPath: string; readonly jsonPath: string }> {
  checkJson<Report>('report', structuredClone(report), 'report');
  const jsonPath = join(folder, 'report.json');
  const htmlPath = join(folder, 'report.html');
  await writeFileWhole(jsonPath, `${JSON.stringify(report, null, 2)}\n`);
  await writeFileWhole(htmlPath, reportPage(report));
  return { htmlPath, jsonPath };
}
