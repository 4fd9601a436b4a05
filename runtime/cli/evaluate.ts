import { proportionText } from '../report/accuracy-section.js';
import { requireNetworkFit } from '../require-fit.js';
import { defineCommand } from './command.js';
import { wholeNumber } from './options.js';
import { attackOptions, datasetOptions, engineOptions, seedOption } from './shared-options.js';

export const evaluate = defineCommand({
  name: 'evaluate',
  summary: 'Measure the clean and robust accuracy of an ANN or SNN',
  positionals: ['<network>'],
  options: {
    network: { type: 'string', demandOption: true, describe: 'ANN (.onnx, .swa) or SNN (.sws)' },
    samples: wholeNumber('Test images', 1000, 1, 1_000_000),
    'batch-size': wholeNumber('Images of a forward pass', 64, 1, 65_536),
    clean: { type: 'boolean', default: false, describe: 'Clean accuracy alone' },
    ...attackOptions,
    ...datasetOptions,
    ...engineOptions,
    seed: seedOption,
  },
  examples: [
    ['evaluate net.onnx --samples 10000', 'PGD-20 at 2/255 on all CIFAR-10 test images'],
    ['evaluate net.sws --clean', 'Clean accuracy of an SNN'],
  ],
  async run(args, context) {
    const [{ openDataset }, accuracy, { startEngine }, { chosenAttack }, { readNetworkFile }] = await Promise.all([
      import('../data/open.js'),
      import('../train/accuracy.js'),
      import('../engine/start.js'),
      import('../attack-choice.js'),
      import('./read-network.js'),
    ]);
    const graph = await readNetworkFile(args.network, context);
    const data = openDataset(args.dataset, 'test', args['data-dir']);
    const { engine } = await startEngine(args);
    requireNetworkFit(engine, graph, data);
    const model = engine.load(graph);
    try {
      const measured = accuracy.firstOf(data, args.samples, args['batch-size']);
      const clean = await accuracy.cleanAccuracy(model, measured, context.hooks('clean'));
      context.print(`Clean accuracy   ${proportionText(clean)}`);
      if (args.clean) return { json: { clean, robust: null } };
      const attack = chosenAttack({ kind: args.attack, epsilon: args.epsilon / 255, steps: args.steps });
      const robust = await accuracy.robustAccuracy(model, measured, attack, args.seed, context.hooks('attack'));
      context.print(`Robust accuracy  ${proportionText(robust)}`);
      return { json: { clean, robust, attack } };
    } finally {
      model.dispose();
    }
  },
});
