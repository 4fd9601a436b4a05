import { failure } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import { writeFileWhole } from '../store/write-file.js';
import { defineCommand } from './command.js';
import { realNumber, wholeNumber } from './options.js';
import { datasetOptions, engineOptions, seedOption } from './shared-options.js';
import { removeCheckpoint, trainingHooks, trainingOptions } from './training-options.js';

export const finetune = defineCommand({
  name: 'finetune',
  summary: 'Finetune an SNN robustly: weights, norms and thresholds, by backpropagation through time',
  resumes: true,
  positionals: ['<snn>'],
  options: {
    snn: { type: 'string', demandOption: true, describe: 'SNN (.sws)' },
    out: { type: 'string', demandOption: true, describe: 'Finetuned SNN to write (.sws)' },
    epsilon: realNumber('Radius of the training attack in 255ths of the pixel range', 2, 0, 255),
    alpha: realNumber('Its random first step in 255ths, at most epsilon', 1, 0, 255),
    beta: realNumber('Weight of the robust term', 2, 0, 1e6),
    'statistics-batches': wholeNumber(
      'Batches on which norm statistics are measured at the end; 0: none',
      0,
      0,
      100_000,
    ),
    'inner-loss': {
      type: 'string',
      choices: ['divergence', 'cross-entropy'],
      default: 'divergence',
      describe: 'What the training attack raises: the divergence from the clean prediction, or the cross-entropy',
    },
    'outer-loss': {
      type: 'string',
      choices: ['robust', 'adversarial', 'natural'],
      default: 'robust',
      describe: 'What is learnt from: clean images and examples, examples alone, or clean images alone',
    },
    'fixed-thresholds': { type: 'boolean', default: false, describe: 'Leave thresholds as calibration found them' },
    qat: {
      type: 'string',
      describe:
        'Train on the grid of this chip (a name, or a target file): what is compiled for it is then what was trained. Norms are folded in with the statistics they have: finetune without it first',
      requiresArg: true,
    },
    ...trainingOptions({ epochs: 60, learningRate: 0.001, weightDecay: 0.001 }),
    ...datasetOptions,
    ...engineOptions,
    seed: seedOption,
  },
  examples: [
    ['finetune net.sws --out tuned.sws --epochs 2', 'Two epochs on CIFAR-10; after Ctrl-C the same command goes on'],
    [
      'finetune net.sws --out tuned.sws --outer-loss natural --fixed-thresholds',
      'An ablation: weights and norms alone',
    ],
    ['finetune net.sws --out tuned.sws --batch-size 256 --memory 4GiB', 'A batch that would not fit in one piece'],
    ['finetune tuned.sws --out ready.sws --qat loihi1 --epochs 1', 'Goes on with the weights that Loihi 1 can hold'],
    ['finetune net.sws --out tuned.sws --test-samples 500 --log tuned.jsonl', 'Keeps the best epoch and a log'],
  ],
  async run(args, context) {
    const [{ openDataset }, { startTrainingEngine }, { finetuneAndMeasure, finetuneOnGrid }, { pgd }, { readSnnFile }] =
      await Promise.all([
        import('../data/open.js'),
        import('./training-engine.js'),
        import('../pipeline/spiking-steps.js'),
        import('../attack/attack.js'),
        import('./read-network.js'),
      ]);
    if (args.alpha > args.epsilon) {
      throw failure('SW6002', {
        where: '--alpha',
        what: `the first step ${args.alpha} is larger than the radius ${args.epsilon}.`,
      });
    }
    if (args.qat !== undefined && args['statistics-batches'] > 0) {
      throw failure('SW6002', {
        where: '--statistics-batches',
        what: 'with --qat the norms are part of the weights; none are left to measure.',
      });
    }
    const snn = await readSnnFile(args.snn);
    const target = args.qat === undefined ? null : await (await import('../target-choice.js')).chosenTarget(args.qat);
    const dataset = openDataset(args.dataset, 'train', args['data-dir']);
    const epsilon = args.epsilon / 255;
    const testSamples = args['test-samples'];
    const testSteps = args['test-steps'];
    const test =
      testSamples === 0
        ? null
        : {
            dataset: openDataset(args.dataset, 'test', args['data-dir']),
            samples: testSamples,
            attack: testSteps === 0 ? null : pgd(epsilon, testSteps),
          };
    const engine = await startTrainingEngine(args);
    const settings = {
      innerLoss: args['inner-loss'],
      outerLoss: args['outer-loss'],
      fixedThresholds: args['fixed-thresholds'],
      beta: args.beta,
      epsilon,
      alpha: args.alpha / 255,
      epochs: args.epochs,
      steps: args['max-steps'] ?? null,
      batchSize: args['batch-size'],
      learningRate: args['learning-rate'],
      schedule: args.schedule,
      momentum: args.momentum,
      weightDecay: args['weight-decay'],
      statisticsBatches: args['statistics-batches'],
    };
    const setup = { engine, dataset, trainSamples: args['train-samples'] ?? null, seed: args.seed };
    const training = await trainingHooks('finetune', args.out, args.log, context, args['batch-size']);
    const { graph, history } =
      target === null
        ? await finetuneAndMeasure(snn, settings, setup, {
            test,
            training,
            statistics: context.hooks('norm statistics'),
          })
        : await finetuneOnGrid(snn, target, settings, setup, { test, training });
    const bytes = encodeSnn(graph);
    await writeFileWhole(args.out, bytes);
    await removeCheckpoint(args.out);
    context.print(`${args.out}: loss ${history.at(-1)?.loss.toFixed(3)} after ${history.length} epochs`);
    return { json: { out: args.out, sha256: sha256(bytes), history, speed: context.speed('finetune') } };
  },
});
