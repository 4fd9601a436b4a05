import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeDrive } from '../../runtime/drive.js';
import { startEager } from '../../runtime/engine/start.js';
import { IntegerTwin } from '../../runtime/twin/twin.js';
import { elementCount } from '../../schemas/tensor.js';
import { runReference } from '../reference/reference-twin.js';
import { randomImages, spikeGraph } from './arbitrary-spike.js';

describe('the engine twin', () => {
  it.each([
    'cpu',
    'wasm',
  ] as const)('computes every spike and readout of the reference, whatever the graph, on %s', async (backend) => {
    await startEager({ backend });
    let fired = 0;
    let silent = 0;
    await fc.assert(
      fc.asyncProperty(spikeGraph, fc.integer({ min: 1, max: 3 }), fc.nat(), async (graph, batch, seed) => {
        const [drive] = graph.drives;
        const images = randomImages(drive!.inputShape, batch, seed);
        const size = elementCount(drive!.inputShape);
        const twin = new IntegerTwin(graph);
        const records = await twin.recordSpikes(images);
        twin.dispose();
        expect(records.length).toBe(batch);
        for (const [n, { spikes, readout }] of records.entries()) {
          const { current } = encodeDrive(drive!, images.subarray(n * size, (n + 1) * size));
          const reference = runReference(graph, new Map([[drive!.population, current]]));
          expect(spikes).toEqual(reference.spikes);
          expect(readout).toEqual(reference.readouts.get('logits'));
          for (const of of spikes.values()) {
            const count = of.reduce((sum, spike) => sum + spike, 0);
            fired += count;
            silent += of.length - count;
          }
        }
      }),
      { numRuns: 150 },
    );
    // The graphs are neither mute nor saturated, or equality would mean little.
    expect(fired / (fired + silent)).toBeGreaterThan(0.1);
    expect(fired / (fired + silent)).toBeLessThan(0.9);
  });
});
