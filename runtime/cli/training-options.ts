import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFailure, writeFileWhole } from '../store/write-file.js';
import type { EpochRecord } from '../train/checkpoint.js';
import type { TrainingHooks } from '../train/loop.js';
import type { CommandContext } from './command.js';
import { type CommandOption, realNumber, wholeNumber } from './options.js';
import { trainSamplesOption } from './shared-options.js';

/** What training an ANN and finetuning an SNN are told alike; the defaults differ. */
export function trainingOptions(defaults: {
  readonly epochs: number;
  readonly learningRate: number;
  readonly weightDecay: number;
}) {
  return {
    epochs: wholeNumber('Passes over the training images', defaults.epochs, 1, 1_000_000),
    'max-steps': {
      type: 'number',
      describe: 'End after so many steps even if epochs are left',
      range: { minimum: 1, maximum: Number.MAX_SAFE_INTEGER, whole: true },
    },
    'train-samples': trainSamplesOption,
    'batch-size': wholeNumber('Images of a step', 64, 1, 65_536),
    'learning-rate': realNumber('First learning rate; it falls along a cosine', defaults.learningRate, 0, 100),
    schedule: {
      type: 'string',
      choices: ['epoch', 'step'],
      default: 'epoch',
      describe: 'When the learning rate falls: between epochs, as the published results have it, or at every step',
    },
    momentum: realNumber('Momentum', 0.9, 0, 0.999999),
    'weight-decay': realNumber('Weight decay, on every parameter', defaults.weightDecay, 0, 1),
    'test-samples': wholeNumber('Test images measured after each epoch; 0 for none', 0, 0, 1_000_000),
    'test-steps': wholeNumber('PGD steps of that measurement; 0 for clean accuracy alone', 10, 0, 10_000),
    log: { type: 'string', describe: 'File to append one JSON line per epoch to' },
    workers: {
      type: 'number',
      describe:
        'Threads that share each batch, of the compiled engine. The result is the same for any number; it differs by rounding from that of a batch in one piece, which leaving this out gives',
      range: { minimum: 1, maximum: 256, whole: true },
    },
    memory: {
      type: 'string',
      describe:
        'What tensors may take, such as 4GiB, of the compiled engine: each batch is computed in shards small enough for that, with the norm statistics of the whole batch',
      requiresArg: true,
    },
  } as const satisfies Record<string, CommandOption>;
}

/** Where a training keeps what it needs to go on: beside its output, gone when it is finished. */
function checkpointPath(out: string): string {
  return `${out}.checkpoint`;
}

/** Hooks that draw progress in images, keep a checkpoint beside `out`, resume from one, and append epochs to a log. */
export async function trainingHooks(
  stage: string,
  out: string,
  log: string | undefined,
  context: CommandContext,
  /** Images of a step. */
  batchSize: number,
): Promise<TrainingHooks> {
  const where = checkpointPath(out);
  const bytes = await readFile(where).catch(() => null);
  if (bytes !== null) context.announce(`Going on from ${where}`);
  const { progress, signal } = context.hooks(stage);
  return {
    signal,
    progress: (done, total, note) => progress?.(done * batchSize, total * batchSize, note),
    checkpoint: (state) => writeFileWhole(where, state),
    epoch: (record) => (log === undefined ? Promise.resolve() : appendLine(log, record)),
    ...(bytes === null ? {} : { resume: { bytes, where } }),
  };
}

/** Removes the checkpoint of a finished training. */
export async function removeCheckpoint(out: string): Promise<void> {
  await rm(checkpointPath(out), { force: true });
}

async function appendLine(log: string, record: EpochRecord): Promise<void> {
  try {
    await mkdir(dirname(log), { recursive: true });
    await appendFile(log, `${JSON.stringify(record)}\n`);
  } catch (error) {
    throw writeFailure(log, error);
  }
}
