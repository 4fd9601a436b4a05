import { convert } from '../../compiler/convert.js';
import { trainingGrid, withChipUnits } from '../../compiler/training-grid.js';
import type { AnnGraph } from '../../schemas/ann.js';
import type { RunConvert, RunFinetune } from '../../schemas/run.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { Target } from '../../schemas/target.js';
import { calibrate } from '../calibrate/calibrate.js';
import { cropAndFlip, resizeAndFlip, shuffledIndices } from '../data/augment.js';
import type { Dataset } from '../data/dataset.js';
import { parametersOf } from '../engine/compiled/parameters.js';
import type { Engine } from '../engine/engine.js';
import type { Hooks } from '../hooks.js';
import { withParameters } from '../models/parameters.js';
import { requireNetworkFit } from '../require-fit.js';
import { deriveSeed } from '../seed.js';
import type { EpochRecord } from '../train/checkpoint.js';
import type { FinetuneOptions } from '../train/finetune.js';
import { finetune } from '../train/finetune.js';
import { gridEngine } from '../train/grid-engine.js';
import type { EpochTest, TrainingHooks } from '../train/loop.js';
import { estimateStatistics } from '../train/statistics.js';

/** Images of a batch on which norm statistics are measured. */
const STATISTICS_BATCH = 64;

/** What the steps on a spiking network work with. */
export interface SpikingSetup {
  readonly engine: Engine;
  /** Training images. */
  readonly dataset: Dataset;
  /** Only the first so many are used; null for all. */
  readonly trainSamples: number | null;
  readonly seed: number;
}

/**
 * Converts an ANN, calibrates its thresholds and measures its norm statistics (method: conversion). `hooks` gives the
 * hooks of a piece of work by its name. Throws SW4008 where data and network do not fit, and what `calibrate` throws.
 */
export async function convertAndCalibrate(
  ann: AnnGraph,
  options: RunConvert & { readonly timesteps: number },
  setup: SpikingSetup,
  hooks: (work: string) => Hooks,
): Promise<SnnGraph> {
  const { timesteps, leak, reset, calibrationSteps, percentile, scale, batches, batchSize, statisticsBatches } =
    options;
  const { engine, dataset } = setup;
  const snn = convert(ann, { timesteps, leak, reset });
  requireNetworkFit(engine, snn, dataset);
  const images = trainingBatches(setup, 'calibration', batches, batchSize);
  const calibration = { steps: calibrationSteps, percentile, scale };
  const { graph } = await calibrate(engine, snn, images, calibration, hooks('convert'));
  return measured(graph, setup, statisticsBatches, hooks('convert: norm statistics'));
}

/** What finetuning is told beside its objective. */
export interface FinetuneExtras {
  /** Measured after each epoch; then the epoch with the best clean accuracy is kept. Null: the last one is. */
  readonly test: EpochTest | null;
  readonly training: TrainingHooks;
  /** Of measuring norm statistics at the end. */
  readonly statistics: Hooks;
}

/**
 * Finetunes an SNN robustly and measures its norm statistics anew (method: finetuning). No epochs or steps: the network
 * is given back as it is. Throws what `finetune` throws.
 */
export async function finetuneAndMeasure(
  snn: SnnGraph,
  options: RunFinetune,
  setup: SpikingSetup,
  { test, training, statistics }: FinetuneExtras,
): Promise<{ readonly graph: SnnGraph; readonly history: readonly EpochRecord[] }> {
  if (options.epochs === 0 || options.steps === 0) return { graph: snn, history: [] };
  const { statisticsBatches, ...settings } = options;
  const { engine, dataset } = setup;
  const { graph, history } = await finetune(engine, snn, dataset, loopOptions(snn, settings, setup, test), training);
  return { graph: await measured(graph, setup, statisticsBatches, statistics), history };
}

/**
 * Finetunes an SNN on the grid of a target, so that what is compiled for it is what was trained (method: finetuning). The
 * network given back has its norms folded in and lies on the grid. Throws what `trainingGrid` and `finetune` throw.
 */
export async function finetuneOnGrid(
  snn: SnnGraph,
  target: Target,
  options: RunFinetune,
  setup: SpikingSetup,
  { test, training }: Omit<FinetuneExtras, 'statistics'>,
): Promise<{ readonly graph: SnnGraph; readonly history: readonly EpochRecord[] }> {
  const grid = trainingGrid(snn, target);
  const engine = gridEngine(setup.engine, target.name, grid.round);
  const { statisticsBatches: _, ...settings } = options;
  const loop = loopOptions(grid.snn, settings, setup, test);
  const { graph, history } = await finetune(engine, grid.snn, setup.dataset, loop, training);
  const trained = new Map([...parametersOf(graph)].map(([name, { data }]) => [name, data]));
  const rounded = withParameters(graph, grid.round(trained));
  return { graph: withChipUnits(rounded, target), history };
}

function loopOptions(
  snn: SnnGraph,
  settings: Omit<RunFinetune, 'statisticsBatches'>,
  { dataset, trainSamples, seed }: SpikingSetup,
  test: EpochTest | null,
): FinetuneOptions {
  return {
    ...settings,
    samples: trainSamples,
    warmup: 0,
    augmentation: dataset.name === 'tinyimagenet' ? resizeAndFlip : cropAndFlip,
    mean: inputMean(snn),
    seed,
    keep: test === null ? 'last' : 'best',
    test,
  };
}

/** The graph with norm statistics measured on batches of training images; as it is where there are to be none. */
async function measured(graph: SnnGraph, setup: SpikingSetup, batches: number, hooks: Hooks): Promise<SnnGraph> {
  if (batches === 0) return graph;
  return estimateStatistics(
    setup.engine,
    graph,
    trainingBatches(setup, 'norm statistics', batches, STATISTICS_BATCH),
    hooks,
  );
}

/** Batches [N, H, W, C] of training images, drawn without repetition; fewer where there are not enough images. */
function trainingBatches(
  { dataset, trainSamples, seed }: SpikingSetup,
  purpose: string,
  batches: number,
  batchSize: number,
): Float32Array[] {
  const count = Math.min(trainSamples ?? dataset.count, dataset.count);
  const order = shuffledIndices(count, deriveSeed(seed, purpose), 0);
  return Array.from({ length: batches }, (_, batch) =>
    dataset.images(order.subarray(batch * batchSize, (batch + 1) * batchSize)),
  ).filter(({ length }) => length > 0);
}

function inputMean(graph: SnnGraph): readonly number[] {
  const input = graph.layers.find((layer) => layer.kind === 'input');
  return input?.kind === 'input' ? input.mean : [];
}
