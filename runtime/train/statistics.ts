import type { SnnGraph } from '../../schemas/snn.js';
import type { Engine, ParameterMap } from '../engine/engine.js';
import type { Hooks } from '../hooks.js';
import { breathe } from '../hooks.js';
import { withParameters } from '../models/parameters.js';

/**
 * The graph with norm statistics measured on `batches` [N, H, W, C] as the network is now, forward passes alone.
 *
 * The method resets statistics at conversion and lets finetuning follow them with momentum 0.1; over an epoch of steps
 * that forgets the reset wholly. A run of a few dozen steps would craft its first examples on statistics of nothing, so
 * it starts from measured ones, and may measure again at its end, when the weights have moved away from the average.
 * Each pass normalises by its own batch, over time too, as training does; the variance over all batches is
 * mean(variance + mean²) − mean(mean)². Batches of equal size weigh the same, whatever their order.
 */
export async function estimateStatistics(
  engine: Engine,
  graph: SnnGraph,
  batches: readonly Float32Array[],
  hooks: Hooks = {},
): Promise<SnnGraph> {
  const norms = graph.layers.flatMap((layer) => (layer.kind === 'batchNorm' ? [layer] : []));
  // With momentum 1 a pass leaves exactly its own batch's statistics behind.
  const layers = graph.layers.map((layer) => (layer.kind === 'batchNorm' ? { ...layer, momentum: 1 } : layer));
  const model = engine.load({ ...graph, layers });
  const sums = new Map(norms.map(({ name, gamma }) => [name, new ChannelSums(gamma.length)]));
  try {
    for (const [number, images] of batches.entries()) {
      await breathe(hooks);
      const pass = await model.forward(images, { mode: 'train', gradients: 'none' });
      pass.dispose();
      const measured = await model.readParameters();
      for (const [name, sum] of sums) sum.add(measured.get(`${name}.mean`)!, measured.get(`${name}.variance`)!);
      hooks.progress?.(number + 1, batches.length);
    }
  } finally {
    model.dispose();
  }
  const values: ParameterMap = new Map();
  for (const [name, sum] of sums) {
    values.set(`${name}.mean`, sum.mean());
    values.set(`${name}.variance`, sum.variance());
  }
  return withParameters(graph, values);
}

/** Sums of batch means and second moments, per channel. */
class ChannelSums {
  private readonly means: Float64Array;
  private readonly moments: Float64Array;
  private batches = 0;

  constructor(channels: number) {
    this.means = new Float64Array(channels);
    this.moments = new Float64Array(channels);
  }

  add(mean: Float32Array, variance: Float32Array): void {
    this.batches += 1;
    for (const [c, value] of mean.entries()) {
      this.means[c] = this.means[c]! + value;
      this.moments[c] = this.moments[c]! + variance[c]! + value * value;
    }
  }

  mean(): Float32Array {
    return Float32Array.from(this.means, (sum) => sum / this.batches);
  }

  variance(): Float32Array {
    const mean = this.means.map((sum) => sum / this.batches);
    return Float32Array.from(this.moments, (sum, c) => Math.max(0, sum / this.batches - mean[c]! ** 2));
  }
}
