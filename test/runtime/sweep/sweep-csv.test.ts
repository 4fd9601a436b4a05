import { expect, test } from 'vitest';
import { sweepCsv } from '../../../runtime/sweep/sweep-csv.js';
import { checkJson } from '../../../schemas/json-file.js';
import { sampleSweep } from '../report/sample-sweep.js';

test('the CSV holds every point, with its figures in full and its quotes doubled', () => {
  const sweep = checkJson<ReturnType<typeof sampleSweep>>('sweep-result', sampleSweep(), 'sample');
  const [header, ...rows] = sweepCsv(sweep).trimEnd().split('\r\n');
  expect(rows).toHaveLength(4);
  const column = header!.split(',').indexOf('energy_joules');
  expect(rows.slice(0, 3).map((row) => Number(row.split(',')[column]))).toEqual([6e-4, 6.1e-4, 5e-4]);
  expect(rows[3]).toMatch(/^"9-bit, ""quoted""",loihi1,9,/);
  expect(rows[3]).toContain('"SW2017 target loihi1: no <b>weights</b>, none"');
});
