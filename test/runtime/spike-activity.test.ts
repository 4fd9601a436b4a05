import { expect, it } from 'vitest';
import { byteDataset } from '../../runtime/data/dataset.js';
import type { Model } from '../../runtime/engine/engine.js';
import { spikeActivity } from '../../runtime/spike-activity.js';

const dataset = byteDataset({
  name: 'blank',
  split: 'test',
  classNames: ['a', 'b'],
  shape: [1, 1, 1],
  labels: new Uint8Array(3),
  order: 'hwc',
  locate: (position) => ({ pixels: Uint8Array.of(0, 1, 2), position }),
});

/** Two timesteps; image n (its pixel) fires neuron 0 at both, neuron 1 at the first where n > 0, neuron 2 where n > 1. */
const model = {
  async recordSpikes(images: Float32Array) {
    const numbers = Array.from(images, (value) => Math.round(255 * value));
    const first = numbers.flatMap((n) => [1, n > 0 ? 1 : 0, n > 1 ? 1 : 0, 0]);
    const second = numbers.flatMap(() => [1, 0, 0, 0]);
    return {
      logits: new Float32Array(2 * images.length),
      spikes: new Map([['relu', Uint8Array.from([...first, ...second])]]),
    };
  },
} as unknown as Model;

it('counts spikes, their distribution over images, and the neurons that fire at all', async () => {
  for (const batchSize of [1, 2, 3]) {
    const measured = { dataset, indices: [0, 1, 2], batchSize };
    // 2, 3 and 4 spikes of 8 chances; 1, 2 and 3 of 4 neurons.
    expect(await spikeActivity(model, measured, 2)).toEqual({
      samples: 3,
      neurons: 4,
      spikesPerSample: { mean: 3, least: 2, most: 4 },
      histogram: [1, 0, 0, 0, 0, 1, 0, 0, 0, 1],
      firingPercent: 37.5,
      activeNeuronsPercent: 50,
      layers: [{ name: 'relu', neurons: 4, spikesPerSample: 3 }],
    });
  }
});
