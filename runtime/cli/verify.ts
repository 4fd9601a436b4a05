import type { Budget } from '../../schemas/budget.js';
import { readJson } from '../../schemas/json-file.js';
import { decodeProgram } from '../../schemas/program-file.js';
import type {
  LevelName,
  ReportBlackBox,
  ReportComparison,
  ReportMember,
  ReportTransfer,
} from '../../schemas/report.js';
import { decodeFloatSpikeGraph, decodeIntegerSpikeGraph } from '../../schemas/spike-file.js';
import { levels, proportionText } from '../report/accuracy-section.js';
import { countText, figureText, shareText } from '../report/number-text.js';
import { differenceText, levelTitle, pValueText, verdictText } from '../report/robustness-section.js';
import { textTable } from '../report/text-table.js';
import { requireNetworkFit, requireProgramFit } from '../require-fit.js';
import { readFileWhole } from '../store/read-file.js';
import type { BudgetRow } from '../verify/budget.js';
import { overflowDiagnostics } from '../verify/overflow.js';
import { defineCommand } from './command.js';
import { wholeNumber } from './options.js';
import {
  attackOptions,
  backendOption,
  datasetOptions,
  energyProfileOption,
  seedOption,
  timingOption,
  workersOption,
} from './shared-options.js';

/** Samples per forward pass. */
const BATCH = 16;

export const verify = defineCommand({
  name: 'verify',
  summary: 'Prove chip = integer twin, spike for spike, and measure what robustness every level keeps',
  positionals: ['<program>'],
  options: {
    program: { type: 'string', demandOption: true, describe: 'Program (.swp)' },
    graph: { type: 'string', demandOption: true, describe: 'Integer network it was compiled from (.swg)' },
    ann: { type: 'string', describe: 'Also measure the ANN (.onnx, .swa)' },
    snn: { type: 'string', describe: 'Also measure the SNN (.sws)' },
    'float-graph': { type: 'string', describe: 'Also measure the network before quantisation (.swg)' },
    margin: {
      type: 'number',
      default: 0.02,
      describe: 'Difference of accuracies between levels that does not matter, as a share',
      range: { minimum: 0.0001, maximum: 0.9999, whole: false },
    },
    'black-box': wholeNumber('Queries per image of a Square attack that sees the chip alone; 0: none', 0, 0, 1_000_000),
    budget: { type: 'string', describe: 'Budget file (JSON); a violated one exits with 1' },
    samples: wholeNumber('Test images', 64, 1, 1_000_000),
    ...attackOptions,
    timing: timingOption,
    'energy-profile': energyProfileOption,
    ...datasetOptions,
    backend: backendOption,
    seed: seedOption,
    workers: workersOption,
  },
  examples: [
    ['verify net.swp --graph net.swg', 'Chip against twin on 64 clean and 64 attacked images'],
    [
      'verify net.swp --graph net.swg --float-graph float.swg --ann net.onnx --snn net.sws --ensemble',
      'Every level, attacked by 19 gradient models',
    ],
    ['verify net.swp --graph net.swg --black-box 1000 --budget limits.json', 'Random search on the chip; a budget'],
  ],
  async run(args, context) {
    const [{ openDataset }, { labelsOf }, { firstOf }, { startEager }, verification, choice, budgets, compare, read] =
      await Promise.all([
        import('../data/open.js'),
        import('../data/dataset.js'),
        import('../train/accuracy.js'),
        import('../engine/start.js'),
        import('../verify/verify.js'),
        import('../attack-choice.js'),
        import('../verify/budget.js'),
        import('../verify/compare.js'),
        import('./read-network.js'),
      ]);
    const start = performance.now();
    const budget =
      args.budget === undefined
        ? null
        : readJson<Budget>('budget', Buffer.from(await readFileWhole(args.budget)).toString('utf8'), args.budget);
    const network = {
      ann: args.ann === undefined ? null : await read.readAnnFile(args.ann, context),
      snn: args.snn === undefined ? null : await read.readSnnFile(args.snn),
      floatGraph:
        args['float-graph'] === undefined
          ? null
          : decodeFloatSpikeGraph(await readFileWhole(args['float-graph']), args['float-graph']),
      graph: decodeIntegerSpikeGraph(await readFileWhole(args.graph), args.graph),
      program: decodeProgram(await readFileWhole(args.program), args.program),
    };
    const data = openDataset(args.dataset, 'test', args['data-dir']);
    const { indices } = firstOf(data, args.samples, 1);
    const { chosen, engine } = await startEager({ backend: args.backend });
    for (const graph of [network.ann, network.snn]) if (graph !== null) requireNetworkFit(engine, graph, data);
    requireProgramFit(network.program, data);
    const { steps, queries } = args;
    const attack = choice.chosenAttack({ kind: args.attack, epsilon: args.epsilon / 255, steps, queries });
    const result = await verification.verifyNetwork(
      network,
      { images: data.images(indices), labels: labelsOf(data, indices), indices },
      {
        attack: {
          attack,
          members: choice.chosenMembers(args.ensemble),
          blackBoxQueries: args['black-box'],
          seed: args.seed,
        },
        margin: args.margin,
        chip: { timing: args.timing, energyProfile: args['energy-profile'] },
        backend: chosen.backend,
        batchSize: BATCH,
        workers: args.workers,
        examples: 0,
      },
      context.hooks('verify'),
    );
    context.print(levelTable(result.levels));
    const { spikesCompared, spikeMismatches, readoutMismatches } = result.comparison;
    context.print(
      `\n${countText(spikesCompared)} spike slots compared on ${countText(result.comparison.samples)} inputs: ${countText(spikeMismatches)} differ; ${countText(readoutMismatches)} readouts differ`,
    );
    if (result.comparisons.length > 0) context.print(`\n${comparisonTable(result.comparisons)}`);
    if (result.transfer.length > 0) context.print(`\n${transferTable(result.transfer)}`);
    if (args.ensemble) context.print(`\n${memberTable(result.members)}`);
    if (result.blackBox !== null) context.print(`\n${queryTable(result.blackBox)}`);
    const rows = budget === null ? [] : budgets.checkBudget(budget, result);
    if (budget !== null) context.print(`\n${budgetTable(rows)}`);
    const { clean } = result.statistics;
    return {
      json: {
        levels: result.levels,
        samples: result.samples,
        spikeMismatches,
        readoutMismatches,
        firstMismatch: result.comparison.firstMismatch,
        agreement: result.agreement,
        transfer: result.transfer,
        members: result.members,
        comparisons: result.comparisons,
        spikeAgreement: result.spikeAgreement,
        blackBox: result.blackBox,
        chip: {
          spikesPerSample: clean.spikes,
          activeNeuronsPercent: clean.activeNeuronsPercent,
          synopsPerSample: clean.synapticOperations,
          timestepsPerSample: clean.stepsPerSample,
          latencySeconds: meanLatency(clean.latency?.perSampleSeconds),
          energyJoules: clean.energy.joulesPerSample,
          cores: clean.cores,
          chips: clean.chips,
        },
        budget: rows,
        seconds: (performance.now() - start) / 1000,
      },
      diagnostics: [
        ...overflowDiagnostics(clean),
        ...overflowDiagnostics(result.statistics.adversarial),
        ...compare.comparisonDiagnostics(result.comparison),
        ...budgets.budgetDiagnostics(rows),
      ],
    };
  },
});

function levelTable(
  results: Readonly<
    Record<
      LevelName,
      { clean: Parameters<typeof proportionText>[0]; robust: Parameters<typeof proportionText>[0] } | null
    >
  >,
): string {
  return textTable(
    [{ title: 'Level' }, { title: 'Clean accuracy', align: 'right' }, { title: 'Robust accuracy', align: 'right' }],
    levels.flatMap(({ name, title }) => {
      const result = results[name];
      return result === null ? [] : [[title, proportionText(result.clean), proportionText(result.robust)]];
    }),
  );
}

function comparisonTable(comparisons: readonly ReportComparison[]): string {
  return textTable(
    [{ title: 'Compared' }, { title: 'Images' }, { title: 'Points', align: 'right' }, { title: 'p' }, { title: '' }],
    comparisons.map((comparison) => [
      comparison.levels.map(levelTitle).join(' – '),
      comparison.images,
      differenceText(comparison),
      pValueText(comparison.pValue),
      verdictText(comparison),
    ]),
  );
}

function transferTable(transfer: readonly ReportTransfer[]): string {
  const shown = levels.filter(({ name }) => transfer.some(({ level }) => level === name));
  const sources = [...new Set(transfer.map(({ source }) => source))];
  return textTable(
    [{ title: 'Crafted against' }, ...shown.map(({ title }) => ({ title, align: 'right' as const }))],
    sources.map((source) => [
      levelTitle(source),
      ...shown.map(({ name }) => {
        const found = transfer.find((entry) => entry.source === source && entry.level === name);
        return found === undefined ? '–' : shareText(found.robust.correct / found.robust.total);
      }),
    ]),
  );
}

function memberTable(members: readonly ReportMember[]): string {
  return textTable(
    [
      { title: 'Member' },
      { title: 'Against' },
      { title: 'Tried', align: 'right' },
      { title: 'Fooled', align: 'right' },
    ],
    members.map(({ name, source, tried, fooled }) => [name, levelTitle(source), countText(tried), countText(fooled)]),
  );
}

function queryTable({ curve }: ReportBlackBox): string {
  return textTable(
    [
      { title: 'Queries of the chip', align: 'right' },
      { title: 'Accuracy', align: 'right' },
    ],
    curve.map(({ queries, robust }) => [countText(queries), proportionText(robust)]),
  );
}

function budgetTable(rows: readonly BudgetRow[]): string {
  return textTable(
    [
      { title: 'Budget' },
      { title: 'Limit', align: 'right' },
      { title: 'Measured', align: 'right' },
      { title: '' },
      { title: '' },
    ],
    rows.map(({ name, limit, measured, pass, note }) => [
      name,
      figureText(limit),
      figureText(measured),
      pass ? '✓' : '✗',
      note,
    ]),
  );
}

function meanLatency(latencies: readonly number[] | undefined): number | null {
  if (latencies === undefined || latencies.length === 0) return null;
  return latencies.reduce((sum, seconds) => sum + seconds, 0) / latencies.length;
}
