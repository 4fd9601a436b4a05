import { failure } from '../../schemas/diagnostic.js';
import { shapeText } from '../../schemas/layer-shapes.js';
import { floatOf, intOf, requireInt, requireKnownAttributes } from './onnx-attributes.js';
import type { OnnxNode } from './onnx-model.js';
import type { OnnxNetwork } from './onnx-network.js';

/** alpha·x·W + beta·b with constant W and b. */
export function gemm(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, ['alpha', 'beta', 'transA', 'transB']);
  requireInt(node, 'transA', 0);
  const weights = network.floats(node, 1);
  const transposed = intOf(node, 'transB', 0) !== 0;
  const alpha = floatOf(node, 'alpha', 1);
  const beta = floatOf(node, 'beta', 1);
  const [rows = 0, columns = 0] = weights.shape;
  if (weights.shape.length !== 2 || weights.data.length === 0) {
    throw failure('SW1034', {
      where: node.where,
      what: `its weights have shape ${shapeText(weights.shape)}; two axes are needed.`,
    });
  }
  network.claim(node, weights.data.length);
  const [inputs, outputs] = transposed ? [columns, rows] : [rows, columns];
  const data = new Float32Array(weights.data.length);
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++) {
      const from = transposed ? output * inputs + input : input * outputs + output;
      data[input * outputs + output] = alpha * weights.data[from]!;
    }
  }
  const bias = network.hasInput(node, 2) ? readGemmBias(node, network, outputs).map((value) => beta * value) : null;
  appendDense(node, network, { inputs, outputs, data, bias });
}

/** [n], [1, n], or one value for all n. */
function readGemmBias(node: OnnxNode, network: OnnxNetwork, outputs: number): Float32Array {
  const { shape, data } = network.floats(node, 2);
  const rows = shape.slice(0, -1).every((extent) => extent === 1) && shape.length <= 2;
  if (rows && data.length === outputs) return data;
  if (rows && data.length === 1) return new Float32Array(outputs).fill(data[0]!);
  throw failure('SW1034', {
    where: node.where,
    what: `its bias has shape ${shapeText(shape)} for ${outputs} outputs.`,
  });
}

/** x·W of a vector with constant weights; an Add of constants after it becomes its bias. */
export function matMul(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, []);
  const { shape, data } = network.floats(node, 1);
  const [inputs = 0, outputs = 0] = shape;
  if (shape.length !== 2 || data.length === 0) {
    throw failure('SW1034', {
      where: node.where,
      what: `its weights have shape ${shapeText(shape)}; two axes are needed.`,
    });
  }
  network.claim(node, data.length);
  appendDense(node, network, { inputs, outputs, data, bias: null });
}

function appendDense(
  node: OnnxNode,
  network: OnnxNetwork,
  dense: { inputs: number; outputs: number; data: Float32Array; bias: Float32Array | null },
): void {
  const { name: source, shape } = network.layer(node);
  const kernel = { shape: [dense.inputs, dense.outputs], data: dense.data };
  network.append(node, (name) => ({ kind: 'dense', name, inputs: [source], kernel, bias: dense.bias }), [shape]);
}
