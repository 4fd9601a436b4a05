import type { Budget } from '../../schemas/budget.js';
import { type Diagnostic, diagnostic } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import { readJson } from '../../schemas/json-file.js';
import { decodeProgram } from '../../schemas/program-file.js';
import { decodeFloatSpikeGraph, decodeIntegerSpikeGraph } from '../../schemas/spike-file.js';
import { datasetHash } from '../data/dataset-hash.js';
import { countText } from '../report/number-text.js';
import {
  budgetTable,
  comparisonTable,
  levelTable,
  memberTable,
  queryTable,
  transferTable,
} from '../report/verification-text.js';
import { requireNetworkFit, requireProgramFit } from '../require-fit.js';
import { readFileWhole } from '../store/read-file.js';
import { writeFileWhole } from '../store/write-file.js';
import { checkedCases } from '../verify/checked-cases.js';
import { junitXml } from '../verify/junit.js';
import { overflowDiagnostics } from '../verify/overflow.js';
import { defineCommand } from './command.js';
import { realNumber, wholeNumber } from './options.js';
import { historyPath } from './recording.js';
import { changesTable } from './runs.js';
import {
  attackOptions,
  datasetOptions,
  energyProfileOption,
  engineOptions,
  historyOption,
  seedOption,
  timingOption,
  workersOption,
} from './shared-options.js';

/** Samples per forward pass. */
const BATCH = 16;

export const verify = defineCommand({
  name: 'verify',
  summary: 'Prove chip = integer twin, spike for spike, and measure what robustness every level keeps',
  records: true,
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
    baseline: {
      type: 'string',
      describe: 'Earlier result to hold this one against: number of a recorded run, or JSON; a regression exits with 1',
      requiresArg: true,
    },
    'baseline-tolerance': realNumber('Share by which costs may grow against the baseline', 0.01, 0, 100),
    junit: { type: 'string', describe: 'JUnit XML of all that was checked to write', requiresArg: true },
    reproducer: {
      type: 'string',
      describe: 'Where the smallest case goes in which chip and twin differ; by default PROGRAM.reproducer.json',
      requiresArg: true,
    },
    samples: wholeNumber('Test images', 64, 1, 1_000_000),
    ...attackOptions,
    timing: timingOption,
    'energy-profile': energyProfileOption,
    ...datasetOptions,
    engine: engineOptions.engine,
    backend: engineOptions.backend,
    seed: seedOption,
    history: historyOption,
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
    const [
      { openDataset },
      { labelsOf },
      { firstOf },
      { chooseLevelEngines },
      verification,
      choice,
      budgets,
      compare,
      { compareWithBaseline, readBaseline, regressionDiagnostics },
      read,
      { makeReproducer, reproducerSummary },
      { faultDiagnostics },
      { resultFigures },
      { originDiagnostics, requireIntegerNetwork },
    ] = await Promise.all([
      import('../data/open.js'),
      import('../data/dataset.js'),
      import('../train/accuracy.js'),
      import('../verify/level-engines.js'),
      import('../verify/verify.js'),
      import('../attack-choice.js'),
      import('../verify/budget.js'),
      import('../verify/compare.js'),
      import('../history/baseline.js'),
      import('./read-network.js'),
      import('../verify/reproducer.js'),
      import('../verify/fault.js'),
      import('../verify/result-figures.js'),
      import('../verify/origin.js'),
    ]);
    const start = performance.now();
    const budget =
      args.budget === undefined
        ? null
        : readJson<Budget>('budget', Buffer.from(await readFileWhole(args.budget)).toString('utf8'), args.budget);
    const files = { graph: await readFileWhole(args.graph), program: await readFileWhole(args.program) };
    // Read first: a fault in it is told before the long work.
    const baseline = args.baseline === undefined ? null : await readBaseline(args.baseline, historyPath(args.history));
    const network = {
      ann: args.ann === undefined ? null : await read.readAnnFile(args.ann, context),
      snn: args.snn === undefined ? null : await read.readSnnFile(args.snn),
      floatGraph:
        args['float-graph'] === undefined
          ? null
          : decodeFloatSpikeGraph(await readFileWhole(args['float-graph']), args['float-graph']),
      graph: decodeIntegerSpikeGraph(files.graph, args.graph),
      program: decodeProgram(files.program, args.program),
    };
    const data = openDataset(args.dataset, 'test', args['data-dir']);
    const { indices } = firstOf(data, args.samples, 1);
    const { engines, networks, diagnostics } = await chooseLevelEngines(network.graph, args);
    for (const graph of [network.ann, network.snn]) if (graph !== null) requireNetworkFit(networks, graph, data);
    requireProgramFit(network.program, data);
    requireIntegerNetwork(network.program, files.graph);
    if (network.snn !== null) context.tell(originDiagnostics(network.program, network.snn));
    const { steps, queries } = args;
    const epsilon = args.epsilon / 255;
    const attack = choice.chosenAttack({ kind: args.attack, epsilon, steps, queries });
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
        engines,
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
    const figures = resultFigures(result);
    const rows = budget === null ? [] : budgets.checkBudget(budget, figures);
    if (budget !== null) context.print(`\n${budgetTable(rows)}`);
    const { clean } = result.statistics;
    const { graph, program } = network;
    const hashes = { graph: sha256(files.graph), program: sha256(files.program) };
    const reproducer =
      result.failing && (await makeReproducer({ graph, program, hashes }, result.failing, context.hooks('reproducer')));
    const path = args.reproducer ?? `${args.program.replace(/\.swp$/, '')}.reproducer.json`;
    const written: Diagnostic[] = [];
    if (reproducer !== null) {
      await writeFileWhole(path, `${JSON.stringify(reproducer, null, 1)}\n`);
      written.push(diagnostic('SW5012', 'note', { where: path, what: `${reproducerSummary(reproducer, graph)}.` }));
    }
    const json = {
      identity: {
        dataset: data.name,
        data: datasetHash(data),
        samples: result.samples,
        seed: args.seed,
        target: clean.target,
        attack: choice.attackText({ kind: args.attack, epsilon, steps, queries, ensemble: args.ensemble }),
        program: hashes.program,
      },
      outcomes: result.outcomes,
      ...figures,
      samples: result.samples,
      firstMismatch: result.comparison.firstMismatch,
      fault: result.fault,
      reproducer: reproducer && path,
      transfer: result.transfer,
      members: result.members,
      comparisons: result.comparisons,
      spikeAgreement: result.spikeAgreement,
      blackBox: result.blackBox,
      budget: rows,
      seconds: (performance.now() - start) / 1000,
    };
    const changes = baseline === null ? [] : compareWithBaseline(baseline, json, args['baseline-tolerance']);
    if (baseline !== null) context.print(`\n${changesTable(changes, ['Baseline', 'Now'])}`);
    const mismatched = [...compare.comparisonDiagnostics(result.comparison), ...faultDiagnostics(result.fault)];
    const violated = budgets.budgetDiagnostics(rows);
    const worse = regressionDiagnostics(changes);
    if (args.junit !== undefined) {
      const cases = checkedCases({ mismatched, violated, worse }, rows, changes);
      await writeFileWhole(args.junit, junitXml('spikewright verify', cases, json.seconds));
    }
    return {
      json: { ...json, baseline: changes },
      diagnostics: [
        ...diagnostics,
        ...overflowDiagnostics(clean),
        ...overflowDiagnostics(result.statistics.adversarial),
        ...mismatched,
        ...written,
        ...violated,
        ...worse,
      ],
    };
  },
});
