import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { diagnostic, failure } from '../../schemas/diagnostic.js';
import { readJson } from '../../schemas/json-file.js';
import type { Report } from '../../schemas/report.js';
import type { RunState } from '../pipeline/run-state.js';
import { readFileWhole } from '../store/read-file.js';
import { writeFileWhole } from '../store/write-file.js';
import { type CommandContext, type CommandResult, defineCommand } from './command.js';
import { wholeNumber } from './options.js';

/** Where the page of a run that is not finished goes: the report of an earlier run in the same folder stays. */
const UNFINISHED_FILE = 'unfinished.html';

export const report = defineCommand({
  name: 'report',
  summary: 'Write the HTML report of a run, or serve a page that follows it',
  positionals: ['<run>'],
  options: {
    run: { type: 'string', demandOption: true, describe: 'Folder of a run or sweep, or a run’s report.json' },
    out: {
      type: 'string',
      requiresArg: true,
      describe: `HTML file to write; without it report.html beside report.json, a sweep’s sweep.html, or ${UNFINISHED_FILE}`,
    },
    serve: { type: 'boolean', default: false, describe: 'Serve a page that follows the run, until Ctrl-C' },
    host: {
      type: 'string',
      default: '127.0.0.1',
      requiresArg: true,
      describe: 'Address to serve on; others than 127.0.0.1 show the run to everyone who can reach it',
    },
    port: wholeNumber('Port to serve on; 0 takes a free one', 4242, 0, 65_535),
  },
  examples: [
    ['report spikewright-runs/demo', 'Writes spikewright-runs/demo/report.html again'],
    ['report spikewright-runs/demo --serve', 'Follows the run at http://127.0.0.1:4242/ while it goes on'],
  ],
  async run({ run, out, serve, host, port }, context) {
    if (serve && out !== undefined) {
      throw failure('SW6001', { where: '--serve', what: 'it writes no file; --out does not go with it.' });
    }
    const isFolder = await stat(run).then(
      (found) => found.isDirectory(),
      () => null,
    );
    if (serve) {
      if (isFolder === false) throw failure('SW6001', { where: '--serve', what: `${run} is no folder of a run.` });
      return followRun(run, host, port, context);
    }
    if (isFolder !== true) return writeFinished(run, out, context);
    const { readRunState, stagesIn } = await import('../pipeline/run-state.js');
    const state = await readRunState(run);
    if (state?.state === 'finished' && state.progress.points !== undefined) return writeSwept(run, out, context);
    const source = join(run, 'report.json');
    if (state !== null && state.state !== 'finished') return writeUnfinished(run, state, out, context);
    if ((await stat(source).catch(() => null)) !== null) return writeFinished(source, out, context);
    const stages = await stagesIn(run);
    if (stages.length === 0) throw failure('SW1001', { where: source, what: 'there is no such file.' });
    throw failure('SW6031', { where: run, what: `it holds no report, but stages: ${stages.join(', ')}.` });
  },
});

async function writeFinished(source: string, out: string | undefined, context: CommandContext): Promise<CommandResult> {
  const [{ reportPage }, { summaryText }] = await Promise.all([
    import('../report/page.js'),
    import('../report/summary-text.js'),
  ]);
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
  return { json: { out: path, state: 'finished', missing: [] } };
}

async function writeSwept(folder: string, out: string | undefined, context: CommandContext): Promise<CommandResult> {
  const [{ readSweep, sweepPath }, { sweepPage }, { sweepText }] = await Promise.all([
    import('../sweep/sweep-files.js'),
    import('../report/sweep-page.js'),
    import('../report/sweep-text.js'),
  ]);
  const result = await readSweep(folder);
  if (result === null) {
    throw failure('SW1001', { where: sweepPath(folder, 'json'), what: 'there is no such file.' });
  }
  const path = out ?? sweepPath(folder, 'html');
  await writeFileWhole(path, sweepPage(result));
  context.print(sweepText(result));
  context.print(`\nReport: ${path}`);
  return { json: { out: path, state: 'finished', missing: [] } };
}

/** A page of what there is; SW6031 says what is missing. */
async function writeUnfinished(
  folder: string,
  state: RunState,
  out: string | undefined,
  context: CommandContext,
): Promise<CommandResult> {
  const { missingParts, stateWords, unfinishedPage } = await import('../report/run-page.js');
  const path = out ?? join(folder, UNFINISHED_FILE);
  await writeFileWhole(path, unfinishedPage(folder, state));
  context.print(`Unfinished: ${path}`);
  const what = `${stateWords(state)}; ${path} shows what there is.`;
  return {
    json: { out: path, state: state.state, missing: missingParts(state.progress) },
    diagnostics: [diagnostic('SW6031', 'error', { where: folder, what })],
  };
}

async function followRun(folder: string, host: string, port: number, context: CommandContext): Promise<CommandResult> {
  const { serveRun } = await import('../serve/live-server.js');
  const { url, close } = await serveRun(folder, host, port);
  context.print(`Following ${folder} at ${url} (Ctrl-C ends)`);
  const { signal } = context.hooks('serve');
  // Being stopped is how a server ends, not a failure.
  await new Promise<void>((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
  await close();
  return { json: { url } };
}
