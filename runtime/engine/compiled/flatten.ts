import type { FlattenLayer } from '../../../schemas/ann.js';
import { elementCount } from '../../../schemas/tensor.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { noParameters } from './emission.js';
import type { Signal } from './signal.js';

/** [N, C, H, W] → [N, H·W·C], channel last or first. */
export function emitFlatten({ order }: FlattenLayer, { graph }: EmissionContext, input: Signal): LayerEmission {
  const [, channels, height, width] = input.shape as readonly [number, number, number, number];
  const size = elementCount([channels, height, width]);
  return {
    output: input.map((part) => {
      const ordered = order === 'chw' ? part : graph.transpose(part, [0, 2, 3, 1]);
      return graph.reshape(ordered, [part.shape[0]!, size]);
    }),
    backward(upstream) {
      const below = upstream.map((part) => {
        const rows = part.shape[0]!;
        if (order === 'chw') return graph.reshape(part, [rows, channels, height, width]);
        return graph.transpose(graph.reshape(part, [rows, height, width, channels]), [0, 3, 1, 2]);
      });
      return { inputs: [below], parameters: noParameters };
    },
  };
}
