import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../../compiler/export/onnx.js';
import { importOnnx } from '../../../compiler/import/onnx.js';
import { annGraphs } from '../../schemas/arbitraries.js';

describe('importOnnx', () => {
  it('gives back every exported network', () => {
    fc.assert(
      fc.property(annGraphs, (graph) => {
        expect(importOnnx(exportOnnx(graph), 'x.onnx').value).toEqual(graph);
      }),
    );
  });
});
