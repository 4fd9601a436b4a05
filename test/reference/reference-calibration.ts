import type { SnnGraph } from '../../schemas/snn.js';
import type { FeatureMap } from './reference-snn.js';
import { applyLinear } from './reference-snn.js';

export interface ReferenceCalibration {
  /** By neuron layer. */
  readonly measured: ReadonlyMap<string, number>;
  /** By neuron layer: the largest input current of either sign, to which rounding errors are in proportion. */
  readonly largest: ReadonlyMap<string, number>;
  /**
   * Smallest distance of a membrane from its threshold, as a share of the layer's largest input, but for those that meet
   * it: where it is tiny, rounding decides.
   */
  readonly margin: number;
}

/**
 * Threshold balancing as the method states it, layer after layer with every value of every timestep at hand, in float64.
 * Ends early, with what it has, at a layer whose percentile is not positive.
 */
export function referenceCalibration(
  snn: SnnGraph,
  batches: readonly (readonly Float32Array[])[],
  { steps, percentile }: { readonly steps: number; readonly percentile: number },
): ReferenceCalibration {
  /** By layer: of each batch, the maps of every timestep of every image, image by image. */
  const values = new Map<string, FeatureMap[][]>();
  const measured = new Map<string, number>();
  const largest = new Map<string, number>();
  let margin = Number.POSITIVE_INFINITY;
  for (const layer of snn.layers) {
    if (layer.kind === 'input') {
      const { shape, mean, std } = layer;
      const maps = batches.map((batch) =>
        batch.flatMap((image) => {
          const pixels = Float64Array.from(image, (x, k) => (x - mean[k % shape[2]]!) / std[k % shape[2]]!);
          return Array.from({ length: steps }, () => ({ shape, values: pixels }));
        }),
      );
      values.set(layer.name, maps);
      continue;
    }
    const input = values.get(layer.inputs[0]!)!;
    if (layer.kind === 'neuron') {
      const threshold = Math.max(...input.map((maps) => kthSmallest(maps, percentile)));
      measured.set(layer.name, threshold);
      const peak = input.flat().reduce((most, { values: x }) => x.reduce((m, a) => Math.max(m, Math.abs(a)), most), 0);
      largest.set(layer.name, peak);
      if (!(threshold > 0)) return { measured, largest, margin };
      const fired = input.map((maps) => {
        let v = new Float64Array(0);
        return maps.map(({ shape, values: current }, index): FeatureMap => {
          if (index % steps === 0) v = new Float64Array(current.length);
          const spikes = current.map((a, n) => {
            const before = layer.leak * v[n]! + a;
            const distance = Math.abs(before - threshold);
            if (distance > 0) margin = Math.min(margin, distance / peak);
            const spike = before >= threshold ? 1 : 0;
            v[n] = layer.reset === 'hard' ? before * (1 - spike) : before - spike * threshold;
            return spike;
          });
          return { shape, values: spikes };
        });
      });
      values.set(layer.name, fired);
    } else if (layer.kind === 'batchNorm') {
      const { gamma, beta, epsilon } = layer;
      const normed = input.map((maps) => {
        const { mean, variance } = statistics(maps, gamma.length);
        return maps.map(({ shape, values: x }): FeatureMap => {
          const y = x.map((value, k) => {
            const c = k % gamma.length;
            return (gamma[c]! * (value - mean[c]!)) / Math.sqrt(variance[c]! + epsilon) + beta[c]!;
          });
          return { shape, values: y };
        });
      });
      values.set(layer.name, normed);
    } else if (layer.kind === 'add') {
      const parts = layer.inputs.map((name) => values.get(name)!);
      const sums = input.map((maps, batch) =>
        maps.map(({ shape, values: first }, index): FeatureMap => {
          const sum = first.map((_, n) =>
            parts.reduce((total, part, k) => total + layer.scales[k]! * part[batch]![index]!.values[n]!, 0),
          );
          return { shape, values: sum };
        }),
      );
      values.set(layer.name, sums);
    } else if (layer.kind !== 'output') {
      values.set(
        layer.name,
        input.map((maps) => maps.map((map) => applyLinear(layer, map))),
      );
    }
  }
  return { measured, largest, margin };
}

function kthSmallest(maps: readonly FeatureMap[], percentile: number): number {
  const all = maps.flatMap(({ values }) => [...values]).sort((a, b) => a - b);
  return all[Math.round((percentile / 100) * (all.length - 1))]!;
}

function statistics(maps: readonly FeatureMap[], channels: number) {
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  const perChannel = (maps.length * maps[0]!.values.length) / channels;
  const each = (use: (value: number, channel: number) => void): void => {
    for (const { values } of maps) {
      for (const [k, value] of values.entries()) use(value, k % channels);
    }
  };
  each((value, c) => {
    mean[c]! += value / perChannel;
  });
  each((value, c) => {
    variance[c]! += (value - mean[c]!) ** 2 / perChannel;
  });
  return { mean, variance };
}
