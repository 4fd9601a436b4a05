import { sha256 } from '../../schemas/hash.js';
import type { SafeTensor } from '../../schemas/safetensors.js';
import { proportionText } from '../report/level-text.js';
import { requireNetworkFit } from '../require-fit.js';
import { writeFileWhole } from '../store/write-file.js';
import { wilson } from '../wilson.js';
import { defineCommand } from './command.js';
import { wholeNumber } from './options.js';
import {
  attackOptions,
  corruptOption,
  datasetOptions,
  engineOptions,
  seedOption,
  transferOption,
} from './shared-options.js';

export const attack = defineCommand({
  name: 'attack',
  summary: 'Craft adversarial test images against an ANN or SNN',
  positionals: ['<network>'],
  options: {
    network: { type: 'string', demandOption: true, describe: 'ANN (.onnx, .swa) or SNN (.sws)' },
    out: { type: 'string', demandOption: true, describe: 'Images to write (.safetensors): clean, adversarial, labels' },
    samples: wholeNumber('Test images', 64, 1, 100_000),
    'batch-size': wholeNumber('Images of a forward pass', 64, 1, 65_536),
    ...attackOptions,
    'transfer-from': transferOption,
    corrupt: corruptOption,
    ...datasetOptions,
    ...engineOptions,
    seed: seedOption,
  },
  examples: [
    ['attack net.sws --out adversarial.safetensors --epsilon 8', 'PGD-20 at 8/255 against an SNN'],
    ['attack net.sws --out adversarial.safetensors --ensemble', 'The strongest of 19 gradient models per image'],
    ['attack net.sws --out adversarial.safetensors --transfer-from net.onnx', 'Crafted against the ANN'],
  ],
  async run(args, context) {
    const [{ openDataset }, { labelsOf }, { firstOf }, { startEngine }, choice, worst, files, read] = await Promise.all(
      [
        import('../data/open.js'),
        import('../data/dataset.js'),
        import('../train/accuracy.js'),
        import('../engine/start.js'),
        import('../attack-choice.js'),
        import('../attack/worst-case.js'),
        import('../../schemas/safetensors.js'),
        import('./read-network.js'),
      ],
    );
    const graph = await read.readNetworkFile(args.network, context);
    const sourcePath = args['transfer-from'];
    const sourceGraph = sourcePath === undefined ? null : await read.readNetworkFile(sourcePath, context);
    const { withCorruption } = await import('../data/corrupt/chosen.js');
    const data = withCorruption(openDataset(args.dataset, 'test', args['data-dir']), args.corrupt, args.seed);
    const { indices } = firstOf(data, args.samples, 1);
    const images = data.images(indices);
    const labels = labelsOf(data, indices);
    const { engine } = await startEngine(args);
    for (const network of [graph, sourceGraph]) if (network !== null) requireNetworkFit(engine, network, data);
    const model = engine.load(graph);
    const source = sourceGraph === null ? null : engine.load(sourceGraph);
    const { expectation } = await import('../attack/expectation.js');
    const attacked = args.eot === 1 ? source : expectation(source ?? model, args.eot, args.seed);
    const { steps, queries } = args;
    const members = choice.chosenMembers(args.ensemble);
    try {
      const found = await worst.worstCase(
        model,
        { images, labels, indices },
        {
          attack: choice.chosenAttack({ kind: args.attack, epsilon: args.epsilon / 255, steps, queries }),
          members,
          source: attacked ?? undefined,
          seed: args.seed,
          batchSize: args['batch-size'],
        },
        context.hooks('attack'),
      );
      const shape = [labels.length, ...data.shape];
      const tensors = new Map<string, SafeTensor>([
        ['clean', { dtype: 'F32', shape, data: images }],
        ['adversarial', { dtype: 'F32', shape, data: found.adversarial }],
        ['labels', { dtype: 'U8', shape: [labels.length], data: labels }],
        ['predictions', { dtype: 'U8', shape: [labels.length], data: found.predictions }],
      ]);
      const bytes = files.writeSafetensors({
        tensors,
        metadata: { dataset: data.name, epsilon: `${args.epsilon}/255` },
      });
      await writeFileWhole(args.out, bytes);
      const robust = wilson(found.fooled.filter((fooled) => fooled === 0).length, labels.length);
      context.print(`Robust accuracy  ${proportionText(robust)}`);
      context.print(`${args.out}: ${labels.length} images`);
      return {
        json: {
          robust,
          speed: context.speed('attack', labels.length),
          fooled: [...found.fooled],
          queries: [...found.queries],
          members: Array.from(found.member, (number) => members[number]!.name),
          out: args.out,
          sha256: sha256(bytes),
        },
      };
    } finally {
      source?.dispose();
      model.dispose();
    }
  },
});
