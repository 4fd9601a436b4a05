import fc from 'fast-check';
import { expect, it } from 'vitest';
import { convert } from '../../../compiler/convert.js';
import { calibrate } from '../../../runtime/calibrate/calibrate.js';
import { startEager } from '../../../runtime/engine/start.js';
import { resnet, wideResnet } from '../../../runtime/models/residual.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import { elementCount } from '../../../schemas/tensor.js';
import { snnDag } from '../../property/arbitrary-dag.js';
import { referenceCalibration } from '../../reference/reference-calibration.js';
import { draws } from '../engine/small-networks.js';

const { engine } = await startEager({ backend: 'wasm' });

/** Two mini-batches of two images. */
function imagesFor(snn: SnnGraph): readonly (readonly Float32Array[])[] {
  const input = snn.layers.find((layer) => layer.kind === 'input')!;
  const size = elementCount(input.shape);
  const image = (seed: number) => draws(seed, size, 0, 1);
  return [
    [image(1), image(2)],
    [image(3), image(4)],
  ];
}

/** Compares with the reference; false where rounding may have decided a spike. */
async function agrees(snn: SnnGraph, percentile: number): Promise<boolean> {
  const images = imagesFor(snn);
  const options = { steps: 5, percentile, scale: 0.3 };
  const { measured, largest, margin } = referenceCalibration(snn, images, options);
  const smallest = Math.min(...measured.values());
  if (margin < 1e-5 || Math.abs(smallest) < 1e-5) return false;
  const batches = images.map((batch) => Float32Array.from(batch.flatMap((image) => [...image])));
  if (smallest < 0) {
    const refused = await calibrate(engine, snn, batches, options).catch((error: unknown) => error);
    expect(String(refused)).toContain(`SW4030 layer ${[...measured.keys()].at(-1)}`);
    return true;
  }
  const calibration = await calibrate(engine, snn, batches, options);
  expect([...calibration.measured.keys()]).toEqual([...measured.keys()]);
  for (const [name, threshold] of measured) {
    // A small threshold of large currents that cancel is as inexact as those are.
    expect(Math.abs(calibration.measured.get(name)! - threshold), name).toBeLessThan(1e-4 * largest.get(name)!);
  }
  return true;
}

it('random networks of branches, sums and norms in any place get the thresholds of the definition', async () => {
  let compared = 0;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(snnDag, fc.constantFrom(80, 95, 99.7, 100), async (snn, percentile) => {
      runs += 1;
      if (await agrees(snn, percentile)) compared += 1;
    }),
    { numRuns: 200 },
  );
  expect(compared / runs).toBeGreaterThan(0.4);
});

const setup = { shape: [8, 8, 3] as const, classes: 4, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], seed: 1 };
const plan = { stem: 4, stages: [4, 6], blocks: 2 } as const;

it.each([
  ['residual', resnet],
  ['wide residual, whose blocks pass analog sums on', wideResnet],
])('a %s network gets the thresholds of the definition', async (_, build) => {
  const snn = convert(build('net', plan, setup).graph, { timesteps: 4, leak: 1, reset: 'hard' });
  const compared = await Promise.all([90, 97, 99.7].map((percentile) => agrees(snn, percentile)));
  expect(compared).toContain(true);
});
