import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../schemas/diagnostic.js';
import { readJson } from '../../schemas/json-file.js';
import type { Report } from '../../schemas/report.js';
import { readFileWhole } from '../store/read-file.js';
import { writeFileWhole } from '../store/write-file.js';
import { defineCommand } from './command.js';

export const report = defineCommand({
  name: 'report',
  summary: 'Write the HTML report of a finished run',
  positionals: ['<run>'],
  options: {
    run: { type: 'string', demandOption: true, describe: 'Folder of a run, or its report.json' },
    out: { type: 'string', describe: 'HTML file to write; without it report.html beside report.json' },
  },
  examples: [['report spikewright-runs/demo', 'Writes spikewright-runs/demo/report.html again']],
  async run({ run, out }, context) {
    const [{ reportPage }, { summaryText }] = await Promise.all([
      import('../report/page.js'),
      import('../report/summary-text.js'),
    ]);
    const isFolder = await stat(run).then(
      (found) => found.isDirectory(),
      () => false,
    );
    const source = isFolder ? join(run, 'report.json') : run;
    const read = readJson<Report>('report', Buffer.from(await readFileWhole(source)).toString('utf8'), source);
    if (read.format !== 'spikewright/report') {
      throw failure('SW1002', {
        where: source,
        what: 'this is the result of one command; a whole run’s report was expected.',
      });
    }
    const path = out ?? `${source.replace(/\.json$/, '')}.html`;
    await writeFileWhole(path, reportPage(read));
    context.print(summaryText(read));
    context.print(`\nReport: ${path}`);
    return { json: { out: path } };
  },
});
