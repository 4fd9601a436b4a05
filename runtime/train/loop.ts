import { setImmediate } from 'node:timers/promises';
import { failure } from '../../schemas/diagnostic.js';
import type { TrainingPoint } from '../../schemas/progress.js';
import type { Attack } from '../attack/attack.js';
import type { Augmentation } from '../data/augment.js';
import { augment, shuffledIndices } from '../data/augment.js';
import type { Dataset } from '../data/dataset.js';
import { labelsOf } from '../data/dataset.js';
import type { Model } from '../engine/engine.js';
import type { Hooks } from '../hooks.js';
import { deriveSeed } from '../seed.js';
import { cleanAccuracy, firstOf, robustAccuracy } from './accuracy.js';
import type { EpochRecord, EpochSums, TrainingState } from './checkpoint.js';
import { decodeCheckpoint, encodeCheckpoint, requireSameParameters } from './checkpoint.js';
import { cosineRate, DivergedGradient, Sgd, type SgdOptions } from './sgd.js';

/** How long, how fast and on what a training runs, whatever its loss. */
export interface LoopOptions extends SgdOptions {
  readonly epochs: number;
  /** Ends the run after so many steps if that comes before the last epoch's end; null for no such bound. */
  readonly steps: number | null;
  /** Uses only the first so many training images; null for all. */
  readonly samples: number | null;
  /** Images per step; an epoch's last, smaller batch is left out, so that norm statistics always see full batches. */
  readonly batchSize: number;
  /** The highest learning rate; it falls along half a cosine to 0 over the whole run. */
  readonly learningRate: number;
  /** When it falls: between epochs, as in the official code, or at every step, as a run of few epochs needs. */
  readonly schedule: 'epoch' | 'step';
  /** Share of the run over which the rate first rises from 0, in [0, 1). */
  readonly warmup: number;
  readonly augmentation: Augmentation;
  /** Colour of cut-outs, per channel. */
  readonly mean: readonly number[];
  readonly seed: number;
  /** Which parameters the run ends with: the last, or those of the epoch with the best clean test accuracy. */
  readonly keep: 'last' | 'best';
  /** What is measured after each epoch; null for nothing (then `keep` must be 'last'). */
  readonly test: EpochTest | null;
}

export interface EpochTest {
  readonly dataset: Dataset;
  /** The first so many images. */
  readonly samples: number;
  /** Null: clean accuracy alone. */
  readonly attack: Attack | null;
}

/** One training batch and the seed of all that is random in its step. */
export interface TrainingBatch {
  /** [N, H, W, C] in [0, 1], augmented. */
  readonly images: Float32Array;
  readonly labels: Uint8Array;
  readonly indices: Uint32Array;
  readonly seed: number;
}

/** What a step came to: its loss and how many samples were classified as labelled. */
export interface StepResult {
  readonly loss: number;
  /** Null where the step does not look at these. */
  readonly correct: number | null;
  readonly adversarialCorrect: number | null;
}

/** Computes gradients on a batch and moves the model by one step of `rate`. */
export type TrainingStep = (model: Model, optimiser: Sgd, batch: TrainingBatch, rate: number) => Promise<StepResult>;

export interface TrainingHooks extends Hooks {
  /** Given the bytes of a checkpoint after every epoch and when aborted; the run goes on once they are stored. */
  readonly checkpoint?: ((bytes: Uint8Array) => Promise<void>) | undefined;
  /** Given each epoch's figures. */
  readonly epoch?: ((record: EpochRecord) => Promise<void>) | undefined;
  /** Told after each step how the epoch stands. */
  readonly step?: ((point: TrainingPoint) => void) | undefined;
  /** A stored checkpoint to go on from: the run ends with the same bytes as one that was never stopped. */
  readonly resume?: { readonly bytes: Uint8Array; readonly where: string } | undefined;
}

/**
 * Trains `model` in place and returns the figures of every epoch. `run` identifies network, data and options, so that a
 * checkpoint is resumed only by the run that wrote it.
 * Throws SW4004 (checkpoint of another run), SW4005 (loss, gradient or a parameter no longer a number), SW4006 (options that leave nothing to
 * do), and the reason of an abort.
 */
export async function trainingLoop(
  model: Model,
  dataset: Dataset,
  step: TrainingStep,
  options: LoopOptions,
  run: string,
  hooks: TrainingHooks = {},
): Promise<readonly EpochRecord[]> {
  const plan = planRun(dataset, options);
  const start = await startingState(model, run, hooks);
  const optimiser = new Sgd(options, start.velocity);
  let { best, sums, history, step: done } = start;
  const save = async (): Promise<void> => {
    const parameters = await model.readParameters();
    // A step may overflow though its loss did not: the checkpoint before it is the last sound one.
    for (const [name, values] of parameters) {
      if (!values.every(Number.isFinite)) {
        throw failure('SW4005', { where: name, what: 'holds values that are no numbers' });
      }
    }
    if (hooks.checkpoint === undefined) return;
    await hooks.checkpoint(
      encodeCheckpoint({ run, step: done, parameters, velocity: optimiser.velocity, best, sums, history }),
    );
  };
  let order = { epoch: -1, indices: new Uint32Array(0) as Uint32Array };
  while (done < plan.steps) {
    const epoch = Math.floor(done / plan.stepsPerEpoch);
    if (hooks.signal?.aborted === true) {
      await save();
      hooks.signal.throwIfAborted();
    }
    await setImmediate();
    if (order.epoch !== epoch) order = { epoch, indices: shuffledIndices(plan.samples, options.seed, epoch) };
    const first = (done % plan.stepsPerEpoch) * plan.batchSize;
    const indices = order.indices.subarray(first, first + plan.batchSize);
    const rate = rateAt(done, plan, options);
    const batch = trainingBatch(dataset, indices, epoch, options, done);
    const result = await step(model, optimiser, batch, rate).catch((error: unknown) => {
      if (!(error instanceof DivergedGradient)) throw error;
      throw failure('SW4005', { where: `training step ${done + 1}`, what: `${error.message}.` });
    });
    if (!Number.isFinite(result.loss)) {
      throw failure('SW4005', { where: `training step ${done + 1}`, what: `the loss is ${result.loss}` });
    }
    done += 1;
    sums = addResult(sums, result, indices.length);
    hooks.step?.({ step: done, steps: plan.steps, loss: sums.loss / sums.samples, ...shares(sums) });
    hooks.progress?.(done, plan.steps, describe(sums, epoch + 1, Math.ceil(plan.steps / plan.stepsPerEpoch)));
    if (done % plan.stepsPerEpoch === 0 || done === plan.steps) {
      const record = await closeEpoch(model, sums, epoch + 1, rate, options);
      history = [...history, record];
      sums = noSums;
      const accuracy = record.testCleanAccuracy;
      if (options.keep === 'best' && accuracy !== null && accuracy > (best?.accuracy ?? -1)) {
        best = { accuracy, parameters: await model.readParameters() };
      }
      await save();
      await hooks.epoch?.(record);
    }
  }
  if (best !== null) model.writeParameters(best.parameters);
  return history;
}

const noSums: EpochSums = { samples: 0, loss: 0, correct: 0, adversarialCorrect: 0 };

/** The state to begin with: a fresh one, or the checkpoint's with its parameters put into the model. */
async function startingState(model: Model, run: string, { resume }: TrainingHooks): Promise<TrainingState> {
  const parameters = await model.readParameters();
  if (resume === undefined) {
    return { run, step: 0, parameters, velocity: new Map(), best: null, sums: noSums, history: [] };
  }
  const state = decodeCheckpoint(resume.bytes, run, resume.where);
  requireSameParameters(state, parameters, resume.where);
  model.writeParameters(state.parameters);
  return state;
}

/** The learning rate of the step after `done` others; a warm-up rises at every step in either schedule. */
function rateAt(
  done: number,
  { steps, stepsPerEpoch }: { readonly steps: number; readonly stepsPerEpoch: number },
  { learningRate, schedule, warmup, epochs }: LoopOptions,
): number {
  if (schedule === 'step') return cosineRate(learningRate, done, steps, warmup);
  const total = epochs * stepsPerEpoch;
  const epochStart = Math.floor(done / stepsPerEpoch) * stepsPerEpoch;
  return cosineRate(learningRate, done < warmup * total ? done : Math.max(epochStart, warmup * total), total, warmup);
}

function planRun(dataset: Dataset, options: LoopOptions) {
  const samples = Math.min(options.samples ?? dataset.count, dataset.count);
  const batchSize = Math.min(options.batchSize, samples);
  const stepsPerEpoch = Math.floor(samples / batchSize);
  const steps = Math.min(options.epochs * stepsPerEpoch, options.steps ?? Number.POSITIVE_INFINITY);
  if (!(steps >= 1 && Number.isSafeInteger(steps))) {
    throw failure('SW4006', {
      where: 'training options',
      what: `${samples} samples in batches of ${batchSize} for ${options.epochs} epochs make ${steps} steps`,
    });
  }
  if (options.keep === 'best' && options.test === null) {
    throw failure('SW4006', { where: 'training options', what: 'the best epoch is to be kept, but none is tested' });
  }
  return { samples, batchSize, stepsPerEpoch, steps };
}

function trainingBatch(
  dataset: Dataset,
  indices: Uint32Array,
  epoch: number,
  { augmentation, mean, seed }: LoopOptions,
  step: number,
): TrainingBatch {
  const plain = dataset.images(indices);
  return {
    images: augment(plain, dataset.shape, mean, augmentation, { seed, epoch, indices }),
    labels: labelsOf(dataset, indices),
    indices,
    seed: deriveSeed(seed, 'step', step),
  };
}

function addResult(sums: EpochSums, { loss, correct, adversarialCorrect }: StepResult, count: number): EpochSums {
  return {
    samples: sums.samples + count,
    loss: sums.loss + loss * count,
    correct: sumOrNull(sums.correct, correct),
    adversarialCorrect: sumOrNull(sums.adversarialCorrect, adversarialCorrect),
  };
}

function sumOrNull(sum: number | null, addend: number | null): number | null {
  return sum === null || addend === null ? null : sum + addend;
}

function shares({ samples, correct, adversarialCorrect }: EpochSums) {
  return {
    cleanAccuracy: correct === null ? null : correct / samples,
    adversarialAccuracy: adversarialCorrect === null ? null : adversarialCorrect / samples,
  };
}

async function closeEpoch(
  model: Model,
  sums: EpochSums,
  epoch: number,
  learningRate: number,
  { test, batchSize, seed }: LoopOptions,
): Promise<EpochRecord> {
  const measured = test === null ? null : firstOf(test.dataset, test.samples, batchSize);
  const clean = measured === null ? null : await cleanAccuracy(model, measured);
  const attack = test?.attack ?? null;
  const robust = measured === null || attack === null ? null : await robustAccuracy(model, measured, attack, seed);
  return {
    epoch,
    loss: sums.loss / sums.samples,
    ...shares(sums),
    testCleanAccuracy: clean === null ? null : clean.correct / clean.total,
    testRobustAccuracy: robust === null ? null : robust.correct / robust.total,
    learningRate,
    ...(await thresholdsOf(model)),
  };
}

/** The thresholds of a spiking network's layers. */
async function thresholdsOf(model: Model): Promise<Pick<EpochRecord, 'thresholds'>> {
  const ending = '.threshold';
  const found = [...(await model.readParameters())].filter(([name]) => name.endsWith(ending));
  if (found.length === 0) return {};
  return { thresholds: Object.fromEntries(found.map(([name, [value]]) => [name.slice(0, -ending.length), value!])) };
}

function describe(sums: EpochSums, epoch: number, epochs: number): string {
  const { cleanAccuracy: clean, adversarialAccuracy: adversarial } = shares(sums);
  const percent = (share: number | null, name: string): string =>
    share === null ? '' : `, ${(100 * share).toFixed(1)} % ${name}`;
  const loss = (sums.loss / sums.samples).toFixed(3);
  return `epoch ${epoch}/${epochs}, loss ${loss}${percent(clean, 'clean')}${percent(adversarial, 'adversarial')}`;
}
