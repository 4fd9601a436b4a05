import type { LevelName, SourceName } from '../../schemas/report.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import type { SampleResult } from '../../sim/sample-result.js';
import type { Attack } from '../attack/attack.js';
import type { LabelledBatch } from '../attack/samples.js';
import { classify } from '../attack/samples.js';
import type { Member, MemberResult, WorstCase } from '../attack/worst-case.js';
import { memberTally, worstCase } from '../attack/worst-case.js';
import { type EncodedSample, encodeImages } from '../drive.js';
import type { Classifier, Model } from '../engine/engine.js';
import { predictions } from '../train/loss.js';
import type { FloatSpikes } from '../twin/float-spikes.js';
import type { Twin } from '../twin/twin.js';
import type { Chip } from './chip.js';
import { ChipOracle } from './chip-oracle.js';
import type { Comparison } from './compare.js';
import { compareSample, mergeComparisons, nothingCompared } from './compare.js';
import type { LevelRecord, SpikeAgreement } from './spike-agreement.js';
import { compareSpikes } from './spike-agreement.js';

/** From what was trained to what runs. */
export const levelNames = ['ann', 'snn', 'spike', 'twin', 'chip'] as const satisfies readonly LevelName[];

/** The levels that adversaries are made from, in the same order. */
export const sourceNames = ['ann', 'snn', 'twin'] as const satisfies readonly SourceName[];

/** The network at each level; the float levels may be missing. */
export interface Levels {
  readonly ann: Classifier | null;
  readonly snn: Model | null;
  readonly spike: FloatSpikes | null;
  readonly twin: Twin;
  readonly chip: Chip;
  /** The same program without time, for what needs its spikes or answers alone. */
  readonly untimed: Chip;
}

export interface LevelAttack {
  /** White box, against each source's own model. */
  readonly attack: Attack;
  /** Gradient models for the spiking sources, worst case over all. */
  readonly members: readonly Member[];
  /** Queries per sample of a random search that sees the chip's answers alone; 0 for none. */
  readonly blackBoxQueries: number;
  readonly seed: number;
}

/** N predicted classes, on the clean images and on those crafted against each source that there is. */
export type LevelPredictions = Readonly<Record<'clean' | SourceName, Uint8Array | null>>;

/** A sample in which chip and twin differ. */
export interface FailingSample {
  readonly sample: number;
  readonly drives: EncodedSample;
}

/** What evaluating a batch gave: plain data. */
export interface LevelsOutcome {
  readonly predictions: Readonly<Record<LevelName, LevelPredictions | null>>;
  /** [N, H, W, C], crafted against the twin. */
  readonly adversarial: Float32Array;
  /** Of each spiking source, what its members came to. */
  readonly members: Readonly<Record<'snn' | 'twin', readonly MemberResult[]>>;
  /** Chip against twin on clean and adversarial images, every spike; samples are numbered by the batch's indices. */
  readonly comparison: Comparison;
  /** The sample of the first mismatch; null where there is none. */
  readonly failing: FailingSample | null;
  /** SNN against spike graph and spike graph against twin, on the clean images. */
  readonly spikeAgreement: readonly SpikeAgreement[];
  readonly blackBox: { readonly fooled: Uint8Array; readonly queries: Uint32Array } | null;
  /** [N, classes] of the chip, on the clean images and on those crafted against its twin. */
  readonly chipLogits: { readonly clean: Float32Array; readonly adversarial: Float32Array };
  /** Of the chip, N each: on the clean images and on those crafted against its twin. */
  readonly results: { readonly clean: readonly SampleResult[]; readonly adversarial: readonly SampleResult[] };
}

/**
 * Attacks the ANN, the SNN and the twin each by its own gradients, shows what came of it and the clean images to every
 * level, and compares chip and twin spike for spike on all of them.
 */
export async function evaluateLevels(
  levels: Levels,
  batch: LabelledBatch,
  options: LevelAttack,
): Promise<LevelsOutcome> {
  const { attack, members, seed } = options;
  const count = batch.labels.length;
  const found: Record<SourceName, WorstCase | null> = { ann: null, snn: null, twin: null };
  for (const source of sourceNames) {
    const classifier = levels[source];
    if (classifier === null) continue;
    // An ANN has one gradient, whatever the surrogate.
    const tried = source === 'ann' ? members.slice(0, 1) : members;
    found[source] = await worstCase(classifier, batch, { attack, members: tried, seed, batchSize: count });
  }
  const images = { clean: batch.images, ...mapValues(found, (outcome) => outcome?.adversarial ?? null) };
  const chipRuns: Record<'clean' | SourceName, ChipRun | null> = { clean: null, ann: null, snn: null, twin: null };
  let comparison = nothingCompared;
  let failing: FailingSample | null = null;
  for (const [set, shown] of Object.entries(images) as ['clean' | SourceName, Float32Array | null][]) {
    if (shown === null) continue;
    // Times and energies are told of the clean images and of those crafted against the chip's own twin.
    const chip = set === 'clean' || set === 'twin' ? levels.chip : levels.untimed;
    const run = await runChip(chip, levels.twin, shown, batch.indices);
    chipRuns[set] = run;
    comparison = mergeComparisons(comparison, run.comparison);
    failing ??= run.failing;
  }
  const at = (run: (images: Float32Array) => Promise<Uint8Array>) => predictAll(images, run);
  const { ann, snn, spike } = levels;
  const clean = chipRuns.clean!;
  return {
    predictions: {
      ann: ann && (await at((shown) => classify(ann, shown, count))),
      snn: snn && (await at((shown) => classify(snn, shown, count))),
      spike: spike && (await at(async (shown) => predictions((await spike.run(shown)).logits, count))),
      twin: mapValues(chipRuns, (run) => run?.twinPredictions ?? null),
      chip: mapValues(chipRuns, (run) => run?.predictions ?? null),
    },
    adversarial: found.twin!.adversarial,
    members: {
      snn: found.snn === null ? [] : memberTally(found.snn, members),
      twin: memberTally(found.twin!, members),
    },
    comparison,
    failing,
    spikeAgreement: await agreementOnClean(levels, batch, clean.twinRecord),
    blackBox: options.blackBoxQueries === 0 ? null : await attackOracle(levels.untimed, batch, options),
    chipLogits: { clean: clean.logits, adversarial: chipRuns.twin!.logits },
    results: { clean: clean.results, adversarial: chipRuns.twin!.results },
  };
}

interface ChipRun {
  /** [N, classes] */
  readonly logits: Float32Array;
  readonly predictions: Uint8Array;
  readonly twinPredictions: Uint8Array;
  readonly twinRecord: LevelRecord;
  readonly comparison: Comparison;
  readonly failing: FailingSample | null;
  readonly results: readonly SampleResult[];
}

/** Encodes once, and hands the same currents to chip and twin. */
async function runChip(chip: Chip, twin: Twin, images: Float32Array, indices: ArrayLike<number>): Promise<ChipRun> {
  const samples = encodeImages(twin.graph.drives, images);
  const expected = await twin.recordEncoded(samples);
  const { logits, records, results } = chip.runEncoded(samples, { record: true });
  let comparison = nothingCompared;
  let failing: FailingSample | null = null;
  for (const [n, record] of records.entries()) {
    const sample = indices[n]!;
    const own = compareSample(chip.program, sample, expected[n]!, record);
    comparison = mergeComparisons(comparison, own);
    if (own.firstMismatch !== null) failing ??= { sample, drives: samples[n]! };
  }
  const twinRecord = joinRecords(twin.graph, expected);
  return {
    logits,
    predictions: predictions(logits, samples.length),
    twinPredictions: predictions(twinRecord.logits, samples.length),
    twinRecord,
    comparison,
    failing,
    results,
  };
}

/** Sample by sample [T, neurons] to [T·N, neurons] for all. */
function joinRecords(
  graph: IntegerSpikeGraph,
  records: readonly { readonly spikes: ReadonlyMap<string, Uint8Array>; readonly readout: Int32Array }[],
): LevelRecord {
  const { timesteps, populations } = graph;
  const unit = populations.find(({ kind }) => kind === 'readout')!.scale * timesteps;
  const spikes = new Map<string, Uint8Array>();
  for (const { name, kind } of populations) {
    if (kind === 'readout') continue;
    const neurons = records[0]!.spikes.get(name)!.length / timesteps;
    const all = new Uint8Array(timesteps * records.length * neurons);
    for (const [n, record] of records.entries()) {
      const own = record.spikes.get(name)!;
      for (let t = 0; t < timesteps; t += 1) {
        all.set(own.subarray(t * neurons, (t + 1) * neurons), (t * records.length + n) * neurons);
      }
    }
    spikes.set(name, all);
  }
  return { logits: Float32Array.from(records.flatMap(({ readout }) => [...readout].map((v) => v / unit))), spikes };
}

async function agreementOnClean(
  { snn, spike, twin }: Levels,
  { images, indices }: LabelledBatch,
  twinRecord: LevelRecord,
): Promise<SpikeAgreement[]> {
  const order = twin.graph.populations.flatMap(({ kind, name }) => (kind === 'spiking' ? [name] : []));
  const { timesteps } = twin.graph;
  if (spike === null) return [];
  const folded = await spike.run(images);
  const agreements = [compareSpikes(['spike', 'twin'], order, timesteps, indices, folded, twinRecord)];
  if (snn === null) return agreements;
  const trained = await snn.recordSpikes(images);
  return [compareSpikes(['snn', 'spike'], order, timesteps, indices, trained, folded), ...agreements];
}

async function attackOracle(
  chip: Chip,
  batch: LabelledBatch,
  { attack: { epsilon }, members, blackBoxQueries: queries, seed }: LevelAttack,
) {
  const search = { method: 'square', epsilon, queries } as const;
  const batchSize = batch.labels.length;
  const outcome = await worstCase(new ChipOracle(chip), batch, { attack: search, members, seed, batchSize });
  return { fooled: outcome.fooled, queries: outcome.queries };
}

async function predictAll(
  images: Readonly<Record<'clean' | SourceName, Float32Array | null>>,
  run: (images: Float32Array) => Promise<Uint8Array>,
): Promise<LevelPredictions> {
  const of = async (shown: Float32Array | null) => (shown === null ? null : run(shown));
  return {
    clean: await of(images.clean),
    ann: await of(images.ann),
    snn: await of(images.snn),
    twin: await of(images.twin),
  };
}

function mapValues<K extends string, V, W>(values: Readonly<Record<K, V>>, map: (value: V) => W): Record<K, W> {
  return Object.fromEntries(Object.entries<V>(values).map(([key, value]) => [key, map(value)])) as Record<K, W>;
}
