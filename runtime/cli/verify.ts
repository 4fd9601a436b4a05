import type { Budget } from '../../schemas/budget.js';
import { readJson } from '../../schemas/json-file.js';
import { decodeProgram } from '../../schemas/program-file.js';
import type { LevelName } from '../../schemas/report.js';
import { decodeIntegerSpikeGraph } from '../../schemas/spike-file.js';
import { levels, proportionText } from '../report/accuracy-section.js';
import { countText, figureText } from '../report/number-text.js';
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
  summary: 'Compare chip and integer twin spike for spike, and measure robustness at every level',
  positionals: ['<program>'],
  options: {
    program: { type: 'string', demandOption: true, describe: 'Program (.swp)' },
    graph: { type: 'string', demandOption: true, describe: 'Integer network it was compiled from (.swg)' },
    ann: { type: 'string', describe: 'Also measure the ANN (.onnx, .swa)' },
    snn: { type: 'string', describe: 'Also measure the SNN (.sws)' },
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
    ['verify net.swp --graph net.swg --ann net.onnx --snn net.sws --budget limits.json', 'All levels, and a budget'],
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
        attack: { attack, members: choice.chosenMembers(args.ensemble), seed: args.seed },
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
      `\n${countText(spikesCompared)} spike slots compared on ${countText(2 * result.samples)} inputs: ${countText(spikeMismatches)} differ; ${countText(readoutMismatches)} readouts differ`,
    );
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
