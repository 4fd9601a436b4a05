import type { LevelName } from '../../schemas/report.js';
import type { SampleResult } from '../../sim/sample-result.js';
import type { Attack } from '../attack/attack.js';
import type { LabelledBatch } from '../attack/samples.js';
import type { Member } from '../attack/worst-case.js';
import { worstCase } from '../attack/worst-case.js';
import { encodeImages } from '../drive.js';
import type { Classifier } from '../engine/engine.js';
import { predictions } from '../train/loss.js';
import type { IntegerTwin } from '../twin/twin.js';
import type { Chip } from './chip.js';
import type { Comparison } from './compare.js';
import { compareSample, mergeComparisons, nothingCompared } from './compare.js';

/** From what was trained to what runs. */
export const levelNames = ['ann', 'snn', 'twin', 'chip'] as const satisfies readonly LevelName[];

/** The network at each level; the float levels may be missing. */
export interface Levels {
  readonly ann: Classifier | null;
  readonly snn: Classifier | null;
  readonly twin: IntegerTwin;
  readonly chip: Chip;
}

/** White-box attack of each level's own model; the chip is judged on the images crafted against its twin. */
export interface LevelAttack {
  readonly attack: Attack;
  /** Gradient models for the spiking levels, worst case over all. */
  readonly members: readonly Member[];
  readonly seed: number;
}

/** N predicted classes on the clean images and on those crafted against the level. */
export interface LevelPredictions {
  readonly clean: Uint8Array;
  readonly adversarial: Uint8Array;
}

/** What evaluating a batch gave: plain data. */
export interface LevelsOutcome {
  readonly predictions: Readonly<Record<LevelName, LevelPredictions | null>>;
  /** [N, H, W, C], crafted against the twin. */
  readonly adversarial: Float32Array;
  /** Chip against twin on clean and adversarial images, every spike; samples are numbered by the batch's indices. */
  readonly comparison: Comparison;
  /** Of the chip, N each. */
  readonly results: { readonly clean: readonly SampleResult[]; readonly adversarial: readonly SampleResult[] };
}

/** Classifies a batch cleanly and under attack at every level, and compares chip and twin spike for spike. */
export async function evaluateLevels(
  levels: Levels,
  batch: LabelledBatch,
  attack: LevelAttack,
): Promise<LevelsOutcome> {
  // An ANN has one gradient, whatever the surrogate.
  const single = { ...attack, members: attack.members.slice(0, 1) };
  const ann = levels.ann === null ? null : await attackLevel(levels.ann, batch, single);
  const snn = levels.snn === null ? null : await attackLevel(levels.snn, batch, attack);
  const twin = await attackLevel(levels.twin, batch, attack);
  const clean = await runChip(levels, batch.images, batch.indices);
  const adversarial = await runChip(levels, twin.adversarial, batch.indices);
  return {
    predictions: {
      ann: ann?.predictions ?? null,
      snn: snn?.predictions ?? null,
      twin: twin.predictions,
      chip: { clean: clean.predictions, adversarial: adversarial.predictions },
    },
    adversarial: twin.adversarial,
    comparison: mergeComparisons(clean.comparison, adversarial.comparison),
    results: { clean: clean.results, adversarial: adversarial.results },
  };
}

async function attackLevel(
  classifier: Classifier,
  batch: LabelledBatch,
  { attack, members, seed }: LevelAttack,
): Promise<{ predictions: LevelPredictions; adversarial: Float32Array }> {
  const count = batch.labels.length;
  const pass = await classifier.forward(batch.images, { mode: 'eval', gradients: 'none' });
  pass.dispose();
  const found = await worstCase(classifier, batch, { attack, members, seed, batchSize: count });
  const clean = predictions(pass.logits, count);
  return { predictions: { clean, adversarial: found.predictions }, adversarial: found.adversarial };
}

/** Encodes once, and hands the same currents to chip and twin. */
async function runChip(
  { chip, twin }: Levels,
  images: Float32Array,
  indices: ArrayLike<number>,
): Promise<{ predictions: Uint8Array; comparison: Comparison; results: readonly SampleResult[] }> {
  const samples = encodeImages(twin.graph.drives, images);
  const expected = await twin.recordEncoded(samples);
  const { logits, records, results } = chip.runEncoded(samples, { record: true });
  let comparison = nothingCompared;
  for (const [n, record] of records.entries()) {
    comparison = mergeComparisons(comparison, compareSample(chip.program, indices[n]!, expected[n]!, record));
  }
  return { predictions: predictions(logits, samples.length), comparison, results };
}
