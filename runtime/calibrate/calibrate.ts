import { withThresholds } from '../../compiler/convert.js';
import { failure } from '../../schemas/diagnostic.js';
import type { NeuronLayer, SnnGraph } from '../../schemas/snn.js';
import type { Engine, Model } from '../engine/engine.js';
import type { Hooks } from '../hooks.js';
import { breathe } from '../hooks.js';
import { THRESHOLD_MIN } from '../train/sgd.js';
import type { ChannelAffine } from './channel-affine.js';
import { batchAffine } from './channel-affine.js';
import { Largest } from './largest.js';
import type { Segment } from './segment.js';
import { cutSegments } from './segment.js';
import { Membranes, SpikeTrain } from './spike-train.js';

export interface CalibrationOptions {
  /** T_c, timesteps per measurement; the method's is 100. */
  readonly steps: number;
  /** ρ in (0, 100]: which percentile of the pre-activations becomes the threshold; the method's is 99.7. */
  readonly percentile: number;
  /** Applied to every threshold at the end, because the network runs for far fewer than T_c steps; the method's is 0.3. */
  readonly scale: number;
}

/** Method: conversion. */
export const methodCalibration: CalibrationOptions = { steps: 100, percentile: 99.7, scale: 0.3 };

export interface Calibration {
  /** The graph with the scaled thresholds, each at least 0.03 (method: model). */
  readonly graph: SnnGraph;
  /** The percentile of each neuron layer before scaling, by layer name, in layer order. */
  readonly measured: ReadonlyMap<string, number>;
}

/** Values of a layer over time that are worked on at once: 32 MB of float32. */
const CHUNK_VALUES = 2 ** 23;
/** Values of a layer over all steps that are kept rather than computed for each of the three uses: 256 MB of float32. */
const KEPT_VALUES = 2 ** 26;

/**
 * Balances thresholds layer by layer from the input on (method: conversion, steps 2–4). For each mini-batch
 * [N, H, W, C] of `batches` the network runs for `steps` timesteps on the norm statistics of that very batch, over time
 * too; a layer's threshold is the k-th smallest of its n pre-activations, k = 1 + round(percentile/100·(n − 1)), the
 * maximum over batches; the layer fires with it while the next is measured. Exact, in memory that does not grow with
 * the number of pre-activations.
 *
 * Throws SW4009 where the network is no chain, SW4030 where a percentile is not positive.
 */
export async function calibrate(
  engine: Engine,
  graph: SnnGraph,
  batches: readonly Float32Array[],
  options: CalibrationOptions,
  hooks: Hooks = {},
): Promise<Calibration> {
  const segments = cutSegments(graph);
  const total = segments.length * batches.length * 2;
  const measured = new Map<string, number>();
  let done = 0;
  const advance = async (neuron: NeuronLayer): Promise<void> => {
    done += 1;
    hooks.progress?.(done, total, neuron.name);
    await breathe(hooks);
  };
  let sources: readonly Source[] = batches.map(constantSource);
  await breathe(hooks);
  for (const segment of segments) {
    const model = engine.load(segment.linear);
    try {
      const currents: LayerCurrent[] = [];
      let threshold = Number.NEGATIVE_INFINITY;
      for (const source of sources) {
        const current = await openCurrent(model, segment, source, options.steps);
        currents.push(current);
        threshold = Math.max(threshold, await percentile(current, options));
        await advance(segment.neuron);
      }
      if (!(threshold > 0 && Number.isFinite(threshold))) {
        throw failure('SW4030', {
          where: `layer ${segment.neuron.name}`,
          what: `the ${options.percentile} % percentile of its input is ${threshold}`,
        });
      }
      measured.set(segment.neuron.name, threshold);
      const fired: Source[] = [];
      for (const current of currents) {
        fired.push(await fire(current, { ...segment.neuron, threshold }, options.steps));
        await advance(segment.neuron);
      }
      sources = fired;
    } finally {
      model.dispose();
    }
  }
  const scaled = new Map(
    [...measured].map(([name, threshold]) => [name, Math.max(THRESHOLD_MIN, threshold * options.scale)]),
  );
  return { graph: withThresholds(graph, scaled), measured };
}

/** What a segment reads over time. A constant source has one step that stands for all. */
interface Source {
  readonly isConstant: boolean;
  readonly steps: number;
  /** Values per step: N·H·W·C. */
  readonly width: number;
  read(first: number, last: number): Float32Array;
}

function constantSource(images: Float32Array): Source {
  return { isConstant: true, steps: 1, width: images.length, read: () => images };
}

/** A layer's input current for one batch before its norm, chunk by chunk in time, and the norm as one affine map. */
interface LayerCurrent {
  readonly steps: number;
  readonly isConstant: boolean;
  /** Values per step. */
  readonly width: number;
  readonly affine: ChannelAffine;
  /** Calls `use` with [steps first … last, N, H·W·C] for every chunk in order. */
  forEachChunk(use: (values: Float32Array, first: number) => void): Promise<void>;
}

async function openCurrent(model: Model, segment: Segment, source: Source, steps: number): Promise<LayerCurrent> {
  const inputSize = model.inputShape.reduce((product, extent) => product * extent, 1);
  const width = (source.width / inputSize) * model.classes;
  const chunkSteps = Math.max(1, Math.floor(CHUNK_VALUES / Math.max(width, source.width)));
  const kept: Float32Array[] | null = width * source.steps <= KEPT_VALUES ? [] : null;
  const forEachChunk = async (use: (values: Float32Array, first: number) => void): Promise<void> => {
    for (let first = 0, chunk = 0; first < source.steps; first += chunkSteps, chunk += 1) {
      let values = kept?.[chunk];
      if (values === undefined) {
        values = await run(model, source.read(first, Math.min(source.steps, first + chunkSteps)));
        kept?.push(values);
      }
      use(values, first);
    }
  };
  const affine = await batchAffine(segment.norm, segment.channels, forEachChunk);
  return {
    steps: source.isConstant ? steps : source.steps,
    isConstant: source.isConstant,
    width,
    affine,
    forEachChunk,
  };
}

async function run(model: Model, images: Float32Array): Promise<Float32Array> {
  const pass = await model.forward(images, { mode: 'eval', gradients: 'none' });
  pass.dispose();
  return pass.logits;
}

/** The k-th smallest pre-activation over all steps. A constant current counts once for each step. */
async function percentile(current: LayerCurrent, options: CalibrationOptions): Promise<number> {
  const count = current.steps * current.width;
  const rank = Math.round((options.percentile / 100) * (count - 1));
  const capacity = current.isConstant
    ? current.width - Math.floor(rank / current.steps)
    : current.steps * current.width - rank;
  const largest = new Largest(capacity);
  await current.forEachChunk((values) => largest.offer(values, current.affine));
  return largest.smallest();
}

/** The spikes of a layer that integrates `current` for `steps` timesteps. */
async function fire(current: LayerCurrent, neuron: NeuronLayer, steps: number): Promise<Source> {
  const train = new SpikeTrain(steps, current.width);
  const membranes = new Membranes(current.width, neuron);
  await current.forEachChunk((values, first) => {
    const held = current.isConstant ? steps : values.length / current.width;
    for (let step = 0; step < held; step += 1) {
      membranes.advance(values, current.isConstant ? 0 : step * current.width, current.affine, train, first + step);
    }
  });
  return { isConstant: false, steps, width: current.width, read: (first, last) => train.read(first, last) };
}
