import { join } from 'node:path';
import { defaultPlacement } from '../../compiler/compile.js';
import type { QuantisationRow } from '../../compiler/quantisation-table.js';
import type { AnnGraph } from '../../schemas/ann.js';
import { type Diagnostic, diagnostic } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import type { Program } from '../../schemas/program.js';
import { decodeProgram, encodeProgram } from '../../schemas/program-file.js';
import type { RunConfig } from '../../schemas/run.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { FloatSpikeGraph, IntegerSpikeGraph } from '../../schemas/spike.js';
import { decodeFloatSpikeGraph, decodeIntegerSpikeGraph, encodeSpikeGraph } from '../../schemas/spike-file.js';
import type { Statistics } from '../../schemas/stats.js';
import { elementCount } from '../../schemas/tensor.js';
import { mainAttack } from '../attack-choice.js';
import { calibrationImages } from '../calibration-images.js';
import { labelsOf } from '../data/dataset.js';
import { imagesAt } from '../data/image-source.js';
import { compileOrAdvise } from '../nearest-fit.js';
import { type Artefacts, artefactHash, readArtefact } from '../store/store.js';
import { compileTarget } from '../target-choice.js';
import { firstOf } from '../train/accuracy.js';
import { openStatistics } from '../verify/chip.js';
import { chooseLevelEngines } from '../verify/level-engines.js';
import { recordIntegerNetwork } from '../verify/origin.js';
import { makeReproducer } from '../verify/reproducer.js';
import { simulateImages } from '../verify/simulate-task.js';
import { verifyNetwork } from '../verify/verify.js';
import { spikewrightVersion } from '../version.js';
import { type NetworkStage, QAT } from './float-stages.js';
import { jsonBytes, type RunContext } from './run-context.js';
import { type Verification, verificationOf } from './verification.js';
import { verifyOptions } from './verify-options.js';

/** Images of the report's gallery. */
const EXAMPLES = 8;

export const PROGRAM_FILE = 'program.swp';
export const INTEGER_FILE = 'integer.swg';
const FLOAT_FILE = 'float.swg';
const QUANTISATION_FILE = 'quantisation.json';
export const STATISTICS_FILE = 'statistics.json';
const VERIFICATION_FILE = 'verification.json';
const REPRODUCER_FILE = 'reproducer.json';

/** The stages of a run up to the simulated chip, in their order. */
export function stagesToChip({ finetune }: RunConfig): readonly string[] {
  return ['import', 'convert', 'finetune', ...(finetune.qat === null ? [] : [QAT]), 'compile', 'simulate'];
}

export interface CompileStage {
  readonly artefacts: Artefacts;
  readonly program: Program;
  /** What the program computes, as integers. */
  readonly graph: IntegerSpikeGraph;
  /** The network before quantisation. */
  readonly floatGraph: FloatSpikeGraph;
  readonly quantisation: readonly QuantisationRow[];
}

/** Folds, quantises and maps the SNN. Throws what the target and the compiler's passes throw. */
export async function compileStage(run: RunContext, snn: NetworkStage<SnnGraph>): Promise<CompileStage> {
  const { calibrationImages: count, placementSeed } = run.config.compile;
  const target = await compileTarget(run.config.compile);
  const { trainSamples } = run.config.dataset;
  const targetHash = sha256(Buffer.from(JSON.stringify(target)));
  const artefacts = await run.stage(
    {
      stage: 'compile',
      inputs: { snn: snn.hash, target: targetHash, ...(count === 0 ? {} : { data: run.datasetHash('train') }) },
      options: {
        ...(count === 0 ? {} : { calibrationImages: count, trainSamples }),
        ...(placementSeed === 0 ? {} : { placementSeed }),
      },
    },
    async () => {
      const sources = [
        { role: 'snn', sha256: snn.hash },
        { role: 'target', sha256: targetHash },
      ];
      const options = JSON.stringify({
        ...(count === 0 ? {} : { calibrate: [run.config.dataset.name, count, trainSamples] }),
        ...(placementSeed === 0 ? {} : { seed: placementSeed }),
      });
      const provenance = { spikewrightVersion, sources, options };
      const placement = { ...defaultPlacement, seed: placementSeed };
      const calibration = calibrationImages(
        snn.graph,
        run.dataset('train'),
        { count, trainSamples },
        run.listener.hooks('compile'),
      );
      const { value, diagnostics } = compileOrAdvise(snn.graph, target, { provenance, placement, calibration });
      run.listener.tell(diagnostics);
      const graph = encodeSpikeGraph(value.spikeGraph);
      return {
        [PROGRAM_FILE]: encodeProgram(recordIntegerNetwork(value.program, graph)),
        [INTEGER_FILE]: graph,
        [FLOAT_FILE]: encodeSpikeGraph(value.floatGraph),
        [QUANTISATION_FILE]: jsonBytes(value.quantisation),
      };
    },
    async (made) => programSummary(decodeProgram(await readArtefact(made, PROGRAM_FILE), PROGRAM_FILE)),
  );
  return {
    artefacts,
    program: decodeProgram(await readArtefact(artefacts, PROGRAM_FILE), PROGRAM_FILE),
    graph: decodeIntegerSpikeGraph(await readArtefact(artefacts, INTEGER_FILE), INTEGER_FILE),
    floatGraph: decodeFloatSpikeGraph(await readArtefact(artefacts, FLOAT_FILE), FLOAT_FILE),
    quantisation: JSON.parse(Buffer.from(await readArtefact(artefacts, QUANTISATION_FILE)).toString('utf8')),
  };
}

export interface SimulateStage {
  readonly artefacts: Artefacts;
  readonly statistics: Statistics;
}

/** Runs clean test images on the simulated chip from the program alone. Throws what the simulator throws. */
export async function simulateStage(run: RunContext, { artefacts, program }: CompileStage): Promise<SimulateStage> {
  const { timing, samples } = run.config.simulate;
  const { energyProfile } = run.config.compile;
  const made = await run.stage(
    {
      stage: 'simulate',
      inputs: { program: artefactHash(artefacts, PROGRAM_FILE), data: run.datasetHash('test') },
      options: { timing, samples, energyProfile },
    },
    async () => {
      const test = run.dataset('test');
      const indices = Uint32Array.from(firstOf(test, samples, 1).indices);
      const chip = { timing, energyProfile: energyProfile ?? undefined };
      const statistics = openStatistics(program, chip);
      await simulateImages(
        program,
        imagesAt(test, indices),
        { ...chip, workers: run.workers },
        (result) => statistics.add(result),
        run.listener.hooks('simulate'),
      );
      return { [STATISTICS_FILE]: jsonBytes(statistics.summary()) };
    },
    async (stage) => statisticsSummary(await readStatistics(stage)),
  );
  return { artefacts: made, statistics: await readStatistics(made) };
}

/** What the outcome of a network at all its levels follows from. */
export function levelInputs(
  run: RunContext,
  ann: NetworkStage<AnnGraph>,
  snn: NetworkStage<SnnGraph>,
  compiled: Artefacts,
): Readonly<Record<string, string>> {
  return {
    ann: ann.hash,
    snn: snn.hash,
    program: artefactHash(compiled, PROGRAM_FILE),
    floatGraph: artefactHash(compiled, FLOAT_FILE),
    graph: artefactHash(compiled, INTEGER_FILE),
    data: run.datasetHash('test'),
  };
}

export interface VerifyStage {
  readonly artefacts: Artefacts;
  readonly verification: Verification;
}

/** Measures all levels on clean and attacked test images and compares chip and twin. Throws what `verifyNetwork` throws. */
export async function verifyStage(
  run: RunContext,
  ann: NetworkStage<AnnGraph>,
  snn: NetworkStage<SnnGraph>,
  { artefacts, program, graph, floatGraph }: CompileStage,
): Promise<VerifyStage> {
  const {
    attack,
    seed,
    simulate,
    compile: { energyProfile },
  } = run.config;
  const { engines, diagnostics } = await chooseLevelEngines(graph, run.config);
  run.listener.tell(diagnostics);
  const made = await run.stage(
    {
      stage: 'verify',
      inputs: levelInputs(run, ann, snn, artefacts),
      options: {
        attack: mainAttack(attack),
        seed,
        timing: simulate.timing,
        energyProfile,
        examples: EXAMPLES,
        engine: [engines.networks, engines.twin, engines.backend],
      },
    },
    async () => {
      const test = run.dataset('test');
      const { indices } = firstOf(test, attack.samples, 1);
      const plain = verifyOptions(run, attack, engines);
      const result = await verifyNetwork(
        { ann: ann.graph, snn: snn.graph, floatGraph, graph, program },
        { images: test.images(indices), labels: labelsOf(test, indices), indices },
        {
          ...plain,
          attack: { ...plain.attack, blackBoxQueries: attack.blackBoxQueries },
          chip: { timing: simulate.timing, energyProfile: energyProfile ?? undefined },
          examples: EXAMPLES,
        },
        run.listener.hooks('verify'),
      );
      const hashes = {
        program: artefactHash(artefacts, PROGRAM_FILE),
        graph: artefactHash(artefacts, INTEGER_FILE),
      };
      const reproducer =
        result.failing &&
        (await makeReproducer({ program, graph, hashes }, result.failing, run.listener.hooks('reproducer')));
      return {
        [VERIFICATION_FILE]: jsonBytes(verificationOf(result, elementCount(test.shape))),
        ...(reproducer === null ? {} : { [REPRODUCER_FILE]: jsonBytes(reproducer) }),
      };
    },
    async (stage) => verificationSummary(await readVerification(stage)),
  );
  return { artefacts: made, verification: await readVerification(made) };
}

/** SW5012 where chip and twin differ, with the path of the case that shows it. */
export function reproducerDiagnostics({ folder, record }: Artefacts): Diagnostic[] {
  if (!record.outputs.some(({ file }) => file === REPRODUCER_FILE)) return [];
  const what = 'cut from the first sample in which chip and twin differ.';
  return [diagnostic('SW5012', 'note', { where: join(folder, REPRODUCER_FILE), what })];
}

async function readStatistics(artefacts: Artefacts): Promise<Statistics> {
  return JSON.parse(Buffer.from(await readArtefact(artefacts, STATISTICS_FILE)).toString('utf8'));
}

async function readVerification(artefacts: Artefacts): Promise<Verification> {
  return JSON.parse(Buffer.from(await readArtefact(artefacts, VERIFICATION_FILE)).toString('utf8'));
}

function programSummary(program: Program): string {
  return `${program.cores.length} cores on ${program.chips} ${program.chips === 1 ? 'chip' : 'chips'}, ${program.stepsPerSample} timesteps per sample`;
}

function statisticsSummary({ samples, spikes, synapticOperations }: Statistics): string {
  const whole = (value: number): string => Math.round(value).toLocaleString('en-GB');
  return `${samples} images, ${whole(spikes)} spikes and ${whole(synapticOperations)} synaptic operations each`;
}

function verificationSummary({ samples, comparison }: Verification): string {
  const differing = comparison.spikeMismatches + comparison.readoutMismatches;
  return differing === 0
    ? `chip = twin on ${samples} clean and ${samples} attacked images, ${comparison.spikesCompared.toLocaleString('en-GB')} spike slots`
    : `chip ≠ twin: ${differing.toLocaleString('en-GB')} differences`;
}
