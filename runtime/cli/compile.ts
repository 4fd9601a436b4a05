import type { CalibrationImages } from '../../compiler/calibration.js';
import type { TrafficRates } from '../../compiler/compile.js';
import type { PlacementOptions } from '../../compiler/place.js';
import type { AskedSplits } from '../../compiler/split-parts.js';
import { sha256 } from '../../schemas/hash.js';
import { programParts } from '../../schemas/program-file.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { spikeGraphParts } from '../../schemas/spike-file.js';
import type { Hooks } from '../hooks.js';
import { countText, figureText, optionalPercent, percentText } from '../report/number-text.js';
import { textTable } from '../report/text-table.js';
import { writeFileWhole } from '../store/write-file.js';
import { recordIntegerNetwork } from '../verify/origin.js';
import { spikewrightVersion } from '../version.js';
import { defineCommand } from './command.js';
import { wholeNumber } from './options.js';
import { datasetOptions, seedOption, targetOption, trainSamplesOption } from './shared-options.js';

export const compile = defineCommand({
  name: 'compile',
  summary: 'Fold, quantise and map an SNN on a chip',
  positionals: ['<snn>'],
  options: {
    snn: { type: 'string', demandOption: true, describe: 'SNN (.sws)' },
    out: { type: 'string', demandOption: true, describe: 'Program to write (.swp)' },
    graph: { type: 'string', describe: 'Also write the integer network that the program computes (.swg), for verify' },
    'float-graph': { type: 'string', describe: 'Also write the network before quantisation (.swg), for verify' },
    target: targetOption,
    rates: {
      type: 'string',
      describe:
        'Statistics of a simulation (simulate --json) to place by; without it every neuron is taken to fire once',
    },
    beside: {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Programs that share the board: only cores that they leave free are used',
    },
    seed: seedOption,
    moves: {
      type: 'number',
      describe: 'Exchanges of cores that the placement tries; without it as many as suit the number of cores',
      range: { minimum: 0, maximum: 1e9, whole: true },
    },
    calibrate: {
      type: 'string',
      choices: datasetOptions.dataset.choices,
      describe:
        'Quantise by what training images of this data set do in the network: weights by least squares, and a table of spike agreement',
    },
    'calibration-images': wholeNumber('Images that --calibrate takes', 32, 1, 100_000),
    'train-samples': trainSamplesOption,
    'data-dir': datasetOptions['data-dir'],
    split: {
      type: 'string',
      array: true,
      default: [] as string[],
      describe:
        'LAYER=rows:N,columns:N,channels:N: into how many parts a layer is cut; axes left out are searched (see --explain)',
    },
    explain: { type: 'boolean', default: false, describe: 'Print what every pass decided, and need against limit' },
  },
  examples: [
    ['compile net.sws --out net.swp --graph net.swg', 'Maps on Loihi 1; keeps what verify compares with'],
    ['compile net.sws --out net.swp --target mychip.json', 'Maps on a chip of your own'],
    ['compile net.sws --out again.swp --rates stats.json', 'Places by the spikes that a simulation counted'],
    ['compile net.sws --out net.swp --calibrate cifar10', 'Fits the rounding of weights to 32 training images'],
    ['compile net.sws --out net.swp --split conv4=channels:4', 'Cuts the channels of conv4 into four parts'],
    ['compile net.sws --out second.swp --beside net.swp', 'A second copy on the cores that the first leaves free'],
  ],
  async run(args, context) {
    const [{ compileOrAdvise }, { chosenTarget }, { readSnnFile }, { readOccupied, readRates }] = await Promise.all([
      import('../nearest-fit.js'),
      import('../target-choice.js'),
      import('./read-network.js'),
      import('../placement.js'),
    ]);
    const { parseSplits } = await import('../../compiler/split-parts.js');
    const splits = parseSplits(args.split);
    const target = await chosenTarget(args.target);
    const snn = await readSnnFile(args.snn);
    const { snnParts } = await import('../../schemas/snn-file.js');
    const sources = [
      { role: 'snn', sha256: sha256(snnParts(snn)) },
      { role: 'target', sha256: sha256(Buffer.from(JSON.stringify(target))) },
    ];
    const placement = {
      seed: args.seed,
      moves: args.moves ?? null,
      rates: args.rates === undefined ? null : await readRates(args.rates, snn),
      occupied: await readOccupied(args.beside, target),
    };
    const calibration = await chosenImages(snn, args, context.hooks('quantise'));
    const options = optionsText(
      placement,
      splits,
      args.calibrate === undefined ? null : [args.calibrate, args['calibration-images'], args['train-samples'] ?? null],
    );
    const { value, diagnostics } = compileOrAdvise(snn, target, {
      provenance: { spikewrightVersion, sources, options },
      placement,
      calibration,
      splits,
    });
    context.tell(diagnostics);
    const { mapping, quantisation } = value;
    const graph = spikeGraphParts(value.spikeGraph);
    const program = recordIntegerNetwork(value.program, graph);
    const file = programParts(program);
    await writeFileWhole(args.out, file);
    if (args.graph !== undefined) await writeFileWhole(args.graph, graph);
    if (args['float-graph'] !== undefined) {
      await writeFileWhole(args['float-graph'], spikeGraphParts(value.floatGraph));
    }
    if (args.explain) {
      const [{ explainText }, { hopBound }] = await Promise.all([
        import('../report/explain-text.js'),
        import('../../compiler/hop-bound.js'),
      ]);
      context.print(`${explainText(value, hopBound(program, placement.rates, target))}\n`);
    }
    context.print(
      textTable(
        [
          { title: 'Layer' },
          { title: 'Cores', align: 'right' },
          { title: 'Parts', align: 'right' },
          { title: 'Tightest limit' },
          { title: 'Used', align: 'right' },
          { title: 'Units per unit', align: 'right' },
          { title: 'Clipped', align: 'right' },
          { title: 'Spikes as in float', align: 'right' },
        ],
        mapping.layers.map((layer) => {
          const row = quantisation.find(({ population }) => population === layer.population);
          return [
            layer.population,
            countText(layer.cores),
            layer.parts.join(' × '),
            layer.binding,
            percentText(layer.bindingPercent),
            figureText(row?.scale ?? null),
            row === undefined ? '–' : percentText(row.clippedPercent),
            optionalPercent(row?.measured?.spikeAgreementPercent ?? null),
          ];
        }),
      ),
    );
    context.print(
      `\n${args.out}: ${countText(program.cores.length)} cores on ${countText(program.chips)} of ${target.name}`,
    );
    const { layers, limits } = mapping;
    return {
      json: {
        out: args.out,
        sha256: sha256(file),
        target: target.name,
        layers,
        limits,
        quantisation,
        traffic: value.traffic,
      },
      diagnostics: [],
    };
  },
});

/** The images that --calibrate names; null without it. */
async function chosenImages(
  snn: SnnGraph,
  args: {
    readonly calibrate: string | undefined;
    readonly 'calibration-images': number;
    readonly 'train-samples': number | undefined;
    readonly 'data-dir': string | undefined;
  },
  hooks: Hooks,
): Promise<CalibrationImages | null> {
  if (args.calibrate === undefined) return null;
  const [{ openDataset }, { calibrationImages }] = await Promise.all([
    import('../data/open.js'),
    import('../calibration-images.js'),
  ]);
  const dataset = openDataset(args.calibrate, 'train', args['data-dir']);
  const sizes = { count: args['calibration-images'], trainSamples: args['train-samples'] ?? null };
  return calibrationImages(snn, dataset, sizes, hooks);
}

/** The placement's options as canonical JSON: keys in alphabetical order, none that has its default. */
function optionsText(
  { seed, moves, rates, occupied }: PlacementOptions & TrafficRates,
  splits: AskedSplits,
  calibrate: readonly [string, number, number | null] | null,
): string {
  return JSON.stringify({
    ...(calibrate === null ? {} : { calibrate }),
    ...(moves === null ? {} : { moves }),
    ...(occupied.length === 0 ? {} : { occupied: occupied.map(({ chip, core }) => [chip, core]) }),
    ...(rates === null ? {} : { rates: Object.fromEntries([...rates].sort(([a], [b]) => (a < b ? -1 : 1))) }),
    ...(seed === 0 ? {} : { seed }),
    ...(splits.size === 0 ? {} : { splits: Object.fromEntries([...splits].sort(([a], [b]) => (a < b ? -1 : 1))) }),
  });
}
