import { failure } from '../../schemas/diagnostic.js';
import { duration } from '../duration.js';
import type { MetricChange } from '../history/compare-results.js';
import type { QueryTable, RunRecord, WholeRun } from '../history/history.js';
import { figureText, shareText } from '../report/number-text.js';
import { textTable } from '../report/text-table.js';
import type { CommandResult } from './command.js';
import { defineCommand } from './command.js';
import { controlFree } from './control-free.js';
import { wholeNumber } from './options.js';
import { historyPath } from './recording.js';
import { historyOption } from './shared-options.js';

export const runs = defineCommand({
  name: 'runs',
  summary: 'List, show, compare, query and export the runs that were recorded',
  positionals: ['<action>', '[first]', '[second]'],
  options: {
    action: {
      type: 'string',
      choices: ['list', 'show', 'compare', 'query', 'export'],
      demandOption: true,
      describe: 'What to do',
    },
    first: { type: 'string', describe: 'Number of a run; SQL to query; file to export to (.csv, .parquet)' },
    second: { type: 'string', describe: 'Number of the run to compare the first one with' },
    limit: wholeNumber('Runs to list, latest first', 20, 1, 1_000_000),
    history: historyOption,
  },
  examples: [
    ['runs list', 'The latest runs'],
    ['runs compare 3 7', 'What run 7 does better or worse than run 3'],
    ['runs query "select run, value from metrics where name = \'chip.energyJoules\'"', 'SQL that only reads'],
    ['runs export runs.parquet', 'Every figure of every run as one table'],
  ],
  async run({ action, first, second, limit, history }, context) {
    const path = historyPath(history);
    if (path === null) throw failure('SW6002', { where: '--history', what: 'recording is off: there is no history.' });
    const library = await import('../history/history.js');
    switch (action) {
      case 'list': {
        refuseMore(first, action);
        const records = await library.listRuns(path, limit);
        context.print(records.length === 0 ? `${path} holds no runs` : listTable(records));
        return { json: { runs: records } };
      }
      case 'show': {
        refuseMore(second, action);
        const run = await library.findRun(path, runNumber(first, action));
        const { metricsOf } = await import('../history/metrics.js');
        context.print(runText(run, metricsOf(run.result)));
        return { json: run };
      }
      case 'compare': {
        const [a, b] = [runNumber(first, action), runNumber(second, action)];
        return compareRuns(await library.findRun(path, a), await library.findRun(path, b), context.print);
      }
      case 'query': {
        refuseMore(second, action);
        const table = await library.queryRuns(path, required(first, action, 'SQL'));
        context.print(queryText(table));
        return { json: table };
      }
      default: {
        refuseMore(second, action);
        const file = required(first, action, 'a file');
        const { exportRuns } = await import('../history/export.js');
        const rows = await exportRuns(path, file);
        context.print(`${file}: ${figureText(rows)} figures`);
        return { json: { file, rows } };
      }
    }
  },
});

async function compareRuns(a: WholeRun, b: WholeRun, print: (text: string) => void): Promise<CommandResult> {
  const [{ compareResults }, { identityDifferences }] = await Promise.all([
    import('../history/compare-results.js'),
    import('../history/identity.js'),
  ]);
  const differences = a.identity === null || b.identity === null ? [] : identityDifferences(a.identity, b.identity);
  if (differences.length > 0) {
    throw failure('SW5035', { where: `runs ${a.id} and ${b.id}`, what: `they have ${differences.join(', ')}.` });
  }
  const changes = compareResults(a.result, b.result, 0);
  if (changes.length === 0) {
    throw failure('SW5037', { where: `runs ${a.id} and ${b.id}`, what: 'they have no figure in common.' });
  }
  const isSame = a.identity?.program === b.identity?.program;
  print(
    `${changesTable(changes, [`Run ${a.id}`, `Run ${b.id}`])}\n\n${isSame ? 'The same program.' : 'Different programs.'}`,
  );
  return { json: { before: a.id, after: b.id, sameProgram: isSame, changes } };
}

/** A table of figures before and after, those that are all but equal left out unless they are shares. */
export function changesTable(changes: readonly MetricChange[], [before, after]: readonly [string, string]): string {
  const text = ({ name }: MetricChange, value: number): string =>
    name.startsWith('levels.') ? shareText(value) : figureText(value);
  return textTable(
    [{ title: 'Figure' }, { title: before, align: 'right' }, { title: after, align: 'right' }, { title: '' }],
    changes.map((change) => [
      change.name,
      text(change, change.before),
      text(change, change.after),
      change.pValue === null ? change.verdict : `${change.verdict} (p = ${change.pValue.toFixed(4)})`,
    ]),
  );
}

function listTable(records: readonly RunRecord[]): string {
  return textTable(
    [
      { title: 'Run', align: 'right' },
      { title: 'Started (UTC)' },
      { title: 'Took', align: 'right' },
      { title: 'Status' },
      { title: 'Command' },
    ],
    records.map(({ id, started, seconds, status, exitCode, command, arguments: args }) => [
      String(id),
      started.slice(0, 19).replace('T', ' '),
      seconds === null ? '–' : duration(seconds),
      status === 'failed' ? `failed (${exitCode})` : status,
      controlFree(`${command} ${args}`).slice(0, 70),
    ]),
  );
}

function runText(run: WholeRun, metrics: readonly { readonly name: string; readonly value: number }[]): string {
  const { identity } = run;
  const head = [
    `Run ${run.id}: spikewright ${controlFree(`${run.command} ${run.arguments}`)}`,
    `Started ${run.started}, ${run.status}${run.seconds === null ? '' : ` after ${duration(run.seconds)}`}, Spikewright ${controlFree(run.version)}`,
    ...(identity === null
      ? []
      : [
          `${controlFree(identity.dataset)}, ${identity.samples} samples, seed ${identity.seed}, target ${controlFree(identity.target)}, program ${identity.program.slice(0, 12)}`,
        ]),
    ...run.diagnostics.map(({ code, severity, where, what }) => controlFree(`${severity} ${code} ${where}: ${what}`)),
  ];
  const table = textTable(
    [{ title: 'Figure' }, { title: 'Value', align: 'right' }],
    metrics.map(({ name, value }) => [name, figureText(value)]),
  );
  return `${head.join('\n')}\n\n${table}`;
}

function queryText({ columns, rows }: QueryTable): string {
  return textTable(
    columns.map((title) => ({ title: controlFree(title) })),
    rows.map((row) =>
      row.map((value) => controlFree(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))),
    ),
  );
}

function runNumber(text: string | undefined, action: string): number {
  const given = required(text, action, 'the number of a run');
  const number = Number(given);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw failure('SW6001', { where: `spikewright runs ${action}`, what: `"${given}" is no number of a run.` });
  }
  return number;
}

function required(text: string | undefined, action: string, what: string): string {
  if (text === undefined) throw failure('SW6001', { where: `spikewright runs ${action}`, what: `${what} is missing.` });
  return text;
}

function refuseMore(text: string | undefined, action: string): void {
  if (text === undefined) return;
  throw failure('SW6001', { where: `spikewright runs ${action}`, what: `"${text}" is one too many.` });
}
