import type { AnnGraph } from '../../schemas/ann.js';
import type { Program } from '../../schemas/program.js';
import type {
  LevelName,
  ReportBlackBox,
  ReportComparison,
  ReportMember,
  ReportSpikeAgreement,
  ReportTransfer,
  SourceName,
} from '../../schemas/report.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { FloatSpikeGraph, IntegerSpikeGraph } from '../../schemas/spike.js';
import type { Statistics } from '../../schemas/stats.js';
import { openMachineMemory } from '../../sim/memory-pages.js';
import { pgd } from '../attack/attack.js';
import { queryCurve } from '../attack/robustness.js';
import type { LabelledBatch } from '../attack/samples.js';
import { mergeTallies } from '../attack/worst-case.js';
import { ensemble } from '../engine/surrogate.js';
import type { Hooks } from '../hooks.js';
import { mapTask } from '../workers/pool.js';
import type { Agreement } from './agreement.js';
import { agreements } from './agreement.js';
import type { ChipOptions } from './chip.js';
import { chipStatistics } from './chip.js';
import { chunkRanges } from './chunks.js';
import type { Comparison } from './compare.js';
import { mergeComparisons, nothingCompared, requireSameNetwork } from './compare.js';
import { type Fault, locateFault } from './fault.js';
import type { LevelEngines } from './level-engines.js';
import type { FailingSample, LevelAttack, LevelPredictions, LevelsOutcome } from './levels.js';
import { levelNames } from './levels.js';
import { levelsTask } from './levels-task.js';
import { mergeAgreements, reportAgreement } from './spike-agreement.js';
import type { LevelOutcomes, LevelResult } from './transfer.js';
import { compareLevels, levelOutcomes, levelResult, transferMatrix } from './transfer.js';

/** One network at its levels; the twin runs `graph`, the chip runs `program`. The float levels may be missing. */
export interface VerifiedNetwork {
  readonly ann: AnnGraph | null;
  readonly snn: SnnGraph | null;
  /** The network after folding, before quantisation. */
  readonly floatGraph: FloatSpikeGraph | null;
  readonly graph: IntegerSpikeGraph;
  readonly program: Program;
}

export interface VerifyOptions {
  readonly attack: LevelAttack;
  /** The difference of accuracies that does not matter, in (0, 1). */
  readonly margin: number;
  readonly chip: Omit<ChipOptions, 'fault'>;
  readonly engines: LevelEngines;
  /** Samples per forward pass and unit of work, ≥ 1. */
  readonly batchSize: number;
  readonly workers: number;
  /** How many adversarial images to give back. */
  readonly examples: number;
}

/** PGD-20 at ε = 2/255 with the training surrogate. */
export const defaultAttack: LevelAttack = {
  attack: pgd(2 / 255, 20),
  members: ensemble.slice(0, 1),
  blackBoxQueries: 0,
  seed: 0,
};

export interface VerifyResult {
  readonly samples: number;
  readonly levels: Readonly<Record<LevelName, LevelResult | null>>;
  readonly predictions: Readonly<Record<LevelName, LevelPredictions | null>>;
  /** By level, a 1 for each sample that it has right and a 0 for each other, clean and under its own adversary. */
  readonly outcomes: Readonly<Partial<Record<LevelName, LevelOutcomes>>>;
  readonly transfer: readonly ReportTransfer[];
  readonly members: readonly ReportMember[];
  readonly comparisons: readonly ReportComparison[];
  readonly agreement: readonly Agreement[];
  readonly spikeAgreement: readonly ReportSpikeAgreement[];
  readonly blackBox: ReportBlackBox | null;
  /** Chip against twin, clean and adversarial runs together. */
  readonly comparison: Comparison;
  /** Where in the program the first mismatch comes from; null where there is none. */
  readonly fault: Fault | null;
  /** The sample of the first mismatch, clean or adversarial; null where there is none. */
  readonly failing: FailingSample | null;
  /** Of the chip's runs. */
  readonly statistics: { readonly clean: Statistics; readonly adversarial: Statistics };
  /** [min(examples, samples), H, W, C], crafted against the twin. */
  readonly adversarial: Float32Array;
  /** Of the same samples: the chip's logits, [classes] each. */
  readonly exampleLogits: { readonly clean: readonly number[][]; readonly adversarial: readonly number[][] };
}

/**
 * Classifies N ≥ 1 labelled images cleanly and under attack at every level, runs the chip on the clean images and on
 * those crafted against its twin, and compares chip and twin at every spike and readout. The result does not depend on
 * `workers`. A mismatch is a result, not an error: see `comparisonDiagnostics`. Throws SW5001 to SW5004, SW5009 and what
 * loading program and target throws.
 */
export async function verifyNetwork(
  network: VerifiedNetwork,
  batch: LabelledBatch,
  options: VerifyOptions,
  { progress, signal }: Hooks = {},
): Promise<VerifyResult> {
  const { program, graph } = network;
  requireSameNetwork(program, graph);
  const samples = batch.labels.length;
  const size = batch.images.length / samples;
  const ranges = chunkRanges(samples, options.batchSize);
  const outcomes = await mapTask(
    levelsTask,
    { network, attack: options.attack, chip: options.chip, engines: options.engines, memory: openMachineMemory() },
    ranges.map(({ first, end }) => ({
      images: batch.images.slice(first * size, end * size),
      labels: Array.from(batch.labels).slice(first, end),
      indices: Array.from(batch.indices).slice(first, end),
    })),
    {
      workers: options.workers,
      signal,
      progress: (done) => progress?.(Math.min(done * options.batchSize, samples), samples),
    },
  );
  const predictions = Object.fromEntries(
    levelNames.map((name) => [name, joinPredictions(outcomes.map((outcome) => outcome.predictions[name]))]),
  ) as Record<LevelName, LevelPredictions | null>;
  const statisticsOf = (images: keyof LevelsOutcome['results']): Statistics =>
    chipStatistics(
      program,
      options.chip,
      outcomes.flatMap(({ results }) => results[images]),
    );
  const membersOf = (source: 'snn' | 'twin'): ReportMember[] =>
    outcomes
      .map(({ members }) => members[source])
      .reduce(mergeTallies)
      .map((member) => ({ source, ...member }));
  const comparison = outcomes.map((outcome) => outcome.comparison).reduce(mergeComparisons, nothingCompared);
  const { firstMismatch } = comparison;
  return {
    samples,
    levels: Object.fromEntries(
      levelNames.map((name) => [name, levelResult(name, predictions, batch.labels)]),
    ) as VerifyResult['levels'],
    predictions,
    outcomes: levelOutcomes(predictions, batch.labels),
    transfer: transferMatrix(predictions, batch.labels),
    members: [...membersOf('snn'), ...membersOf('twin')],
    comparisons: compareLevels(predictions, batch.labels, options.margin),
    agreement: agreements(predictions),
    spikeAgreement: outcomes
      .map(({ spikeAgreement }) => spikeAgreement)
      .reduce((earlier, later) => earlier.map((agreement, k) => mergeAgreements(agreement, later[k]!)))
      .map(reportAgreement),
    blackBox: blackBoxResult(outcomes, options.attack.blackBoxQueries),
    comparison,
    fault: firstMismatch && locateFault(program, graph, firstMismatch),
    failing: outcomes.find(({ failing }) => failing !== null)?.failing ?? null,
    statistics: { clean: statisticsOf('clean'), adversarial: statisticsOf('adversarial') },
    adversarial: firstImages(outcomes, Math.min(options.examples, samples) * size),
    exampleLogits: {
      clean: firstLogits(outcomes, 'clean', options.examples),
      adversarial: firstLogits(outcomes, 'adversarial', options.examples),
    },
  };
}

function joinPredictions(parts: readonly (LevelPredictions | null)[]): LevelPredictions | null {
  const present = parts.filter((part) => part !== null);
  if (present.length < parts.length) return null;
  const join = (set: 'clean' | SourceName): Uint8Array | null => {
    const sets = present.map((part) => part[set]).filter((part) => part !== null);
    return sets.length < parts.length ? null : Uint8Array.from(sets.flatMap((part) => [...part]));
  };
  return { clean: join('clean'), ann: join('ann'), snn: join('snn'), twin: join('twin') };
}

function blackBoxResult(outcomes: readonly LevelsOutcome[], queries: number): ReportBlackBox | null {
  const parts = outcomes.map(({ blackBox }) => blackBox).filter((part) => part !== null);
  if (parts.length === 0) return null;
  const fooled = Uint8Array.from(parts.flatMap((part) => [...part.fooled]));
  const spent = Uint32Array.from(parts.flatMap((part) => [...part.queries]));
  return { queries, samples: fooled.length, curve: queryCurve({ fooled, queries: spent }, queries) };
}

/** The chip's logits of the first samples, at most `count`. */
function firstLogits(outcomes: readonly LevelsOutcome[], set: 'clean' | 'adversarial', count: number): number[][] {
  return outcomes
    .flatMap(({ chipLogits, results }) => {
      const logits = chipLogits[set];
      const classes = logits.length / results[set].length;
      return results[set].map((_, n) => Array.from(logits.subarray(n * classes, (n + 1) * classes)));
    })
    .slice(0, count);
}

/** The first `length` values of all adversarial images. */
function firstImages(outcomes: readonly LevelsOutcome[], length: number): Float32Array {
  const images = new Float32Array(length);
  let filled = 0;
  for (const { adversarial } of outcomes) {
    if (filled === length) break;
    const part = adversarial.subarray(0, length - filled);
    images.set(part, filled);
    filled += part.length;
  }
  return images;
}
