import type { BatchNormLayer } from '../../../schemas/ann.js';
import { elementCount } from '../../../schemas/tensor.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { inputName } from './emission.js';
import type { Graph, Value } from './graph.js';
import { Signal } from './signal.js';

/**
 * Batch norm over all axes but the channel's; in an SNN that is tdBN, batch and time together. A signal that is the same
 * at all T steps has the statistics of its one copy; only the unbiased factor n/(n − 1) of the running variance counts
 * the copies: n = T·N·H·W.
 */
export function emitNorm(
  layer: BatchNormLayer,
  { graph, mode, timesteps, shards, device }: EmissionContext,
  input: Signal,
  /** After the parameters' names. */
  suffix = '',
): LayerEmission {
  const channels = layer.gamma.length;
  const own = (name: string): Value => graph.input(inputName(layer.name, `${name}${suffix}`), [channels], 'parameter');
  const [gamma, beta, mean, variance] = [own('gamma'), own('beta'), own('mean'), own('variance')];
  input.keep();
  const parts = input.blocks(device);
  const perStep = parts[0]!.shape;
  const rows = (elementCount(perStep) / channels) * parts.length * shards;
  const axes = perStep.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const alongChannels = (value: Value): Value => graph.reshape(value, [channels, ...perStep.slice(2).map(() => 1)]);
  /** Sum or mean of a part per channel, [C]. */
  const perChannel = (opType: 'ReduceSum' | 'ReduceMean', value: Value): Value => {
    // One axis for all pixels: the runtime reduces two outer axes of three fast, and takes its time over others.
    if (axes.length < 2) return graph.reduce(opType, value, axes, false);
    const pixels = elementCount(value.shape.slice(2));
    return graph.reduce(opType, graph.reshape(value, [value.shape[0]!, channels, pixels]), [0, 2], false);
  };

  const isTraining = mode === 'train';
  const found = isTraining
    ? acrossShards(graph, batchStatistics(graph, parts, perChannel, alongChannels), shards)
    : { mean, variance };
  const deviation = graph.unary('Sqrt', graph.add(found.variance, graph.constant(layer.epsilon)));
  const inverse = graph.unary('Reciprocal', deviation);
  const gain = graph.mul(inverse, gamma);
  const [factor, offset] = [alongChannels(gain), alongChannels(graph.sub(beta, graph.mul(found.mean, gain)))];
  const outputs = parts.map((part) => graph.add(graph.mul(part, factor), offset));

  return {
    output: Signal.ofBlocks(graph, outputs, input.steps),
    updates: isTraining
      ? running(graph, layer, { mean, variance }, found, rows * (timesteps / input.steps))
      : new Map(),
    backward(upstream) {
      upstream.keep();
      const centre = alongChannels(found.mean);
      const centred = parts.map((part) => graph.sub(part, centre));
      const sums = (values: readonly Value[]): Value =>
        graph.total(values.map((value) => perChannel('ReduceSum', value)));
      const above = upstream.blocks(device);
      const toBeta = sums(above);
      const toGamma = graph.mul(sums(centred.map((value, t) => graph.mul(value, above[t]!))), inverse);
      /** Of the whole batch. */
      const whole = (own: Value): Value =>
        shards === 1 ? own : graph.reduce('ReduceSum', graph.gather(own, shards), [0], false);
      const parameters = new Map([
        ['gamma', toGamma],
        ['beta', toBeta],
      ]);
      if (!isTraining) return { inputs: [upstream.map((part) => graph.mul(part, factor))], parameters };
      // gain·(g − Σg/n − x̂·Σ(g·x̂)/n) with x̂ = (x − mean)·inverse, as three terms with a factor per channel each.
      const slope = alongChannels(graph.scale(graph.mul(graph.mul(whole(toGamma), inverse), gain), -1 / rows));
      const shift = alongChannels(graph.scale(graph.mul(whole(toBeta), gain), -1 / rows));
      const below = centred.map((value, t) =>
        graph.add(graph.add(graph.mul(above[t]!, factor), shift), graph.mul(value, slope)),
      );
      return { inputs: [Signal.ofBlocks(graph, below, input.steps)], parameters };
    },
  };
}

interface Statistics {
  readonly mean: Value;
  readonly variance: Value;
}

/**
 * Mean and biased variance per channel, step by step and then put together: the mean of the steps' variances plus the
 * variance of their means. Exact for steps of equal size, and without the cancellation of mean(x²) − mean(x)².
 */
function batchStatistics(
  graph: Graph,
  parts: readonly Value[],
  perChannel: (opType: 'ReduceMean', value: Value) => Value,
  alongChannels: (value: Value) => Value,
): Statistics {
  const means = parts.map((part) => perChannel('ReduceMean', part));
  const variances = parts.map((part, t) => {
    const centred = graph.sub(part, alongChannels(means[t]!));
    return perChannel('ReduceMean', graph.mul(centred, centred));
  });
  const average = (values: readonly Value[]): Value => graph.scale(graph.total(values), 1 / values.length);
  if (parts.length === 1) return { mean: means[0]!, variance: variances[0]! };
  const mean = average(means);
  const spreads = means.map((each) => {
    const distance = graph.sub(each, mean);
    return graph.mul(distance, distance);
  });
  return { mean, variance: graph.add(average(variances), average(spreads)) };
}

/** Of the whole batch, from those of equal shards in their order: the same whatever ran where. */
function acrossShards(graph: Graph, own: Statistics, shards: number): Statistics {
  if (shards === 1) return own;
  const average = (value: Value): Value => graph.reduce('ReduceMean', value, [0], false);
  const means = graph.gather(own.mean, shards);
  const mean = average(means);
  const distance = graph.sub(means, mean);
  const spread = average(graph.mul(distance, distance));
  return { mean, variance: graph.add(average(graph.gather(own.variance, shards)), spread) };
}

/** old + momentum·(now − old), the variance unbiased for `count` values. */
function running(
  graph: Graph,
  { momentum }: BatchNormLayer,
  old: Statistics,
  now: Statistics,
  count: number,
): ReadonlyMap<string, Value> {
  const follow = (before: Value, after: Value): Value =>
    graph.add(before, graph.mul(graph.sub(after, before), graph.constant(momentum)));
  const unbiased = graph.scale(now.variance, count > 1 ? count / (count - 1) : 1);
  return new Map([
    ['mean', follow(old.mean, now.mean)],
    ['variance', follow(old.variance, unbiased)],
  ]);
}
