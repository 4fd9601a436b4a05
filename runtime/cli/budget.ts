import type { Budget } from '../../schemas/budget.js';
import { checkJson, readJson } from '../../schemas/json-file.js';
import type { Result } from '../../schemas/result.js';
import { budgetTable } from '../report/verification-text.js';
import { readFileWhole } from '../store/read-file.js';
import { writeFileWhole } from '../store/write-file.js';
import { defineCommand } from './command.js';
import { historyPath } from './recording.js';
import { historyOption } from './shared-options.js';

export const budget = defineCommand({
  name: 'budget',
  summary: 'Hold an earlier result against a budget, without measuring anything again',
  positionals: ['<budget>', '<result>'],
  options: {
    budget: { type: 'string', demandOption: true, describe: 'Budget file (JSON); a violated one exits with 1' },
    result: {
      type: 'string',
      demandOption: true,
      describe: 'What verify, run or demo wrote with --json, or the number of a recorded run',
    },
    junit: { type: 'string', describe: 'JUnit XML of the limits to write', requiresArg: true },
    history: historyOption,
  },
  examples: [
    ['budget limits.json verify.json', 'Limit, measured value and what is left, by figure'],
    ['budget limits.json 12', 'The same of run 12, as "runs list" numbers it'],
  ],
  async run(args, context) {
    const [{ readBaseline }, budgets, { budgetCases }, { junitXml }] = await Promise.all([
      import('../history/baseline.js'),
      import('../verify/budget.js'),
      import('../verify/checked-cases.js'),
      import('../verify/junit.js'),
    ]);
    const text = Buffer.from(await readFileWhole(args.budget)).toString('utf8');
    const limits = readJson<Budget>('budget', text, args.budget);
    const where = /^\d+$/.test(args.result) ? `run ${args.result}` : args.result;
    const result = checkJson<Result>('result', await readBaseline(args.result, historyPath(args.history)), where);
    const rows = budgets.checkBudget(limits, result);
    const diagnostics = budgets.budgetDiagnostics(rows);
    context.print(budgetTable(rows));
    if (args.junit !== undefined) {
      await writeFileWhole(args.junit, junitXml('spikewright budget', budgetCases(rows, diagnostics), 0));
    }
    return { json: { budget: rows }, diagnostics };
  },
});
