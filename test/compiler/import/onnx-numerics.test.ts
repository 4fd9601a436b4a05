import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../../compiler/export/onnx.js';
import { importOnnx } from '../../../compiler/import/onnx.js';
import { annForward } from '../../reference/ann-forward.js';
import { runOnnx } from '../../reference/onnx-runtime.js';
import { annGraphs } from '../../schemas/arbitraries.js';
import { onnxModels } from './arbitrary-onnx.js';

describe('importOnnx', () => {
  it('gives back every exported network', () => {
    fc.assert(
      fc.property(annGraphs, (graph) => {
        expect(importOnnx(exportOnnx(graph), 'x.onnx').value).toEqual(graph);
      }),
    );
  });

  it('imports what ONNX Runtime computes, in every form that is supported', { timeout: 60_000 }, async () => {
    const pixels = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(onnxModels, pixels, async ({ bytes, shape, summary }, stream) => {
        const image = Float32Array.from(stream.take(shape[0] * shape[1] * shape[2]));
        const expected = await runOnnx(bytes, shape, image);
        const actual = annForward(importOnnx(bytes, 'x.onnx').value, image);
        expect(actual.length, summary).toBe(expected.length);
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        for (let k = 0; k < expected.length; k++) {
          expect(Math.abs(actual[k]! - expected[k]!) / largest, summary).toBeLessThan(1e-4);
        }
      }),
      { numRuns: 300 },
    );
  });
});
