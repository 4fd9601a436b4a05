import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../../compiler/export/onnx.js';
import type { InputLayer } from '../../../schemas/ann.js';
import { annForward } from '../../reference/ann-forward.js';
import { runOnnx } from '../../reference/onnx-runtime.js';
import { annGraphs } from '../../schemas/arbitraries.js';

describe('exportOnnx', () => {
  it('writes models that ONNX Runtime loads and that compute the network', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        annGraphs,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (ann, pixels) => {
          const { shape } = ann.layers[0] as InputLayer;
          const image = Float32Array.from(pixels.take(shape[0] * shape[1] * shape[2]));
          const expected = annForward(ann, image);
          const actual = await runOnnx(exportOnnx(ann), shape, image);
          expect(actual.length).toBe(expected.length);
          const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          for (let k = 0; k < expected.length; k++) {
            expect(Math.abs(actual[k]! - expected[k]!) / largest).toBeLessThan(1e-4);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
