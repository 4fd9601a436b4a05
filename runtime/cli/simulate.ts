import type { Program } from '../../schemas/program.js';
import { decodeProgram } from '../../schemas/program-file.js';
import type { Statistics } from '../../schemas/stats.js';
import { readTarget } from '../../schemas/target-file.js';
import { faultForm } from '../../sim/fault.js';
import { heatMap } from '../../sim/heat-map.js';
import type { SampleResult } from '../../sim/sample-result.js';
import { onTarget } from '../program-target.js';
import { campaignText } from '../report/campaign-text.js';
import { countText, meanText, percentText, quantityText } from '../report/number-text.js';
import { layerColumns } from '../report/summary-text.js';
import { textTable } from '../report/text-table.js';
import { requireProgramFit } from '../require-fit.js';
import { readFileWhole } from '../store/read-file.js';
import { overflowDiagnostics } from '../verify/overflow.js';
import { wilson } from '../wilson.js';
import { defineCommand } from './command.js';
import { wholeNumber } from './options.js';
import { chooseSamples } from './sample-choice.js';
import {
  datasetOptions,
  energyProfileOption,
  historyOption,
  shuffleSeedOption,
  timingOption,
  traceOptions,
  workersOption,
} from './shared-options.js';

export const simulate = defineCommand({
  name: 'simulate',
  summary: 'Run test images on the simulated chip, from the program file alone',
  records: true,
  positionals: ['<program>'],
  options: {
    program: { type: 'string', demandOption: true, describe: 'Program (.swp)' },
    samples: { type: 'string', default: '16', describe: 'Test images: how many, or "a:b" for images a to b − 1' },
    'shuffle-seed': shuffleSeedOption,
    target: {
      type: 'string',
      describe:
        'Chip whose figures are taken instead of those written in the program: a name that "spikewright targets" lists, or the path of a target file',
      requiresArg: true,
    },
    timing: timingOption,
    'energy-profile': energyProfileOption,
    ...datasetOptions,
    workers: workersOption,
    history: historyOption,
    ...traceOptions,
    fault: {
      type: 'string',
      array: true,
      describe: `Run the images once more with something broken: ${faultForm}; may be given several times`,
      requiresArg: true,
    },
    'fault-seed': wholeNumber('Seed of where faults strike', 0, 0, 2 ** 32 - 1),
  },
  examples: [
    ['simulate net.swp --samples 100', 'Spikes, cycles and energy of 100 images'],
    ['simulate net.swp --samples 100:200 --shuffle-seed 1', 'The second hundred of a random order of the images'],
    ['simulate net.swp --timing off --json stats.json', 'The function alone; statistics as JSON'],
    [
      'simulate net.swp --samples 1 --probe "spikes:conv2[0-31]" --probe queue:0/3 --vcd wave.vcd',
      'A waveform for GTKWave',
    ],
    [
      'simulate net.swp --samples 100 --fault bitflip:1e-5,1e-4 --fault core:0/3 --timing off',
      'Accuracy and spikes of the whole chip, and with each fault',
    ],
    ['simulate net.swp --samples 1 --perfetto timeline.pftrace', 'A timeline for ui.perfetto.dev'],
  ],
  async run(args, context) {
    const [{ openDataset }, { labelsOf }, { imagesAt }, chips, { simulateImages }] = await Promise.all([
      import('../data/open.js'),
      import('../data/dataset.js'),
      import('../data/image-source.js'),
      import('../verify/chip.js'),
      import('../verify/simulate-task.js'),
    ]);
    const [{ traceImages }, { readFaults, runCampaign }] = await Promise.all([
      import('../trace/trace-images.js'),
      import('../verify/fault-campaign.js'),
    ]);
    const compiled = decodeProgram(await readFileWhole(args.program), args.program);
    const { value: program, diagnostics } = await onTarget(compiled, args.target);
    context.tell(diagnostics);
    const data = openDataset(args.dataset, 'test', args['data-dir']);
    requireProgramFit(program, data);
    const faults = readFaults(args.fault ?? [], program);
    const indices = chooseSamples(args.samples, data.count, args['shuffle-seed']);
    const chip = { timing: args.timing, energyProfile: args['energy-profile'] };
    const images = imagesAt(data, indices);
    const paths = { tables: args['probe-out'], vcd: args.vcd, perfetto: args.perfetto };
    const probes = args.probe ?? [];
    const isTraced = probes.length > 0 || Object.values(paths).some((path) => path !== undefined);
    const hooks = context.hooks('simulate');
    const collected = chips.openStatistics(program, chip);
    const predicted: number[] = [];
    const add = (result: SampleResult): void => {
      collected.add(result);
      predicted.push(chips.predictedClass(result));
    };
    if (isTraced) await traceImages(program, images, chip, { probes, paths }, add, hooks);
    else await simulateImages(program, images, { ...chip, workers: args.workers }, add, hooks);
    const statistics = collected.summary();
    const labels = labelsOf(data, indices);
    const accuracy = wilson(predicted.filter((label, index) => label === labels[index]).length, labels.length);
    context.tell(overflowDiagnostics(statistics));
    context.print(statisticsText(statistics));
    context.print(`\n${coreMapText(program, statistics)}`);
    context.print(`\n${countText(accuracy.correct)} of ${countText(accuracy.total)} images classified as labelled`);
    const campaign = await runCampaign(
      program,
      { images, labels, predicted },
      faults,
      { energyProfile: args['energy-profile'], seed: args['fault-seed'], workers: args.workers },
      (stage) => context.hooks(stage),
    );
    if (campaign.length > 0) context.print(`\n${campaignText(statistics, accuracy, campaign)}`);
    const measured = { accuracy, images: [...indices], predictions: predicted };
    return { json: { ...statistics, ...measured, ...(campaign.length === 0 ? {} : { faults: campaign }) } };
  },
});

/** How busy each core was, as it lies on its chip; with timing off its synaptic operations. */
function coreMapText({ name, targetJson }: Program, { coreTable, timing }: Statistics): string {
  const { mesh } = readTarget(targetJson, `target of program ${name}`);
  const cells = coreTable.map(({ chip, core, utilisationPercent, synapticOperations }) => {
    return { chip, core, value: utilisationPercent ?? synapticOperations };
  });
  return heatMap(cells, mesh, timing === 'off' ? 'synaptic operations' : '% of the time at work');
}

function statisticsText(statistics: Statistics): string {
  const { samples, latency, cycles, throughput, energy, chips, cores, timing, energyProfile, stepsPerSample } =
    statistics;
  const rows = statistics.layers.map((layer) => [
    layer.name,
    countText(layer.neurons),
    countText(layer.cores),
    meanText(layer.spikes),
    percentText(layer.activeNeuronsPercent),
    meanText(layer.synapticOperations),
    quantityText(layer.energyJoules, 'J'),
  ]);
  const table = textTable(layerColumns, rows);
  const unknown = [...statistics.unknownFigures.timing, ...statistics.unknownFigures.energy];
  const bound = unknown.length === 0 ? '' : `\nLower bounds: no published figure for ${unknown.join(', ')}`;
  const rate = throughput === null ? '' : `, ${meanText(throughput)} samples/s`;
  const inCycles = cycles === null ? '' : ` = ${countText(Math.round(cycles.latency.median))} cycles`;
  const time =
    latency === null
      ? 'not timed'
      : `median latency ${quantityText(latency.medianSeconds, 's')}${inCycles}${rate} (${timing})`;
  const total = `energy ${quantityText(energy.joulesPerSample, 'J')} (${energyProfile})`;
  return `Means per sample over ${countText(samples)} images\n\n${table}\n\n${countText(stepsPerSample)} timesteps, ${time}${hostText(statistics)}, ${total}, ${countText(cores)} cores on ${countText(chips)} ${chips === 1 ? 'chip' : 'chips'}${bound}`;
}

/** What of the latency is the host's: nothing where the target tells nothing of it. */
function hostText({ host }: Statistics): string {
  if (host === null) return '';
  const { loadSeconds, readoutSeconds, resetSeconds } = host;
  const parts = [
    ['loading', loadSeconds],
    ['readout', readoutSeconds],
    ['reset', resetSeconds],
  ] as const;
  const known = parts.flatMap(([name, time]) => (time === null ? [] : [`${quantityText(time, 's')} ${name}`]));
  return known.length === 0 ? '' : `, host ${known.join(' + ')}`;
}
