import { intAttribute } from '../../../compiler/export/onnx-attributes.js';
import type { DenseLayer } from '../../../schemas/ann.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { inputName } from './emission.js';
import { Signal } from './signal.js';

/** [steps·N, in] → [steps·N, out]: x·kernel + bias. */
export function emitDense(layer: DenseLayer, { graph }: EmissionContext, input: Signal): LayerEmission {
  const [inputs, outputs] = layer.kernel.shape as readonly [number, number];
  const kernel = graph.input(inputName(layer.name, 'kernel'), layer.kernel.shape, 'parameter');
  const source = input.merged;
  const rows = source.shape[0]!;
  const factors = [source, kernel];
  if (layer.bias !== null) factors.push(graph.input(inputName(layer.name, 'bias'), [outputs], 'parameter'));
  return {
    output: Signal.merged(graph, graph.apply('Gemm', factors, [rows, outputs]), input.steps),
    backward(upstream) {
      const gradient = upstream.merged;
      const below = graph.apply('Gemm', [gradient, kernel], [rows, inputs], {
        attributes: [intAttribute('transB', 1)],
      });
      const parameters = new Map([
        [
          'kernel',
          graph.apply('Gemm', [source, gradient], [inputs, outputs], { attributes: [intAttribute('transA', 1)] }),
        ],
      ]);
      if (layer.bias !== null) parameters.set('bias', graph.reduce('ReduceSum', gradient, [0], false));
      return { inputs: [Signal.merged(graph, below, input.steps)], parameters };
    },
  };
}
