import { readRun } from '../../schemas/run-file.js';
import { readFileWhole } from '../store/read-file.js';
import { defineCommand } from './command.js';
import { historyOption, workersOption } from './shared-options.js';

export const run = defineCommand({
  name: 'run',
  summary: 'Run the whole pipeline from one configuration file, resuming from what exists',
  resumes: true,
  records: true,
  positionals: [],
  options: {
    config: { type: 'string', demandOption: true, describe: 'Run configuration (JSON)' },
    out: { type: 'string', describe: 'Folder of the artefacts, instead of the one in the configuration' },
    workers: workersOption,
    history: historyOption,
  },
  examples: [
    ['run --config cifar10.json', 'Runs or resumes everything that the file describes'],
    ['run --config cifar10.json --out runs/b', 'The same into another folder'],
  ],
  async run({ config, out, workers }, context) {
    const { runAndPrint } = await import('./run-pipeline.js');
    const read = readRun(Buffer.from(await readFileWhole(config)).toString('utf8'), config);
    return runAndPrint({ ...read, out: out ?? read.out }, workers, context);
  },
});
