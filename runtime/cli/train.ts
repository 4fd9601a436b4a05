import { encodeAnn } from '../../schemas/ann-file.js';
import { sha256 } from '../../schemas/hash.js';
import type { PgdAttack } from '../attack/attack.js';
import { architectureNames } from '../models/architectures.js';
import { writeFileWhole } from '../store/write-file.js';
import type { Objective } from '../train/adversarial-step.js';
import { defineCommand } from './command.js';
import { realNumber, wholeNumber } from './options.js';
import { datasetOptions, engineOptions, seedOption } from './shared-options.js';
import { removeCheckpoint, trainingHooks, trainingOptions } from './training-options.js';

export const train = defineCommand({
  name: 'train',
  summary: 'Train a robust ANN from random weights',
  resumes: true,
  positionals: [],
  options: {
    arch: { type: 'string', choices: architectureNames, default: 'demo', describe: 'Architecture' },
    out: { type: 'string', demandOption: true, describe: 'Network to write: .onnx, or .swa' },
    objective: {
      type: 'string',
      choices: ['natural', 'single-step', 'adversarial', 'trades', 'mart'],
      default: 'adversarial',
      describe: 'Loss: clean images; single-step or PGD examples; TRADES; MART',
    },
    epsilon: realNumber('Radius of the training attack in 255ths of the pixel range', 2, 0, 255),
    'attack-steps': wholeNumber('PGD steps of the training attack', 10, 1, 10_000),
    beta: {
      type: 'number',
      describe: 'Weight of the robust term; 6 for TRADES and 4 for MART unless said',
      range: { minimum: 0, maximum: 1e6, whole: false },
    },
    warmup: realNumber('Share of the run over which the learning rate rises', 0, 0, 0.999),
    augmentation: {
      type: 'string',
      choices: ['none', 'crop-flip', 'crop-flip-cutout'],
      default: 'crop-flip-cutout',
      describe: 'Random changes of the training images',
    },
    ...trainingOptions({ epochs: 200, learningRate: 0.1, weightDecay: 5e-4 }),
    ...datasetOptions,
    ...engineOptions,
    seed: seedOption,
  },
  examples: [
    ['train --out net.onnx --epochs 30 --log net.jsonl', 'Trains on CIFAR-10; after Ctrl-C the same command goes on'],
    ['train --out net.onnx --objective single-step --epochs 10 --warmup 0.15', 'The fast way for small radii'],
  ],
  async run(args, context) {
    const [
      { cropAndFlip, cropFlipAndCutout, noAugmentation },
      { buildNetwork },
      { normalisations },
      { openDataset },
      { startEngine },
      { trainAnn },
      attacks,
      onnx,
    ] = await Promise.all([
      import('../data/augment.js'),
      import('../models/architectures.js'),
      import('../data/normalisation.js'),
      import('../data/open.js'),
      import('../engine/start.js'),
      import('../train/train-ann.js'),
      import('../attack/attack.js'),
      import('../../compiler/export/onnx.js'),
    ]);
    const data = openDataset(args.dataset, 'train', args['data-dir']);
    const epsilon = args.epsilon / 255;
    const testSteps = args['test-steps'];
    const test = {
      dataset: openDataset(args.dataset, 'test', args['data-dir']),
      samples: args['test-samples'],
      attack: testSteps === 0 ? null : attacks.pgd(epsilon, testSteps),
    };
    const augmentations = {
      none: noAugmentation,
      'crop-flip': cropAndFlip,
      'crop-flip-cutout': cropFlipAndCutout,
    };
    const { engine } = await startEngine(args);
    const { graph, history } = await trainAnn(
      engine,
      buildNetwork(args.arch, data, args.seed),
      data,
      {
        objective: objectiveOf(
          args.objective,
          attacks.pgd(epsilon, args['attack-steps']),
          attacks.singleStep(epsilon),
          args.beta,
        ),
        epochs: args.epochs,
        steps: args['max-steps'] ?? null,
        samples: args['train-samples'] ?? null,
        batchSize: args['batch-size'],
        learningRate: args['learning-rate'],
        warmup: args.warmup,
        momentum: args.momentum,
        weightDecay: args['weight-decay'],
        augmentation: augmentations[args.augmentation],
        mean: normalisations[data.name]?.mean ?? new Array<number>(data.shape[2]).fill(0),
        seed: args.seed,
        keep: 'last',
        test: test.samples === 0 ? null : test,
      },
      await trainingHooks('train', args.out, args.log, context),
    );
    const bytes = args.out.endsWith('.onnx') ? onnx.exportOnnx(graph) : encodeAnn(graph);
    await writeFileWhole(args.out, bytes);
    await removeCheckpoint(args.out);
    context.print(`${args.out}: loss ${history.at(-1)?.loss.toFixed(3)} after ${history.length} epochs`);
    return { json: { out: args.out, sha256: sha256(bytes), history } };
  },
});

function objectiveOf(
  kind: 'natural' | 'single-step' | 'adversarial' | 'trades' | 'mart',
  attack: PgdAttack,
  singleStep: PgdAttack,
  beta: number | undefined,
): Objective {
  switch (kind) {
    case 'natural':
      return { kind: 'natural' };
    case 'single-step':
      return { kind: 'adversarial', attack: singleStep };
    case 'adversarial':
      return { kind: 'adversarial', attack };
    case 'trades':
      return { kind: 'trades', attack, beta: beta ?? 6 };
    case 'mart':
      return { kind: 'mart', attack, beta: beta ?? 4 };
  }
}
