/**
 * Measures verification of the demo's network: `npm run bench:verify -- --json FILE [--samples 64] [--workers 2]
 * [--mutants 40]` (without FILE, to standard output). The network is what `npm run demo` made; what is missing of it is made.
 *
 * - `ensemble`: every level, PGD-20 by 19 gradient models on SNN and twin, chip against twin on every image
 * - `single`: the same with one gradient model
 * - `chip`: the chip alone on the clean images, every event timed
 * - `mutations`: single faults in the Program, `--mutants` of each kind, looked for on eight images
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { demoConfig } from '../../runtime/cli/demo-config.js';
import { labelsOf } from '../../runtime/data/dataset.js';
import { encodeImages } from '../../runtime/drive.js';
import { ensemble } from '../../runtime/engine/surrogate.js';
import { compileStage } from '../../runtime/pipeline/chip-stages.js';
import { convertStage, finetuneStage, importStage } from '../../runtime/pipeline/float-stages.js';
import { RunContext } from '../../runtime/pipeline/run-context.js';
import { Store } from '../../runtime/store/store.js';
import { firstOf } from '../../runtime/train/accuracy.js';
import { IntegerTwin } from '../../runtime/twin/twin.js';
import { chooseLevelEngines } from '../../runtime/verify/level-engines.js';
import { simulateImages } from '../../runtime/verify/simulate-task.js';
import { defaultAttack, verifyNetwork } from '../../runtime/verify/verify.js';
import { type MutationTally, mutationCampaign } from '../property/mutation-campaign.js';
import { heldImages } from '../runtime/verify/held-images.js';
import { printMeasurements } from './print-measurements.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string', default: '-' },
    samples: { type: 'string', default: '64' },
    workers: { type: 'string', default: String(availableParallelism()) },
    mutants: { type: 'string', default: '40' },
  },
});

interface Case {
  readonly what: 'ensemble' | 'single' | 'chip' | 'mutations';
  /** Images, or for mutations mutants. */
  readonly samples: number;
  readonly seconds: number;
  readonly samplesPerSecond: number;
  /** Of all processors together: what the case takes however busy the machine is. */
  readonly processorSeconds: number;
}

const cases: Case[] = [];

async function timed<T>(what: Case['what'], samples: number, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - start) / 1000;
  const processorSeconds = (user + system) / 1e6;
  cases.push({ what, samples, seconds, samplesPerSecond: samples / seconds, processorSeconds });
  process.stderr.write(
    `${what}: ${samples} in ${seconds.toFixed(1)} s, ${(samples / seconds).toPrecision(3)} a second; processors worked ${processorSeconds.toFixed(1)} s\n`,
  );
  return result;
}

const workers = Number(options.workers);
const count = Number(options.samples);
const config = await demoConfig();
const run = new RunContext(config, await Store.open(config.out), workers, {
  hooks: () => ({}),
  finished: ({ record, reused }) => void process.stderr.write(`${record.stage} ${reused ? 'reused' : 'made'}\n`),
  tell: () => undefined,
  began: () => undefined,
  trained: () => undefined,
});
const ann = await importStage(run);
const snn = await finetuneStage(run, await convertStage(run, ann));
const { program, graph, floatGraph } = await compileStage(run, snn);
const { engines } = await chooseLevelEngines(graph, config);
const test = run.dataset('test');
const { indices } = firstOf(test, count, 1);
const batch = { images: test.images(indices), labels: labelsOf(test, indices), indices };
const chip = { timing: 'cycle' } as const;

for (const [what, members] of [
  ['ensemble', ensemble],
  ['single', defaultAttack.members],
] as const) {
  await timed(what, count, async () => {
    const attack = { ...defaultAttack, members, seed: config.seed };
    const network = { ann: ann.graph, snn: snn.graph, floatGraph, graph, program };
    const { comparison, levels } = await verifyNetwork(
      network,
      batch,
      { attack, margin: 0.02, chip, engines, batchSize: 16, workers, examples: 0 },
      { progress: (done, total) => process.stderr.write(`  ${what} ${done}/${total}\n`) },
    );
    const share = ({ correct, total }: { correct: number; total: number }): string => `${correct} of ${total}`;
    process.stderr.write(
      `  spikes that differ: ${comparison.spikeMismatches}; chip ${share(levels.chip!.clean)} clean, ${share(levels.chip!.robust)} attacked\n`,
    );
  });
}
await timed('chip', count, () =>
  simulateImages(program, heldImages(batch.images, count), { ...chip, workers }, () => undefined),
);

const eight = encodeImages(graph.drives, test.images(firstOf(test, 8, 1).indices));
const twin = new IntegerTwin(graph);
const expected = await twin.recordEncoded(eight);
const perKind = Number(options.mutants);
const mutations: readonly MutationTally[] = await timed('mutations', 6 * perKind, async () =>
  mutationCampaign([{ program, graph, samples: eight, expected }], perKind, 1, (text) =>
    process.stderr.write(`  ${text}\n`),
  ),
);
process.stderr.write('kind             tried refused changing caught astray named\n');
for (const { kind, tried, refused, changing, caught, astray, named } of mutations) {
  const row = [tried, refused, changing, caught, astray, named].map((figure) => String(figure).padStart(7)).join('');
  process.stderr.write(`${kind.padEnd(16)}${row}\n`);
}
printMeasurements({ cases, mutations }, options.json);
