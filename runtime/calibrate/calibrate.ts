import { withThresholds } from '../../compiler/convert.js';
import { failure } from '../../schemas/diagnostic.js';
import type { NeuronLayer, SnnGraph } from '../../schemas/snn.js';
import { elementCount } from '../../schemas/tensor.js';
import type { Engine } from '../engine/engine.js';
import type { Hooks } from '../hooks.js';
import { breathe } from '../hooks.js';
import { THRESHOLD_MIN } from '../train/sgd.js';
import type { ChannelAffine } from './channel-affine.js';
import { batchAffine, identityAffine } from './channel-affine.js';
import { Largest } from './largest.js';
import type { NeuronMeasurement } from './signal.js';
import { measuredSignal, neuronsRead, planMeasurements } from './signal.js';
import { Membranes, SpikeTrain } from './spike-train.js';
import type { BatchState } from './stream.js';
import { Networks, Stream } from './stream.js';

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

/**
 * Balances thresholds layer by layer from the input on (method: conversion, steps 2–4). For each mini-batch
 * [N, H, W, C] of `batches` the network runs for `steps` timesteps on the norm statistics of that very batch, over time
 * too; a layer's threshold is the k-th smallest of its n pre-activations, k = 1 + round(percentile/100·(n − 1)), the
 * maximum over batches; the layer fires with it while the next is measured. Exact, in memory that does not grow with
 * the number of pre-activations.
 *
 * Every layer is measured on the same batches. The official code draws new ones for each, and in a residual block goes on
 * with ten more for the second neuron layer, whose threshold is then the maximum of both layers' percentiles: an oversight
 * that is not followed.
 *
 * Any network will do: norms and sums on the way are computed anew from spikes, which alone are kept, one bit each, for
 * as long as a later layer reads them. Throws SW4030 where a percentile is not positive.
 */
export async function calibrate(
  engine: Engine,
  graph: SnnGraph,
  batches: readonly Float32Array[],
  options: CalibrationOptions,
  hooks: Hooks = {},
): Promise<Calibration> {
  const measurements = planMeasurements(graph);
  const imageSize = inputSize(graph);
  const states = batches.map((images): BatchState => {
    return { images, samples: images.length / imageSize, spikes: new Map(), affines: new Map() };
  });
  const measured = new Map<string, number>();
  const neurons = measurements.filter(({ kind }) => kind === 'neuron').length;
  const total = (measurements.length + neurons) * batches.length;
  let done = 0;
  const advance = async (layer: string): Promise<void> => {
    done += 1;
    hooks.progress?.(done, total, layer);
    await breathe(hooks);
  };
  await breathe(hooks);
  const networks = new Networks(engine);
  try {
    let streams: readonly Stream[] = [];
    for (const [index, measurement] of measurements.entries()) {
      const signal = measuredSignal(measurement);
      // A norm's neurons read what the norm was measured on: what was kept of it serves them too.
      if (streams[0]?.signal !== signal) {
        networks.dispose();
        streams = states.map((state) => new Stream(signal, state, networks, options.steps));
      }
      if (measurement.kind === 'norm') {
        const { norm } = measurement.signal;
        for (const [batch, stream] of streams.entries()) {
          const affine = await batchAffine(norm, (use) => stream.forEachChunk(use));
          states[batch]!.affines.set(norm.name, affine);
          await advance(norm.name);
        }
      } else {
        const currents = streams.map((stream, batch) => currentOf(measurement, stream, states[batch]!));
        const { name } = measurement.neuron;
        let threshold = Number.NEGATIVE_INFINITY;
        for (const current of currents) {
          threshold = Math.max(threshold, await percentile(current, options));
          await advance(name);
        }
        if (!(threshold > 0 && Number.isFinite(threshold))) {
          throw failure('SW4030', {
            where: `layer ${name}`,
            what: `the ${options.percentile} % percentile of its input is ${threshold}`,
          });
        }
        measured.set(name, threshold);
        for (const [batch, current] of currents.entries()) {
          states[batch]!.spikes.set(name, await fire(current, { ...measurement.neuron, threshold }, options.steps));
          await advance(name);
        }
      }
      const needed = new Set(measurements.slice(index + 1).flatMap(neuronsRead));
      for (const { spikes } of states) for (const name of spikes.keys()) if (!needed.has(name)) spikes.delete(name);
    }
  } finally {
    networks.dispose();
  }
  const scaled = new Map(
    [...measured].map(([name, threshold]) => [name, Math.max(THRESHOLD_MIN, threshold * options.scale)]),
  );
  return { graph: withThresholds(graph, scaled), measured };
}

function inputSize({ layers }: SnnGraph): number {
  const input = layers.find((layer) => layer.kind === 'input')!;
  return elementCount(input.shape);
}

/** A neuron layer's input for one batch: a stream, and the norm before the neurons as one affine map. */
interface LayerCurrent {
  readonly stream: Stream;
  readonly affine: ChannelAffine;
}

function currentOf({ input, channels }: NeuronMeasurement, stream: Stream, batch: BatchState): LayerCurrent {
  const affine = input.kind === 'norm' ? batch.affines.get(input.norm.name)! : identityAffine(channels);
  return { stream, affine };
}

/** The k-th smallest pre-activation over all steps. A constant current counts once for each step. */
async function percentile({ stream, affine }: LayerCurrent, options: CalibrationOptions): Promise<number> {
  const count = options.steps * stream.width;
  const rank = Math.round((options.percentile / 100) * (count - 1));
  const capacity = stream.isConstant ? stream.width - Math.floor(rank / options.steps) : count - rank;
  const largest = new Largest(capacity);
  await stream.forEachChunk((values) => largest.offer(values, affine));
  return largest.smallest();
}

/** The spikes of a layer that integrates its current for `steps` timesteps. */
async function fire({ stream, affine }: LayerCurrent, neuron: NeuronLayer, steps: number): Promise<SpikeTrain> {
  const train = new SpikeTrain(steps, stream.width);
  const membranes = new Membranes(stream.width, neuron);
  await stream.forEachChunk((values, first) => {
    const held = stream.isConstant ? steps : values.length / stream.width;
    for (let step = 0; step < held; step += 1) {
      membranes.advance(values, stream.isConstant ? 0 : step * stream.width, affine, train, first + step);
    }
  });
  return train;
}
