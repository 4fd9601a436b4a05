import { fileURLToPath } from 'node:url';
import { readRun } from '../../schemas/run-file.js';
import { readFileWhole } from '../store/read-file.js';
import { packageRoot } from '../version.js';
import { defineCommand } from './command.js';
import { historyOption, workersOption } from './shared-options.js';

/** The configuration that the demo runs, and the folder of its network. */
const demoFolder = new URL('runtime/demo/', packageRoot);

export const demo = defineCommand({
  name: 'demo',
  summary: 'Take the bundled robust network through the whole pipeline, on real CIFAR-10 images',
  resumes: true,
  records: true,
  positionals: [],
  options: {
    out: { type: 'string', default: 'spikewright-runs/demo', describe: 'Folder of the artefacts' },
    workers: workersOption,
    history: historyOption,
  },
  examples: [
    ['demo', 'Runs the demo; a second run reuses what the first one made'],
    ['demo --json demo.json', 'Also writes every figure as JSON'],
  ],
  async run({ out, workers }, context) {
    const { runAndPrint } = await import('./run-pipeline.js');
    const path = fileURLToPath(new URL('run.json', demoFolder));
    const config = readRun(Buffer.from(await readFileWhole(path)).toString('utf8'), path);
    const model = fileURLToPath(new URL(config.model, demoFolder));
    return runAndPrint({ ...config, model, out }, workers, context);
  },
});
