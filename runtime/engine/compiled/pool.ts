import { intsAttribute } from '../../../compiler/export/onnx-attributes.js';
import type { AvgPoolLayer } from '../../../schemas/ann.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { noParameters } from './emission.js';
import type { Graph, Value } from './graph.js';
import type { Signal } from './signal.js';

/** Mean over windows, [N, C, H, W] → [N, C, H', W']. */
export function emitPool({ size, stride }: AvgPoolLayer, { graph }: EmissionContext, input: Signal): LayerEmission {
  const [, , height, width] = input.shape as readonly [number, number, number, number];
  const windows = [0, 1].map((axis) => Math.floor(([height, width][axis]! - size[axis]!) / stride[axis]!) + 1);
  const attributes = [intsAttribute('kernel_shape', size), intsAttribute('strides', stride)];
  return {
    output: input.map((part) =>
      graph.apply('AveragePool', [part], [...part.shape.slice(0, 2), ...windows], { attributes }),
    ),
    backward(upstream) {
      // The pool is Rₕ·x·Rᵥᵀ with a matrix of means for rows and one for columns; its gradient is Rₕᵀ·g·Rᵥ.
      const rows = means(graph, height, windows[0]!, size[0], stride[0], 'transposed');
      const columns = means(graph, width, windows[1]!, size[1], stride[1], 'as it is');
      const below = upstream.map((part) => {
        const [images, channels] = part.shape as readonly [number, number];
        // As one product over all rows of all maps.
        const lines = images * channels * windows[0]!;
        const wide = graph.apply('MatMul', [graph.reshape(part, [lines, windows[1]!]), columns], [lines, width]);
        const maps = [images * channels, windows[0]!];
        if (size[0] === stride[0] && windows[0]! * size[0] === height) {
          // Windows that tile: every row of the gradient stands for as many rows of the input.
          const row = graph.reshape(graph.scale(wide, 1 / size[0]), [...maps, 1, width]);
          const repeated = graph.concat(
            Array.from({ length: size[0] }, () => row),
            2,
          );
          return graph.reshape(repeated, [images, channels, height, width]);
        }
        return graph.apply(
          'MatMul',
          [rows, graph.reshape(wide, [images, channels, windows[0]!, width])],
          [images, channels, height, width],
        );
      });
      return { inputs: [below], parameters: noParameters };
    },
  };
}

/** The matrix [windows, extent] that takes the mean of each window along one axis, or its transpose. */
function means(
  graph: Graph,
  extent: number,
  windows: number,
  size: number,
  stride: number,
  form: 'as it is' | 'transposed',
): Value {
  const matrix = new Float32Array(windows * extent);
  for (let window = 0; window < windows; window += 1) {
    for (let k = 0; k < size; k += 1) {
      const position = window * stride + k;
      matrix[form === 'transposed' ? position * windows + window : window * extent + position] = 1 / size;
    }
  }
  return graph.constant(matrix, form === 'transposed' ? [extent, windows] : [windows, extent]);
}
