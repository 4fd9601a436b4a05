import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lower } from '../../compiler/lower.js';
import { raise } from '../../compiler/raise.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import { checkLayers } from '../../schemas/layer-check.js';
import { snnDag } from '../property/arbitrary-dag.js';

it('raising a lowered network and lowering it again gives the same graph', () => {
  let compared = 0;
  fc.assert(
    fc.property(snnDag, (snn) => {
      const graph = lower(snn);
      let raised: ReturnType<typeof raise>;
      try {
        raised = raise(graph, new Map());
      } catch (error) {
        expect(error instanceof SpikewrightError && error.diagnostics[0]?.code).toBe('SW2016');
        return;
      }
      compared += 1;
      checkLayers(raised.snn.layers, 'raised');
      const again = lower(raised.snn);
      expect(again.populations.map(({ name, phase, kind }) => [name, phase, kind])).toEqual(
        graph.populations.map(({ name, phase, kind }) => [name, phase, kind]),
      );
      for (const [index, { from, to, kernel, stride, padding, pool, delay }] of graph.projections.entries()) {
        const other = again.projections[index]!;
        const { from: source, to: receiver, padding: sides, pool: window, delay: late } = other;
        expect([source, receiver, sides, window, late]).toEqual([from, to, padding, pool, delay]);
        // A kernel that covers its source has one place: its stride says nothing.
        const { shape } = graph.populations.find(({ name }) => name === to)!;
        if (shape[0] * shape[1] > 1) expect(other.stride).toEqual(stride);
        expect(other.kernel.shape).toEqual(kernel.shape);
        kernel.data.forEach((weight, k) => {
          expect(other.kernel.data[k]).toBeCloseTo(weight, 6);
        });
      }
      expect(again.drives).toEqual(graph.drives);
    }),
    { numRuns: 150 },
  );
  expect(compared).toBeGreaterThan(40);
});
