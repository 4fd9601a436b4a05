import { failure } from '../../schemas/diagnostic.js';
import type { ObfuscationCheck } from '../attack/obfuscation.js';
import type { MemberTable, Robustness } from '../attack/robustness.js';
import type { CorruptionRow } from '../corruption-accuracy.js';
import { proportionText } from '../report/level-text.js';
import { countText, meanText, percentText, shareText } from '../report/number-text.js';
import { textTable } from '../report/text-table.js';
import { requireNetworkFit } from '../require-fit.js';
import type { SpikeActivity } from '../spike-activity.js';
import type { Proportion } from '../wilson.js';
import { defineCommand } from './command.js';
import { wholeNumber } from './options.js';
import {
  attackOptions,
  corruptOption,
  datasetOptions,
  engineOptions,
  historyOption,
  seedOption,
  transferOption,
} from './shared-options.js';

export const evaluate = defineCommand({
  name: 'evaluate',
  summary: 'Measure the clean and robust accuracy of an ANN or SNN',
  records: true,
  positionals: ['<network>'],
  options: {
    network: { type: 'string', demandOption: true, describe: 'ANN (.onnx, .swa) or SNN (.sws)' },
    samples: wholeNumber('Test images', 1000, 1, 1_000_000),
    'batch-size': wholeNumber('Images of a forward pass', 64, 1, 65_536),
    clean: { type: 'boolean', default: false, describe: 'Clean accuracy alone' },
    ...attackOptions,
    'transfer-from': transferOption,
    corrupt: corruptOption,
    'by-member': {
      type: 'boolean',
      default: false,
      describe: 'With --ensemble: every gradient model on every image, one row each',
    },
    corruptions: {
      type: 'string',
      describe:
        'Accuracy under each corruption of CIFAR-10-C: a folder with its files (.npy), or "generated" for images made here',
    },
    checks: { type: 'boolean', default: false, describe: 'Run and judge five checks for gradient obfuscation' },
    ...datasetOptions,
    ...engineOptions,
    seed: seedOption,
    history: historyOption,
  },
  examples: [
    ['evaluate net.onnx --samples 10000', 'PGD-20 at 2/255 on all CIFAR-10 test images'],
    ['evaluate net.sws --clean', 'Clean accuracy of an SNN'],
    ['evaluate net.sws --attack apgd-dlr --steps 10 --epsilon 8 --ensemble', 'Worst case over 19 gradient models'],
    ['evaluate net.sws --attack square --queries 1000', 'Random search, with its curve over the queries'],
    ['evaluate net.sws --clean --corruptions generated', 'Under 15 corruptions of 5 severities'],
    ['evaluate net.sws --checks --transfer-from net.onnx', 'Whether the gradients can be trusted'],
  ],
  async run(args, context) {
    const [
      { openDataset },
      accuracy,
      { startEngine },
      choice,
      attacks,
      obfuscation,
      { corruptionAccuracy },
      { corruptions, openCorrupted },
      { severities },
      { requireColour, withCorruption },
      { spikeActivity },
      { readNetworkFile },
    ] = await Promise.all([
      import('../data/open.js'),
      import('../train/accuracy.js'),
      import('../engine/start.js'),
      import('../attack-choice.js'),
      import('../attack/robustness.js'),
      import('../attack/obfuscation.js'),
      import('../corruption-accuracy.js'),
      import('../data/corrupted.js'),
      import('../data/corrupt/corrupt.js'),
      import('../data/corrupt/chosen.js'),
      import('../spike-activity.js'),
      import('./read-network.js'),
    ]);
    if (args['by-member'] && !args.ensemble) {
      throw failure('SW6002', { where: '--by-member', what: 'without --ensemble there is one gradient model.' });
    }
    const graph = await readNetworkFile(args.network, context);
    const sourcePath = args['transfer-from'];
    const sourceGraph = sourcePath === undefined ? null : await readNetworkFile(sourcePath, context);
    const data = withCorruption(openDataset(args.dataset, 'test', args['data-dir']), args.corrupt, args.seed);
    const { engine } = await startEngine(args);
    for (const network of [graph, sourceGraph]) if (network !== null) requireNetworkFit(engine, network, data);
    const model = engine.load(graph);
    const source = sourceGraph === null ? null : engine.load(sourceGraph);
    const { expectation } = await import('../attack/expectation.js');
    const attacked = args.eot === 1 ? source : expectation(source ?? model, args.eot, args.seed);
    try {
      const measured = accuracy.firstOf(data, args.samples, args['batch-size']);
      const clean = await accuracy.cleanAccuracy(model, measured, context.hooks('clean'));
      context.print(`Clean accuracy   ${proportionText(clean)}`);
      const activity =
        graph.kind === 'snn' ? await spikeActivity(model, measured, graph.timesteps, context.hooks('spikes')) : null;
      if (activity !== null) context.print(activityText(activity));
      const { corruptions: folder, seed } = args;
      if (folder === 'generated') requireColour(data, '--corruptions');
      const corrupted =
        folder === undefined
          ? null
          : await corruptionAccuracy(
              model,
              (kind) => (folder === 'generated' ? severities(data, kind, seed) : openCorrupted(folder, kind, data)),
              corruptions,
              { samples: args.samples, batchSize: args['batch-size'] },
              context.hooks('corruptions'),
            );
      if (corrupted !== null) context.print(corruptionTable(corrupted));
      const speed = (...stages: readonly string[]) =>
        Object.fromEntries(stages.map((stage) => [stage, context.speed(stage, clean.total)]));
      if (args.clean) return { json: { clean, robust: null, corrupted, activity, speed: speed('clean') } };
      const { steps, queries } = args;
      const epsilon = args.epsilon / 255;
      const attack = choice.chosenAttack({ kind: args.attack, epsilon, steps, queries });
      const members = choice.chosenMembers(args.ensemble);
      const options = { attack, members, source: attacked ?? undefined, seed };
      let robust: Proportion;
      let details: object;
      if (args['by-member']) {
        const table = await attacks.robustnessByMember(model, measured, options, context.hooks('attack'));
        context.print(memberTable(table));
        robust = table.all;
        details = { byMember: table.rows };
      } else {
        const found = await attacks.robustness(model, measured, options, context.hooks('attack'));
        if (args.ensemble) context.print(triedTable(found));
        const curve = attack.method === 'square' ? attacks.queryCurve(found, queries) : null;
        if (curve !== null) context.print(curveTable(curve));
        robust = found.robust;
        details = { members: found.members, ...(curve === null ? {} : { curve }) };
      }
      context.print(`Robust accuracy  ${proportionText(robust)}`);
      const results = { clean, robust, attack, ...details, corrupted, activity };
      if (!args.checks) return { json: { ...results, speed: speed('clean', 'attack') } };
      const checks = await obfuscation.obfuscationChecks(
        model,
        measured,
        { epsilon, steps, members, source, seed },
        context.hooks('checks'),
      );
      context.print(`\n${checkTable(checks)}`);
      return { json: { ...results, checks, speed: speed('clean', 'attack', 'checks') } };
    } finally {
      source?.dispose();
      model.dispose();
    }
  },
});

function activityText({
  spikesPerSample,
  firingPercent,
  activeNeuronsPercent,
  histogram,
  neurons,
}: SpikeActivity): string {
  const { mean, least, most } = spikesPerSample;
  return [
    `Spikes           ${meanText(mean)} an image, ${percentText(firingPercent)} of all chances; ${percentText(activeNeuronsPercent)} of ${countText(neurons)} neurons active`,
    `Histogram        ${histogram.join(' ')} images from ${countText(least)} to ${countText(most)} spikes`,
  ].join('\n');
}

function memberTable({ rows }: MemberTable): string {
  return textTable(
    [{ title: 'Gradient model' }, { title: 'Robust accuracy', align: 'right' }],
    rows.map(({ name, robust }) => [name, proportionText(robust)]),
  );
}

function triedTable({ members }: Robustness): string {
  return textTable(
    [{ title: 'Gradient model' }, { title: 'Images', align: 'right' }, { title: 'Fooled', align: 'right' }],
    members.map(({ name, tried, fooled }) => [name, countText(tried), countText(fooled)]),
  );
}

function curveTable(curve: readonly { readonly queries: number; readonly robust: Proportion }[]): string {
  return textTable(
    [
      { title: 'Queries', align: 'right' },
      { title: 'Robust accuracy', align: 'right' },
    ],
    curve.map(({ queries, robust }) => [countText(queries), proportionText(robust)]),
  );
}

function corruptionTable({ rows, mean }: { readonly rows: readonly CorruptionRow[]; readonly mean: number }): string {
  const table = textTable(
    [{ title: 'Corruption' }, ...rows[0]!.severities.map((_, k) => ({ title: `${k + 1}`, align: 'right' as const }))],
    rows.map(({ kind, severities }) => [kind, ...severities.map(({ correct, total }) => shareText(correct / total))]),
  );
  return `${table}\nMean under corruptions  ${shareText(mean)}`;
}

function checkTable(checks: readonly ObfuscationCheck[]): string {
  return textTable(
    [{ title: 'Gradient check' }, { title: '' }, { title: 'Measured' }],
    checks.map(({ expected, measured, passed }) => [
      expected,
      passed === null ? '– (needs --transfer-from)' : passed ? '✓' : '✗',
      measured.map(proportionText).join(', '),
    ]),
  );
}
