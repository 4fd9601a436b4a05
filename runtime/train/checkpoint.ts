import { failure } from '../../schemas/diagnostic.js';
import type { SafeTensor } from '../../schemas/safetensors.js';
import { readSafetensors, writeSafetensors } from '../../schemas/safetensors.js';
import type { ParameterMap } from '../engine/engine.js';

/** What one epoch came to. Shares lie in [0, 1]; null is not measured. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Means over the epoch's training batches. */
  readonly loss: number;
  readonly cleanAccuracy: number | null;
  readonly adversarialAccuracy: number | null;
  /** On images not trained on, after the epoch. */
  readonly testCleanAccuracy: number | null;
  readonly testRobustAccuracy: number | null;
  /** At the epoch's last step. */
  readonly learningRate: number;
  /** After the epoch, by neuron layer; absent in a network without thresholds. */
  readonly thresholds?: Readonly<Record<string, number>>;
}

/** Sums over the batches of the epoch under way. */
export interface EpochSums {
  readonly samples: number;
  readonly loss: number;
  /** Null where the steps do not look at these. */
  readonly correct: number | null;
  readonly adversarialCorrect: number | null;
}

/** All that a run needs to go on as if it had never stopped. */
export interface TrainingState {
  /** Text that is the same for runs with the same network, data and options; others cannot be resumed. */
  readonly run: string;
  /** Steps done since the beginning. */
  readonly step: number;
  readonly parameters: ParameterMap;
  /** The optimiser's momentum. */
  readonly velocity: ParameterMap;
  /** The parameters with the best test accuracy so far; null before the first epoch's end or where the last are kept. */
  readonly best: { readonly accuracy: number; readonly parameters: ParameterMap } | null;
  readonly sums: EpochSums;
  readonly history: readonly EpochRecord[];
}

const format = 'spikewright/checkpoint 1';
const groups = ['parameters', 'velocity', 'best'] as const;

/** The bytes of a checkpoint: a safetensors file with the arrays by group and name, and the counts as JSON. */
export function encodeCheckpoint(state: TrainingState): Uint8Array {
  const tensors = new Map<string, SafeTensor>();
  const maps = { parameters: state.parameters, velocity: state.velocity, best: state.best?.parameters };
  for (const group of groups) {
    for (const [name, data] of maps[group] ?? []) {
      tensors.set(`${group}/${name}`, { dtype: 'F32', shape: [data.length], data });
    }
  }
  const { run, step, sums, history } = state;
  const counts = JSON.stringify({ step, sums, history, bestAccuracy: state.best?.accuracy ?? null });
  return writeSafetensors({ tensors, metadata: { format, run, counts } });
}

/** Reads a checkpoint; `where` names the file. Throws SW1010 (damaged) and SW4004 (no checkpoint of this `run`). */
export function decodeCheckpoint(bytes: Uint8Array, run: string, where: string): TrainingState {
  const { tensors, metadata } = readSafetensors(bytes, where);
  if (metadata.format !== format) throw failure('SW4004', { where, what: 'this is no checkpoint of a training' });
  if (metadata.run !== run) {
    throw failure('SW4004', { where, what: 'the checkpoint is of another network, data set or set of options' });
  }
  const counts = readCounts(metadata.counts ?? '', where);
  const maps = { parameters: new Map(), velocity: new Map(), best: new Map() } satisfies Record<string, ParameterMap>;
  for (const [name, tensor] of tensors) {
    const group = groups.find((candidate) => name.startsWith(`${candidate}/`));
    if (group === undefined || tensor.dtype !== 'F32') {
      throw failure('SW4004', { where: `${where}, tensor ${name}`, what: 'a checkpoint has no such tensor' });
    }
    maps[group].set(name.slice(group.length + 1), tensor.data);
  }
  const { step, sums, history, bestAccuracy } = counts;
  const best = bestAccuracy === null ? null : { accuracy: bestAccuracy, parameters: maps.best };
  return { run, step, sums, history, best, parameters: maps.parameters, velocity: maps.velocity };
}

interface Counts {
  readonly step: number;
  readonly sums: EpochSums;
  readonly history: readonly EpochRecord[];
  readonly bestAccuracy: number | null;
}

function readCounts(text: string, where: string): Counts {
  let counts: Partial<Record<keyof Counts, unknown>> | null;
  try {
    counts = JSON.parse(text);
  } catch {
    counts = null;
  }
  const { step, sums, history, bestAccuracy } = counts ?? {};
  const isWhole =
    Number.isSafeInteger(step) &&
    (step as number) >= 0 &&
    hasNumbers(sums, ['samples', 'loss', 'correct', 'adversarialCorrect']) &&
    Array.isArray(history) &&
    history.every((record) => hasNumbers(record, ['epoch', 'loss', 'learningRate'])) &&
    (bestAccuracy === null || typeof bestAccuracy === 'number');
  if (!isWhole) throw failure('SW4004', { where, what: 'its counts are damaged' });
  return { step, sums, history, bestAccuracy } as Counts;
}

/** Whether each of `keys` is a number, or null for what was not measured. */
function hasNumbers(value: unknown, keys: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return keys.every((key) => {
    const entry = (value as Record<string, unknown>)[key];
    return entry === null || typeof entry === 'number';
  });
}

/**
 * Throws SW4004 unless the checkpoint's arrays have the names and lengths of the model's parameters: all of them among
 * its parameters, and none that the model lacks.
 */
export function requireSameParameters(state: TrainingState, model: ParameterMap, where: string): void {
  for (const [name, { length }] of model) {
    if (state.parameters.get(name)?.length !== length) {
      throw failure('SW4004', { where, what: `its ${name} is missing or has not ${length} values` });
    }
  }
  for (const values of [state.parameters, state.velocity, state.best?.parameters ?? new Map()] as ParameterMap[]) {
    for (const [name, { length }] of values) {
      if (model.get(name)?.length !== length) {
        throw failure('SW4004', { where, what: `its ${name} is of no layer of the network` });
      }
    }
  }
}
