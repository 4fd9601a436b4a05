import { encodeAnn } from '../../schemas/ann-file.js';
import { failure } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import type { PgdAttack } from '../attack/attack.js';
import { architectureNames } from '../models/architectures.js';
import { writeFileWhole } from '../store/write-file.js';
import type { Objective } from '../train/adversarial-step.js';
import type { FinetuneObjective, FinetuneOptions } from '../train/finetune.js';
import { defineCommand } from './command.js';
import { realNumber, wholeNumber } from './options.js';
import { datasetOptions, engineOptions, seedOption } from './shared-options.js';
import { removeCheckpoint, trainingHooks, trainingOptions } from './training-options.js';

const annObjectives = ['natural', 'single-step', 'adversarial', 'trades', 'mart'] as const;

/** Strength of SNN-RAT's pull towards orthogonal weights (Ding et al. 2022). */
const RAT_STRENGTH = 0.004;

export const train = defineCommand({
  name: 'train',
  summary: 'Train a robust ANN, or an SNN to compare with',
  resumes: true,
  positionals: [],
  options: {
    arch: { type: 'string', choices: architectureNames, default: 'demo', describe: 'Architecture' },
    from: {
      type: 'string',
      describe: 'ANN to go on from, .onnx or .swa, in place of random weights of --arch',
      requiresArg: true,
    },
    out: { type: 'string', demandOption: true, describe: 'Network to write: .onnx or .swa; .sws with --spiking' },
    objective: {
      type: 'string',
      choices: [...annObjectives, 'rat'],
      describe:
        'Loss: clean images; single-step or PGD examples; TRADES; MART; rat, with --spiking: RFGSM examples, weights drawn to orthogonality and not decayed (SNN-RAT). Without it adversarial, with --spiking single-step',
    },
    spiking: { type: 'boolean', default: false, describe: 'Train an SNN whose thresholds stay 1' },
    timesteps: wholeNumber('Timesteps T per sample, with --spiking', 8, 1, 65_536),
    leak: realNumber('Share of the membrane that a step keeps, with --spiking', 1, 0.001, 1),
    reset: {
      type: 'string',
      choices: ['hard', 'soft'],
      default: 'hard',
      describe: 'To zero, or by the threshold, with --spiking',
    },
    coding: {
      type: 'string',
      choices: ['direct', 'poisson'],
      default: 'direct',
      describe: 'With --spiking: the image as a current, or drawn as spikes (to compare with; no chip gets it)',
    },
    norms: {
      type: 'string',
      choices: ['shared', 'by-step'],
      default: 'shared',
      describe: 'With --spiking: one norm for all timesteps, or one for each (BNTT; to compare with)',
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
      choices: ['none', 'crop-flip', 'crop-flip-cutout', 'resize-flip'],
      default: 'crop-flip-cutout',
      describe: 'Random changes of the training images',
    },
    ...trainingOptions({ epochs: 200, learningRate: 0.1, weightDecay: 5e-4 }),
    ...datasetOptions,
    ...engineOptions,
    seed: seedOption,
  },
  examples: [
    ['train --out net.onnx --workers 8 --memory 16GiB', 'Shares each batch among 8 threads, within 16 GiB'],
    ['train --out net.onnx --epochs 30 --log net.jsonl', 'Trains on CIFAR-10; after Ctrl-C the same command goes on'],
    ['train --out net.onnx --objective single-step --epochs 10 --warmup 0.15', 'The fast way for small radii'],
    [
      'train --from net.onnx --out robust.onnx --epochs 5 --learning-rate 0.01',
      'Five epochs against PGD-10 for a network that is trained already',
    ],
    [
      'train --out bntt.sws --spiking --coding poisson --norms by-step --timesteps 16',
      'Batch norm through time on Poisson input',
    ],
    ['train --out rat.sws --spiking --objective rat --timesteps 4', 'The regularised training of SNN-RAT, to compare'],
  ],
  async run(args, context) {
    const [
      { cropAndFlip, cropFlipAndCutout, noAugmentation, resizeAndFlip },
      { buildNetwork },
      { normalisations },
      { openDataset },
      { startTrainingEngine },
      { trainAnn },
      attacks,
      onnx,
      { convert },
      { finetune },
      { withPoissonInput, withStepNorms },
      { readAnnFile },
    ] = await Promise.all([
      import('../data/augment.js'),
      import('../models/architectures.js'),
      import('../data/normalisation.js'),
      import('../data/open.js'),
      import('./training-engine.js'),
      import('../train/train-ann.js'),
      import('../attack/attack.js'),
      import('../../compiler/export/onnx.js'),
      import('../../compiler/convert.js'),
      import('../train/finetune.js'),
      import('../models/comparison.js'),
      import('./read-network.js'),
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
      'resize-flip': resizeAndFlip,
    };
    const loop = {
      epochs: args.epochs,
      steps: args['max-steps'] ?? null,
      samples: args['train-samples'] ?? null,
      batchSize: args['batch-size'],
      learningRate: args['learning-rate'],
      schedule: args.schedule,
      warmup: args.warmup,
      momentum: args.momentum,
      weightDecay: args['weight-decay'],
      augmentation: augmentations[args.augmentation],
      mean: normalisations[data.name]?.mean ?? new Array<number>(data.shape[2]).fill(0),
      seed: args.seed,
      keep: 'last' as const,
      test: test.samples === 0 ? null : test,
    };
    const plan = args.spiking
      ? { spiking: spikingOptions(args.objective ?? 'single-step', epsilon, loop) }
      : { spiking: null, objective: requireAnnObjective(args.objective ?? 'adversarial') };
    if (args.spiking !== args.out.endsWith('.sws')) {
      throw failure('SW6002', { where: '--out', what: 'an SNN is written as .sws, an ANN as .onnx or .swa.' });
    }
    if (args.spiking && args.from !== undefined) {
      throw failure('SW6002', {
        where: '--from',
        what: 'an SNN is trained here from random weights; `convert` and `finetune` make one of a trained ANN.',
      });
    }
    const engine = await startTrainingEngine(args);
    const initial =
      args.from === undefined ? buildNetwork(args.arch, data, args.seed) : await readAnnFile(args.from, context);
    const hooks = await trainingHooks('train', args.out, args.log, context, args['batch-size']);
    const trainSpiking = async (options: FinetuneOptions) => {
      const converted = convert(initial, args);
      const coded = args.coding === 'poisson' ? withPoissonInput(converted) : converted;
      const start = args.norms === 'by-step' ? withStepNorms(coded) : coded;
      const { graph, history } = await finetune(engine, start, data, options, hooks);
      return { bytes: encodeSnn(graph), history };
    };
    const trainRectified = async (kind: AnnObjective) => {
      const attack = attacks.pgd(epsilon, args['attack-steps']);
      const objective = objectiveOf(kind, attack, attacks.singleStep(epsilon), args.beta);
      const { graph, history } = await trainAnn(engine, initial, data, { ...loop, objective }, hooks);
      return { bytes: args.out.endsWith('.onnx') ? onnx.exportOnnx(graph) : encodeAnn(graph), history };
    };
    const { bytes, history } = await (plan.spiking === null
      ? trainRectified(plan.objective)
      : trainSpiking(plan.spiking));
    await writeFileWhole(args.out, bytes);
    await removeCheckpoint(args.out);
    context.print(`${args.out}: loss ${history.at(-1)?.loss.toFixed(3)} after ${history.length} epochs`);
    return { json: { out: args.out, sha256: sha256(bytes), history, speed: context.speed('train') } };
  },
});

type AnnObjective = (typeof annObjectives)[number];

/** Throws SW6002 on an objective for SNNs alone. */
function requireAnnObjective(objective: AnnObjective | 'rat'): AnnObjective {
  if (objective !== 'rat') return objective;
  throw failure('SW6002', { where: '--objective', what: '"rat" trains an SNN; it needs --spiking.' });
}

/** How an SNN is trained from random weights (method: baselines). Throws SW6002 on an objective for ANNs alone. */
function spikingOptions(
  objective: AnnObjective | 'rat',
  epsilon: number,
  loop: Omit<FinetuneOptions, keyof FinetuneObjective>,
): FinetuneOptions {
  const adversary = { innerLoss: 'cross-entropy', beta: 0, epsilon, alpha: epsilon / 2 } as const;
  const fixed = { ...loop, ...adversary, fixedThresholds: true };
  switch (objective) {
    case 'natural':
      return { ...fixed, outerLoss: 'natural' };
    case 'single-step':
      return { ...fixed, outerLoss: 'adversarial' };
    case 'rat':
      return { ...fixed, outerLoss: 'adversarial', weightDecay: 0, orthogonality: RAT_STRENGTH };
    default:
      throw failure('SW6002', {
        where: '--objective',
        what: `with --spiking, natural, single-step and rat are there; not "${objective}".`,
      });
  }
}

function objectiveOf(
  kind: AnnObjective,
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
