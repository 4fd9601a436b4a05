import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exportSafetensors } from '../../../compiler/export/safetensors.js';
import { readSafetensors } from '../../../schemas/safetensors.js';
import { annGraphs, snnGraphs } from '../../schemas/arbitraries.js';

it('every array of a network is in its safetensors file, and all else in the metadata', () => {
  fc.assert(
    fc.property(fc.oneof(annGraphs, snnGraphs), (graph) => {
      const { tensors, metadata } = readSafetensors(exportSafetensors(graph), 'net.safetensors');
      const network = JSON.parse(metadata.network!);
      expect([network.kind, network.name]).toEqual([graph.kind, graph.name]);
      expect(metadata.timesteps).toBe(graph.kind === 'snn' ? `${graph.timesteps}` : undefined);
      const left = new Set(tensors.keys());
      for (const [index, layer] of graph.layers.entries()) {
        expect(network.layers[index]).toMatchObject({ kind: layer.kind, name: layer.name });
        for (const [part, value] of Object.entries(layer)) {
          const isScalar = layer.kind === 'neuron' && part === 'threshold';
          const array = isScalar ? Float32Array.of(value) : (value?.data ?? value);
          if (!(array instanceof Float32Array)) {
            if (value !== null) expect(network.layers[index][part]).toEqual(value);
            continue;
          }
          const tensor = tensors.get(`${layer.name}.${part}`)!;
          expect(tensor.shape).toEqual(isScalar ? [] : (value.shape ?? [array.length]));
          expect(tensor.data).toEqual(array);
          left.delete(`${layer.name}.${part}`);
        }
      }
      expect(left.size).toBe(0);
    }),
    { numRuns: 100 },
  );
});
