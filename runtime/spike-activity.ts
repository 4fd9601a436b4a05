import type { Model } from './engine/engine.js';
import type { Hooks } from './hooks.js';
import type { Measured } from './train/accuracy.js';
import { overBatches } from './train/accuracy.js';

/** How much a spiking network fires. */
export interface SpikeActivity {
  readonly samples: number;
  readonly neurons: number;
  /** Of one image over all timesteps. */
  readonly spikesPerSample: { readonly mean: number; readonly least: number; readonly most: number };
  /** Images by their number of spikes: equally wide bins from the least to the most. */
  readonly histogram: readonly number[];
  /** Share of the chances to fire that were taken, in percent: spikes over neurons times timesteps. */
  readonly firingPercent: number;
  /** Share of the neurons that fire at least once for an image, mean over images, in percent. */
  readonly activeNeuronsPercent: number;
  readonly layers: readonly { readonly name: string; readonly neurons: number; readonly spikesPerSample: number }[];
}

const BINS = 10;

/** Runs the measured images through an SNN of `timesteps` timesteps and counts its spikes. */
export async function spikeActivity(
  model: Model,
  measured: Measured,
  timesteps: number,
  hooks: Hooks = {},
): Promise<SpikeActivity> {
  const spikes: number[] = [];
  const layers = new Map<string, { neurons: number; spikes: number }>();
  let active = 0;
  await overBatches(measured, hooks, async ({ images, labels }) => {
    const counts = new Float64Array(labels.length);
    for (const [name, raster] of (await model.recordSpikes(images)).spikes) {
      const neurons = raster.length / (timesteps * labels.length);
      const layer = layers.get(name) ?? { neurons, spikes: 0 };
      layers.set(name, layer);
      for (let n = 0; n < labels.length; n += 1) {
        const { fired, total } = countSample(raster, n, labels.length, neurons);
        counts[n]! += total;
        layer.spikes += total;
        active += fired;
      }
    }
    spikes.push(...counts);
  });
  const samples = spikes.length;
  const neurons = [...layers.values()].reduce((sum, layer) => sum + layer.neurons, 0);
  const total = spikes.reduce((sum, count) => sum + count, 0);
  const least = spikes.reduce((low, count) => Math.min(low, count), spikes[0]!);
  const most = spikes.reduce((high, count) => Math.max(high, count), 0);
  const histogram = new Array<number>(BINS).fill(0);
  const width = Math.max(1, most - least);
  for (const count of spikes) histogram[Math.min(BINS - 1, Math.floor((BINS * (count - least)) / width))]! += 1;
  return {
    samples,
    neurons,
    spikesPerSample: { mean: total / samples, least, most },
    histogram,
    firingPercent: (100 * total) / (samples * neurons * timesteps),
    activeNeuronsPercent: (100 * active) / (samples * neurons),
    layers: [...layers].map(([name, layer]) => ({
      name,
      neurons: layer.neurons,
      spikesPerSample: layer.spikes / samples,
    })),
  };
}

/** Spikes of sample n in a raster [T·N, neurons], time slowest, and how many of its neurons fired at all. */
function countSample(raster: Uint8Array, n: number, batch: number, neurons: number): { fired: number; total: number } {
  const seen = new Uint8Array(neurons);
  let total = 0;
  for (let start = n * neurons; start < raster.length; start += batch * neurons) {
    for (let k = 0; k < neurons; k += 1) {
      total += raster[start + k]!;
      seen[k]! |= raster[start + k]!;
    }
  }
  return { fired: seen.reduce((sum, flag) => sum + flag, 0), total };
}
