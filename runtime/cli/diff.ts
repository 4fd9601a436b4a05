import { decodeProgram } from '../../schemas/program-file.js';
import { programDifference } from '../program-diff.js';
import { countText } from '../report/number-text.js';
import { textTable } from '../report/text-table.js';
import { readFileWhole } from '../store/read-file.js';
import { defineCommand } from './command.js';
import { controlFree } from './control-free.js';

export const diff = defineCommand({
  name: 'diff',
  summary: 'Compare two programs layer by layer',
  positionals: ['<first>', '<second>'],
  options: {
    first: { type: 'string', demandOption: true, describe: 'Program (.swp)' },
    second: { type: 'string', demandOption: true, describe: 'Program to compare it with (.swp)' },
  },
  examples: [['diff before.swp after.swp', 'What a new option, target or network changed']],
  async run(args, context) {
    const found = programDifference(
      decodeProgram(await readFileWhole(args.first), args.first),
      decodeProgram(await readFileWhole(args.second), args.second),
    );
    const rows = [
      ...found.program.map(({ what, first, second }) => ['program', what, first, second]),
      ...found.layers.flatMap(({ layer, change, differences, coresMoved, coresChanged }) => [
        ...(change.startsWith('only') ? [[layer, change, '', '']] : []),
        ...differences.map(({ what, first, second }) => [layer, what, first, second]),
        ...(coresChanged === 0 ? [] : [[layer, 'cores whose content differs', '', countText(coresChanged)]]),
        ...(coresMoved === 0 ? [] : [[layer, 'cores that stand elsewhere', '', countText(coresMoved)]]),
      ]),
    ];
    const titles = [{ title: 'Where' }, { title: 'What' }, { title: 'First' }, { title: 'Second' }];
    context.print(
      controlFree(found.equal ? `✓ ${args.first} and ${args.second} hold the same` : textTable(titles, rows)),
    );
    return { json: found };
  },
});
