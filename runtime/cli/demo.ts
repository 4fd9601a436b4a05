import { defineCommand } from './command.js';
import { demoConfig } from './demo-config.js';
import { historyOption, workersOption } from './shared-options.js';

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
    return runAndPrint({ ...(await demoConfig()), out }, workers, context);
  },
});
