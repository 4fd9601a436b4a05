import type { QuantisationRow } from '../../compiler/quantisation-table.js';
import type { Program } from '../../schemas/program.js';
import type { LevelName, Report, ReportExample, ReportLevel, ReportStrength } from '../../schemas/report.js';
import type { RunConfig } from '../../schemas/run.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { FloatSpikeGraph, IntegerSpikeGraph } from '../../schemas/spike.js';
import type { Statistics } from '../../schemas/stats.js';
import { elementCount } from '../../schemas/tensor.js';
import type { Dataset } from '../data/dataset.js';
import type { Engine } from '../engine/engine.js';
import { adversarialImages, type Verification } from '../pipeline/verification.js';
import type { Artefacts } from '../store/store.js';
import type { EpochRecord } from '../train/checkpoint.js';
import { spikewrightVersion } from '../version.js';
import { chipPart } from './chip-part.js';
import { finetuningRow } from './finetuning-row.js';
import { differenceImage, imagePng } from './image-png.js';
import { quantisationRows, thresholdRows } from './quantisation-rows.js';

/** Everything that a finished run made. */
export interface RunResults {
  readonly config: RunConfig;
  readonly engine: Engine;
  /** Of the test images. */
  readonly dataset: Dataset;
  /** Before and after finetuning. */
  readonly calibrated: SnnGraph;
  readonly finetuned: SnnGraph;
  readonly history: readonly EpochRecord[];
  readonly program: Program;
  readonly floatGraph: FloatSpikeGraph;
  readonly integerGraph: IntegerSpikeGraph;
  readonly quantisation: readonly QuantisationRow[];
  /** Of clean images. */
  readonly statistics: Statistics;
  readonly verification: Verification;
  /** Under further attacks. */
  readonly strengths: readonly ReportStrength[];
  /** In the order of the pipeline. */
  readonly stages: readonly Artefacts[];
}

/** The report of a finished run; equal results give an equal report. */
export function buildReport(results: RunResults): Report {
  const { config, program, statistics, verification, dataset, engine, history } = results;
  const { comparison } = verification;
  return {
    format: 'spikewright/report',
    formatVersion: 1,
    name: program.name,
    spikewrightVersion,
    seed: config.seed,
    dataset: dataset.name,
    classNames: dataset.classNames,
    timesteps: program.timesteps,
    samples: verification.samples,
    attack: {
      method: config.attack.ensemble ? `${config.attack.kind} ensemble` : config.attack.kind,
      epsilon: config.attack.epsilon,
      steps: attackSteps(config.attack),
    },
    levels: requireLevels(verification),
    strengths: results.strengths,
    transfer: verification.transfer,
    members: verification.members,
    comparisons: verification.comparisons,
    spikeAgreement: verification.spikeAgreement,
    blackBox: verification.blackBox,
    spikeMismatches: comparison.spikeMismatches,
    readoutMismatches: comparison.readoutMismatches,
    ...chipPart(program, statistics),
    finetuning: history.map(finetuningRow),
    thresholds: thresholdRows(results.calibrated, results.finetuned, results.integerGraph),
    quantisation: quantisationRows(results.floatGraph, results.integerGraph, results.quantisation),
    examples: examples(verification, dataset, config.attack.epsilon),
    provenance: {
      engine: engine.name,
      backend: engine.backend,
      node: process.version,
      stages: results.stages.flatMap(({ record, folder }) =>
        record.outputs.map(({ file, sha256 }, index) => ({
          stage: record.stage,
          file: `${folder.split(/[/\\]/).at(-1)}/${file}`,
          sha256,
          // A stage's time is told once, with its first output.
          seconds: index === 0 ? record.seconds : 0,
          options: JSON.stringify(record.options),
        })),
      ),
    },
  };
}

function requireLevels({ levels }: Verification): Record<LevelName, ReportLevel> {
  const { ann, snn, spike, twin, chip } = levels;
  if (ann === null || snn === null || spike === null || twin === null || chip === null) {
    throw new Error('a run measures every level');
  }
  return { ann, snn, spike, twin, chip };
}

function examples(verification: Verification, dataset: Dataset, epsilon: number): ReportExample[] {
  const size = elementCount(dataset.shape);
  const adversarial = adversarialImages(verification);
  return Array.from({ length: adversarial.length / size }, (_, index): ReportExample => {
    const clean = dataset.images([index]);
    const attacked = adversarial.subarray(index * size, (index + 1) * size);
    const of = (level: LevelName) => ({
      clean: verification.examplePredictions[level]?.clean[index] ?? 0,
      adversarial: verification.examplePredictions[level]?.adversarial[index] ?? 0,
    });
    return {
      index,
      label: dataset.labels[index]!,
      cleanPng: imagePng(clean, dataset.shape),
      adversarialPng: imagePng(attacked, dataset.shape),
      differencePng: imagePng(differenceImage(clean, attacked, epsilon), dataset.shape),
      predictions: { ann: of('ann'), snn: of('snn'), spike: of('spike'), twin: of('twin'), chip: of('chip') },
      outputs: {
        clean: verification.exampleLogits.clean[index]!,
        adversarial: verification.exampleLogits.adversarial[index]!,
      },
    };
  });
}

function attackSteps({ kind, steps, queries }: RunConfig['attack']): number {
  if (kind === 'fgsm' || kind === 'rfgsm') return 1;
  return kind === 'square' ? queries : steps;
}
