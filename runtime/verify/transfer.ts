import type { LevelName, ReportComparison, ReportTransfer, SourceName } from '../../schemas/report.js';
import type { Proportion } from '../wilson.js';
import { wilson } from '../wilson.js';
import { judgePairs } from './equivalence.js';
import type { LevelPredictions } from './levels.js';
import { levelNames, sourceNames } from './levels.js';
import { pairedCounts } from './mcnemar.js';

type Predictions = Readonly<Record<LevelName, LevelPredictions | null>>;

export interface LevelResult {
  readonly clean: Proportion;
  /** On the images crafted against the level itself (`ownSource`). */
  readonly robust: Proportion;
}

/**
 * Whose gradients attack a level: its own, or those of the source that computes the same: the SNN for the spike graph,
 * where it was measured, and the twin for the chip.
 */
export function ownSource(level: LevelName, predictions: Predictions): SourceName {
  if (level === 'spike') return predictions.snn === null ? 'twin' : 'snn';
  return level === 'chip' ? 'twin' : level;
}

/** Accuracy of a level, clean and under its own adversary; null where it was not measured. */
export function levelResult(level: LevelName, predictions: Predictions, labels: ArrayLike<number>): LevelResult | null {
  const own = predictions[level];
  if (own === null) return null;
  return {
    clean: share(correctness(own.clean!, labels)),
    robust: share(correctness(own[ownSource(level, predictions)]!, labels)),
  };
}

/** Digits, one per sample. */
export interface LevelOutcomes {
  readonly clean: string;
  readonly robust: string;
}

/** Which samples each level that was measured has right. */
export function levelOutcomes(
  predictions: Predictions,
  labels: ArrayLike<number>,
): Partial<Record<LevelName, LevelOutcomes>> {
  const digits = (predicted: Uint8Array): string => correctness(predicted, labels).join('');
  return Object.fromEntries(
    levelNames.flatMap((level) => {
      const own = predictions[level];
      if (own === null) return [];
      return [[level, { clean: digits(own.clean!), robust: digits(own[ownSource(level, predictions)]!) }]];
    }),
  );
}

/** Every adversary against every level that was measured. */
export function transferMatrix(predictions: Predictions, labels: ArrayLike<number>): ReportTransfer[] {
  return sourceNames.flatMap((source) =>
    levelNames.flatMap((level) => {
      const predicted = predictions[level]?.[source];
      return predicted == null ? [] : [{ source, level, robust: share(correctness(predicted, labels)) }];
    }),
  );
}

/** What is asked: whether each step keeps accuracy and robustness, and whether all of them together do. */
const pairs: readonly (readonly [LevelName, LevelName])[] = [
  ['ann', 'snn'],
  ['snn', 'spike'],
  ['spike', 'twin'],
  ['snn', 'chip'],
];

/** Paired comparisons of the levels that were measured, each level under its own adversary or on clean images. */
export function compareLevels(predictions: Predictions, labels: ArrayLike<number>, margin: number): ReportComparison[] {
  return pairs.flatMap(([first, second]) => {
    const a = predictions[first];
    const b = predictions[second];
    if (a === null || b === null) return [];
    const judged = (left: Uint8Array, right: Uint8Array) =>
      judgePairs(pairedCounts(correctness(left, labels), correctness(right, labels)), margin);
    const [ownA, ownB] = [a[ownSource(first, predictions)]!, b[ownSource(second, predictions)]!];
    return [
      { levels: [first, second], images: 'clean', ...judged(a.clean!, b.clean!) },
      { levels: [first, second], images: 'attacked', ...judged(ownA, ownB) },
    ];
  });
}

/** 1 where a prediction is the label. */
function correctness(predicted: Uint8Array, labels: ArrayLike<number>): Uint8Array {
  return predicted.map((label, n) => (label === labels[n] ? 1 : 0));
}

function share(correct: Uint8Array): Proportion {
  return wilson(
    correct.reduce((sum, flag) => sum + flag, 0),
    correct.length,
  );
}
