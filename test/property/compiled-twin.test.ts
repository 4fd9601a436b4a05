import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CompiledEngine } from '../../runtime/engine/compiled/compiled-engine.js';
import { startEager } from '../../runtime/engine/start.js';
import { ensemble } from '../../runtime/engine/surrogate.js';
import { lossGradient, softmax } from '../../runtime/engine/target-loss.js';
import { CompiledTwin } from '../../runtime/twin/compiled/compiled-twin.js';
import type { SampleRecord } from '../../runtime/twin/record.js';
import { IntegerTwin } from '../../runtime/twin/twin.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import { loadTarget } from '../../targets/load.js';
import { relativeDistance } from '../runtime/engine/closeness.js';
import { startTested } from '../runtime/engine/engines.js';
import { draws } from '../runtime/engine/small-networks.js';
import { snnDag } from './arbitrary-dag.js';
import { randomImages, spikeGraph } from './arbitrary-spike.js';
import { quantiseIfFits } from './compile-if-fits.js';

let engine: CompiledEngine;

beforeAll(async () => {
  engine = (await startTested('compiled')) as CompiledEngine;
  await startEager({ backend: 'cpu' });
});

/** Networks of every layer kind with branches, sums and delays: on a coarse grid with hard resets, on a fine one with any. */
const lowered = fc
  .tuple(snnDag, fc.boolean())
  .map(([snn, isCoarse]): IntegerSpikeGraph | null => {
    if (!isCoarse) return quantiseIfFits(snn, loadTarget('ideal'));
    const layers = snn.layers.map((layer) => (layer.kind === 'neuron' ? { ...layer, reset: 'hard' as const } : layer));
    return quantiseIfFits({ ...snn, layers }, loadTarget('loihi1'));
  })
  .filter((graph) => graph !== null);

/** Share of spike slots that fired. */
function rateOf(records: readonly SampleRecord[]): { fired: number; slots: number } {
  let [fired, slots] = [0, 0];
  for (const { spikes } of records) {
    for (const raster of spikes.values()) {
      slots += raster.length;
      for (const spike of raster) fired += spike;
    }
  }
  return { fired, slots };
}

describe('the compiled twin', () => {
  it.each([
    { graphs: 'any integer graph', arbitrary: spikeGraph, numRuns: 100 },
    { graphs: 'lowered networks with branches and delays', arbitrary: lowered, numRuns: 60 },
  ])('has every spike, readout and logit of the eager one: $graphs', async ({ arbitrary, numRuns }) => {
    let [fired, slots] = [0, 0];
    const property = fc.asyncProperty(
      arbitrary,
      fc.integer({ min: 1, max: 5 }),
      fc.nat(),
      async (graph, batch, seed) => {
        const images = randomImages(graph.drives[0]!.inputShape, batch, seed);
        const [eager, compiled] = [new IntegerTwin(graph), new CompiledTwin(graph, engine)];
        const expected = await eager.recordSpikes(images);
        expect(await compiled.recordSpikes(images)).toEqual(expected);
        const logits = [];
        for (const twin of [eager, compiled]) {
          const pass = await twin.forward(images, { mode: 'eval', gradients: 'none' });
          logits.push(pass.logits);
          pass.dispose();
          twin.dispose();
        }
        expect(logits[1]).toEqual(logits[0]);
        const rate = rateOf(expected);
        fired += rate.fired;
        slots += rate.slots;
      },
    );
    await fc.assert(property, { numRuns });
    // Neither mute nor saturated, or equality would mean little.
    expect(fired / slots).toBeGreaterThan(0.1);
    expect(fired / slots).toBeLessThan(0.9);
  });

  it('has the eager one’s input gradient under every member of the ensemble', async () => {
    let moving = 0;
    let count = 0;
    const property = fc.asyncProperty(fc.oneof(spikeGraph, lowered), fc.nat(), async (graph, seed) => {
      const images = randomImages(graph.drives[0]!.inputShape, 3, seed);
      const [eager, compiled] = [new IntegerTwin(graph), new CompiledTwin(graph, engine)];
      for (const { name, surrogate } of ensemble) {
        const gradients = [];
        for (const twin of [eager, compiled]) {
          const pass = await twin.forward(images, { mode: 'eval', surrogate, gradients: 'input' });
          const { input } = await pass.backward(draws(seed, pass.logits.length), { parameters: false, input: true });
          gradients.push(input!);
          pass.dispose();
        }
        const [expected, found] = gradients as [Float32Array, Float32Array];
        expect(relativeDistance(found, expected), name).toBeLessThan(1e-4);
        count += 1;
        if (expected.some((value) => value !== 0)) moving += 1;
      }
      const loss = { targets: softmax(draws(seed, 3 * eager.classes), eager.classes), weight: 1 };
      const losses = [];
      for (const twin of [eager, compiled]) {
        const wanted = { parameters: false, input: true };
        losses.push(await lossGradient(twin, images, loss, { mode: 'eval' }, wanted));
      }
      expect(losses[1]!.logits).toEqual(losses[0]!.logits);
      expect(relativeDistance(losses[1]!.input!, losses[0]!.input!)).toBeLessThan(1e-4);
      eager.dispose();
      compiled.dispose();
    });
    await fc.assert(property, { numRuns: 30 });
    expect(moving / count).toBeGreaterThan(0.5);
  });
});
