import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lower } from '../../../compiler/lower.js';
import { FloatSpikes } from '../../../runtime/twin/float-spikes.js';
import { elementCount } from '../../../schemas/tensor.js';
import { snnDag } from '../../property/arbitrary-dag.js';
import { randomImages } from '../../property/arbitrary-spike.js';
import { runSnn } from '../../reference/reference-snn.js';
import { runSpikeGraph } from '../../reference/reference-spike.js';

it('float spike graphs fire as the contract reads, sample by sample', async () => {
  await tf.setBackend('cpu');
  let compared = 0;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(snnDag, fc.nat(1000), async (snn, seed) => {
      runs += 1;
      const graph = lower(snn);
      const { inputShape } = graph.drives[0]!;
      const size = elementCount(inputShape);
      const images = randomImages(inputShape, 3, seed);
      const parts = [0, 1, 2].map((n) => images.subarray(n * size, (n + 1) * size));
      // Float32 sums may decide otherwise where a membrane all but meets its threshold.
      if (Math.min(...parts.map((image) => runSnn(snn, image).margin)) < 1e-5) return;
      compared += 1;
      const network = new FloatSpikes(graph);
      const { logits, spikes } = await network.run(images);
      network.dispose();
      for (const [n, image] of parts.entries()) {
        const wanted = runSpikeGraph(graph, image);
        for (const [name, steps] of wanted.spikes) {
          const found = spikes.get(name)!;
          const neurons = found.length / (3 * graph.timesteps);
          for (const [tau, fired] of steps.entries()) {
            expect(found.subarray((tau * 3 + n) * neurons, (tau * 3 + n + 1) * neurons), name).toEqual(fired);
          }
        }
        const [readout] = wanted.logits.values();
        for (const [k, logit] of readout!.entries()) {
          expect(logits[n * network.classes + k]).toBeCloseTo(logit, 4);
        }
      }
    }),
    { numRuns: 100 },
  );
  expect(compared / runs).toBeGreaterThan(0.8);
});
