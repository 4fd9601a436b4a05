import { sha256 } from '../../schemas/hash.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import { figureText } from '../report/number-text.js';
import { textTable } from '../report/text-table.js';
import { writeFileWhole } from '../store/write-file.js';
import { defineCommand } from './command.js';
import { realNumber, wholeNumber } from './options.js';
import { datasetOptions, engineOptions, seedOption, trainSamplesOption } from './shared-options.js';

export const convert = defineCommand({
  name: 'convert',
  summary: 'Turn an ANN into an SNN and calibrate its thresholds on training images',
  positionals: ['<ann>'],
  options: {
    ann: { type: 'string', demandOption: true, describe: 'ANN (.swa or .onnx)' },
    out: { type: 'string', demandOption: true, describe: 'SNN to write (.sws)' },
    timesteps: wholeNumber('Timesteps T per sample', 8, 1, 65_536),
    leak: realNumber('Share of the membrane that a step keeps; 1 is an IF neuron', 1, 0.001, 1),
    reset: { type: 'string', choices: ['hard', 'soft'], default: 'hard', describe: 'To zero, or by the threshold' },
    'calibration-steps': wholeNumber('Timesteps of a calibration pass', 100, 1, 65_536),
    batches: wholeNumber('Calibration batches; the published text has 10, its code 11', 11, 1, 100_000),
    'batch-size': wholeNumber('Images of a batch', 64, 1, 65_536),
    percentile: realNumber('Percentile of the pre-activations', 99.7, 0.001, 100),
    scale: realNumber('Factor on the thresholds found', 0.3, 1e-6, 1e6),
    'statistics-batches': wholeNumber(
      'Batches on which norm statistics are measured; 0: left to finetuning',
      0,
      0,
      100_000,
    ),
    ...datasetOptions,
    'train-samples': trainSamplesOption,
    ...engineOptions,
    seed: seedOption,
  },
  examples: [['convert net.swa --out net.sws --timesteps 4', 'Four timesteps, thresholds from CIFAR-10']],
  async run(args, context) {
    const [{ openDataset }, { startEngine }, { convertAndCalibrate }, { readAnnFile }] = await Promise.all([
      import('../data/open.js'),
      import('../engine/start.js'),
      import('../pipeline/spiking-steps.js'),
      import('./read-network.js'),
    ]);
    const ann = await readAnnFile(args.ann, context);
    const dataset = openDataset(args.dataset, 'train', args['data-dir']);
    const { engine } = await startEngine(args);
    const graph = await convertAndCalibrate(
      ann,
      {
        timesteps: args.timesteps,
        leak: args.leak,
        reset: args.reset,
        calibrationSteps: args['calibration-steps'],
        batches: args.batches,
        batchSize: args['batch-size'],
        percentile: args.percentile,
        scale: args.scale,
        statisticsBatches: args['statistics-batches'],
      },
      { engine, dataset, trainSamples: args['train-samples'] ?? null, seed: args.seed },
      (work) => context.hooks(work),
    );
    const bytes = encodeSnn(graph);
    await writeFileWhole(args.out, bytes);
    const thresholds = graph.layers.flatMap((layer) =>
      layer.kind === 'neuron' ? [{ layer: layer.name, threshold: layer.threshold }] : [],
    );
    context.print(
      textTable(
        [{ title: 'Layer' }, { title: 'Threshold', align: 'right' }],
        thresholds.map(({ layer, threshold }) => [layer, figureText(threshold)]),
      ),
    );
    context.print(`\n${args.out}: T = ${graph.timesteps}; norm statistics are to be learnt by "spikewright finetune"`);
    const speed = context.speed('convert', args.batches * args['batch-size']);
    return { json: { timesteps: graph.timesteps, thresholds, speed, out: args.out, sha256: sha256(bytes) } };
  },
});
