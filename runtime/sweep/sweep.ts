import { basename } from 'node:path';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import type { RunConfig } from '../../schemas/run.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { SweepPoint, SweepResult, SweepSettings } from '../../schemas/sweep.js';
import { readEnergyFigures } from '../../sim/energy.js';
import { attackText } from '../attack-choice.js';
import { openDataset } from '../data/open.js';
import type { ResultIdentity } from '../history/identity.js';
import { type CompileStage, compileStage, PROGRAM_FILE, simulateStage, stagesToChip } from '../pipeline/chip-stages.js';
import { convertStage, finetuneStage, importStage, type NetworkStage, qatStage } from '../pipeline/float-stages.js';
import { ProgressRecorder } from '../pipeline/progress-recorder.js';
import { type PipelineListener, RunContext } from '../pipeline/run-context.js';
import { figureName, meanLatency } from '../report/chip-part.js';
import { pointText } from '../report/sweep-text.js';
import { artefactHash, Store } from '../store/store.js';
import { chosenTarget } from '../target-choice.js';
import { ATTACK, attackStage } from './attack-stage.js';
import { onFront } from './pareto.js';
import { writeSweep } from './sweep-files.js';

/** How a sweep tells its caller what it does. */
export interface SweepListener {
  /** Listens to the stages of point `index` of `count`. */
  point(index: number, count: number): PipelineListener;
  /** A point is measured, or the compiler refused it. */
  measured(name: string, point: SweepPoint, index: number, count: number): void;
}

/** A sweep's result, on what it was measured, and where its page lies. */
export interface Swept {
  readonly result: SweepResult;
  readonly identity: ResultIdentity;
  readonly htmlPath: string;
}

/**
 * Takes every point through import, convert, finetune, compile, simulate and attack, in one artefact store: stages that
 * points share are made once, and a stopped sweep goes on where it was, to the same result. A point that the compiler
 * refuses is part of the result, which is written into the points' common folder; how the sweep stands is written there,
 * too, for others to follow. Throws what the stages throw otherwise.
 */
export async function runSweep(points: readonly RunConfig[], workers: number, listener: SweepListener): Promise<Swept> {
  const [first] = points as [RunConfig];
  await checkBeforehand(points);
  const described = await Promise.all(points.map(describePoint));
  const store = await Store.open(first.out);
  const own = listener.point(0, points.length);
  const names = described.map(({ name }) => name);
  const recorder = await ProgressRecorder.begin(first.out, [...stagesToChip(first), ATTACK], own, names);
  try {
    const swept = await takePoints(
      points,
      described,
      new RunContext(first, store, workers, recorder),
      listener,
      recorder,
    );
    const htmlPath = await writeSweep(first.out, swept.result);
    await recorder.end('finished');
    return { ...swept, htmlPath };
  } catch (error) {
    const isInterrupted = own.hooks('sweep').signal?.aborted === true;
    await recorder.end(
      isInterrupted ? 'interrupted' : 'failed',
      error instanceof Error ? error.message : String(error),
    );
    throw error;
  }
}

async function takePoints(
  points: readonly RunConfig[],
  described: readonly DescribedPoint[],
  shared: RunContext,
  listener: SweepListener,
  recorder: ProgressRecorder,
): Promise<Omit<Swept, 'htmlPath'>> {
  const [first] = points as [RunConfig];
  const measured: [string, SweepPoint][] = [];
  const programs: string[] = [];
  let network = '';
  for (const [index, config] of points.entries()) {
    recorder.beganPoint(index, listener.point(index, points.length));
    const run = shared.for(config);
    const { settings, name } = described[index]!;
    const ann = await importStage(run);
    network = ann.graph.name;
    const tuned = await finetuneStage(run, await convertStage(run, ann));
    const compiled = await compileOrRefuse(run, (await qatStage(run, tuned)) ?? tuned);
    const isRefused = 'refused' in compiled;
    const point = { ...settings, ...nothing, ...(isRefused ? compiled : await measure(run, compiled)) };
    if (!isRefused) programs.push(artefactHash(compiled.artefacts, PROGRAM_FILE));
    measured.push([name, point]);
    recorder.finishedPoint(index, isRefused ? 'refused' : 'measured', pointText(point));
    listener.measured(name, point, index, points.length);
  }
  const front = onFront(measured.map(([, point]) => objectives(point)));
  const result: SweepResult = {
    format: 'spikewright/sweep',
    formatVersion: 1,
    name: network,
    dataset: first.dataset.name,
    seed: first.seed,
    attack: attackText(first.attack),
    samples: Math.min(first.attack.samples, shared.dataset('test').count),
    simulatedSamples: Math.min(first.simulate.samples, shared.dataset('test').count),
    points: Object.fromEntries(measured.map(([name, point], index) => [name, { ...point, onFront: front[index]! }])),
  };
  const identity: ResultIdentity = {
    dataset: result.dataset,
    data: shared.datasetHash('test'),
    samples: result.samples,
    seed: result.seed,
    target: [...new Set(measured.map(([, { target }]) => target))].join(', '),
    attack: result.attack,
    program: sha256(Buffer.from(programs.join(' '))),
  };
  return { result, identity };
}

/** What is measured of a compiled point. */
async function measure(run: RunContext, compiled: CompileStage) {
  const { statistics } = await simulateStage(run, compiled);
  const robustness = await attackStage(run, compiled);
  const { unknownFigures: unknown, energy } = statistics;
  return {
    ...robustness,
    energyJoules: energy.joulesPerSample,
    latencySeconds: meanLatency(statistics),
    spikesPerSample: statistics.spikes,
    cores: statistics.cores,
    chips: statistics.chips,
    energyProfile: statistics.energyProfile,
    unknownFigures: [
      ...unknown.timing.map((figure) => `time of ${figureName(figure)}`),
      ...unknown.energy.map((figure) => `energy of ${figureName(figure)}`),
    ],
  };
}

const nothing = {
  onFront: false,
  clean: null,
  robust: null,
  energyJoules: null,
  latencySeconds: null,
  spikesPerSample: null,
  cores: null,
  chips: null,
  mismatches: null,
  energyProfile: null,
  unknownFigures: [] as readonly string[],
  refused: [] as SweepPoint['refused'],
} satisfies Partial<SweepPoint>;

/** Faults that hold for every point are told before hours of work. Throws SW2201, SW3004, SW3005 and SW4001…SW4003. */
async function checkBeforehand(points: readonly RunConfig[]): Promise<void> {
  const [{ dataset, compile }] = points as [RunConfig];
  for (const target of new Set(points.map((point) => point.compile.target))) {
    readEnergyFigures(await chosenTarget(target), compile.energyProfile ?? undefined);
  }
  openDataset(dataset.name, 'test', dataset.dataDir ?? undefined);
}

interface DescribedPoint {
  readonly settings: SweepSettings;
  readonly name: string;
}

async function describePoint({ compile, timesteps, convert }: RunConfig): Promise<DescribedPoint> {
  const target = await chosenTarget(compile.target);
  const weightBits = compile.weightBits ?? target.arithmetic.weight.bits;
  const { placementSeed } = compile;
  const settings: SweepSettings = {
    target: target.name,
    weightBits,
    timesteps,
    thresholdScale: convert.scale,
    placementSeed,
  };
  // Two files may describe chips of one name.
  const chip = compile.target === target.name ? target.name : basename(compile.target);
  return { settings, name: `${chip} ${weightBits}-bit T=${timesteps} x${convert.scale} seed ${placementSeed}` };
}

/** The compiled point, or why the compiler refused it: that belongs to the result, everything else stops the sweep. */
async function compileOrRefuse(run: RunContext, snn: NetworkStage<SnnGraph>) {
  try {
    return await compileStage(run, snn);
  } catch (error) {
    const isRefusal = error instanceof SpikewrightError && error.diagnostics.every(({ code }) => /^SW2[01]/.test(code));
    if (!isRefusal) throw error;
    const faults = error.diagnostics.filter(({ severity }) => severity === 'error');
    return { refused: faults.map(({ code, where, what }) => ({ code, where, what })) };
  }
}

function objectives({ energyJoules, latencySeconds, robust, target, energyProfile, unknownFigures }: SweepPoint) {
  return {
    energy: energyJoules,
    latency: latencySeconds,
    robust: robust === null ? null : robust.correct / robust.total,
    // Lower bounds of different chips leave out different things, even where these have the same names.
    leftOut: unknownFigures.length === 0 ? '' : `${target} ${energyProfile} ${unknownFigures.join(', ')}`,
  };
}
