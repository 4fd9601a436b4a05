import { failure } from '../../schemas/diagnostic.js';
import { shapeText } from '../../schemas/layer-shapes.js';
import type { Pair } from '../../schemas/tensor.js';
import { addOperator, divOperator, mulOperator, subOperator, sumOperator } from './onnx-arithmetic.js';
import { floatOf, intOf, intsOf, pairOf, requireInt, requireKnownAttributes } from './onnx-attributes.js';
import { gemm, matMul } from './onnx-dense.js';
import { flatten, reshape, transpose } from './onnx-flatten.js';
import type { OnnxNode } from './onnx-model.js';
import type { OnnxNetwork } from './onnx-network.js';
import { readPadding, requireDroppedBorder } from './onnx-padding.js';
import { readTensor } from './onnx-tensor.js';
import { shortestDecimal } from './shortest-decimal.js';

/** Adds what a node computes to the network. */
type Operator = (node: OnnxNode, network: OnnxNetwork) => void;

/** From here on a Dropout's rate is an input, before it an attribute. */
const DROPOUT_RATE_INPUT_OPSET = 12;

/** Every operator that is imported, by its ONNX name. */
export const operators: Readonly<Record<string, Operator>> = {
  Add: addOperator,
  AveragePool: averagePool,
  BatchNormalization: batchNormalisation,
  Constant: constant,
  Conv: convolution,
  Div: divOperator,
  Dropout: dropout,
  Flatten: flatten,
  Gemm: gemm,
  GlobalAveragePool: globalAveragePool,
  Identity: identity,
  MatMul: matMul,
  Mul: mulOperator,
  Relu: relu,
  Reshape: reshape,
  Sub: subOperator,
  Sum: sumOperator,
  Transpose: transpose,
};

/** Kernels turn from [cout, cin, kh, kw] to [kh, kw, cin, cout]. */
function convolution(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, ['auto_pad', 'dilations', 'group', 'kernel_shape', 'pads', 'strides']);
  requireInt(node, 'group', 1);
  requireNoDilation(node);
  const { name: source, shape } = network.map(node);
  const weights = network.floats(node, 1);
  const [outputs = 0, inputs = 0, height = 0, width = 0] = weights.shape;
  if (weights.shape.length !== 4 || weights.data.length === 0) {
    throw failure('SW1034', {
      where: node.where,
      what: `its weights have shape ${shapeText(weights.shape)}; [cout, cin, kh, kw] is needed.`,
    });
  }
  const kernelSize = pairOf(node, 'kernel_shape', [height, width]);
  if (kernelSize[0] !== height || kernelSize[1] !== width) {
    throw failure('SW1034', {
      where: node.where,
      what: `kernel_shape ${shapeText(kernelSize)}, weights of ${height} × ${width}.`,
    });
  }
  const stride = pairOf(node, 'strides', [1, 1]);
  const padding = readPadding(node, [shape[0], shape[1]], kernelSize, stride);
  network.claim(node, weights.data.length);
  const pixels = height * width;
  const data = new Float32Array(weights.data.length);
  for (let cout = 0; cout < outputs; cout++) {
    for (let cin = 0; cin < inputs; cin++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        data[(pixel * inputs + cin) * outputs + cout] = weights.data[(cout * inputs + cin) * pixels + pixel]!;
      }
    }
  }
  const bias = network.hasInput(node, 2) ? network.floats(node, 2).data : null;
  if (bias !== null && bias.length !== outputs) {
    throw failure('SW1034', { where: node.where, what: `its bias has ${bias.length} values for ${outputs} channels.` });
  }
  const kernel = { shape: [height, width, inputs, outputs], data };
  network.append(node, (name) => ({ kind: 'conv2d', name, inputs: [source], kernel, bias, stride, padding }), [shape]);
}

function batchNormalisation(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, ['epsilon', 'momentum', 'spatial', 'training_mode']);
  requireInt(node, 'spatial', 1);
  requireInt(node, 'training_mode', 0);
  const { name: source, shape } = network.layer(node);
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((position) => network.floats(node, position).data) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (const part of [beta, mean, variance]) {
    if (part.length !== gamma.length) {
      throw failure('SW1034', {
        where: node.where,
        what: `its parameters have ${gamma.length} and ${part.length} values.`,
      });
    }
  }
  network.claim(node, 4 * gamma.length);
  const epsilon = shortestDecimal(Math.fround(floatOf(node, 'epsilon', 1e-5)));
  // ONNX weighs the old statistics, we the new batch; twelve digits drop what the subtraction adds to the decimal.
  const momentum = Number((1 - shortestDecimal(Math.fround(floatOf(node, 'momentum', 0.9)))).toPrecision(12));
  network.append(
    node,
    (name) => ({ kind: 'batchNorm', name, inputs: [source], gamma, beta, mean, variance, epsilon, momentum }),
    [shape],
  );
}

function relu(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, []);
  const { name: source, shape } = network.layer(node);
  network.append(node, (name) => ({ kind: 'activation', name, inputs: [source], function: 'relu' }), [shape]);
}

function averagePool(node: OnnxNode, network: OnnxNetwork): void {
  const known = ['auto_pad', 'ceil_mode', 'count_include_pad', 'dilations', 'kernel_shape', 'pads', 'strides'];
  requireKnownAttributes(node, known);
  requireNoDilation(node);
  const { name: source, shape } = network.map(node);
  const size = pairOf(node, 'kernel_shape', [0, 0]);
  const stride = pairOf(node, 'strides', [1, 1]);
  if (Math.min(...size, ...stride) < 1) {
    throw failure('SW1034', {
      where: node.where,
      what: `windows of ${shapeText(size)} in strides of ${shapeText(stride)}.`,
    });
  }
  requireDroppedBorder(node, [shape[0], shape[1]], size, stride);
  network.append(node, (name) => ({ kind: 'avgPool', name, inputs: [source], size, stride }), [shape]);
}

function globalAveragePool(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, []);
  const { name: source, shape } = network.map(node);
  const size: Pair = [shape[0], shape[1]];
  network.append(node, (name) => ({ kind: 'avgPool', name, inputs: [source], size, stride: size }), [shape]);
}

function dropout(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, ['ratio', 'seed']);
  const { name: source, shape } = network.layer(node);
  let rate = floatOf(node, 'ratio', 0.5);
  if (network.model.opset >= DROPOUT_RATE_INPUT_OPSET && network.hasInput(node, 1)) {
    const { data } = network.floats(node, 1);
    if (data.length !== 1) throw failure('SW1034', { where: node.where, what: `its ratio has ${data.length} values.` });
    rate = data[0]!;
  }
  const exact = shortestDecimal(Math.fround(rate));
  network.append(node, (name) => ({ kind: 'dropout', name, inputs: [source], rate: exact }), [shape]);
}

function identity(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, []);
  network.assign(node, network.input(node, 0));
}

function constant(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, ['value', 'value_float', 'value_floats', 'value_int', 'value_ints']);
  const [name = '', attribute] = [...node.attributes][0] ?? [];
  if (attribute === undefined || node.attributes.size !== 1) {
    throw failure('SW1034', { where: node.where, what: `it has ${node.attributes.size} values; a constant has one.` });
  }
  if (name === 'value') {
    network.assign(node, { kind: 'constant', tensor: readTensor(attribute.t ?? {}, node.where) });
  } else if (name === 'value_float' || name === 'value_floats') {
    const data = Float32Array.from(name === 'value_float' ? [attribute.f ?? 0] : (attribute.floats ?? []));
    const shape = name === 'value_float' ? [] : [data.length];
    network.assign(node, { kind: 'constant', tensor: { type: 'float', shape, data } });
  } else {
    const data = name === 'value_int' ? [intOf(node, name, 0)] : (intsOf(node, name) ?? []);
    const shape = name === 'value_int' ? [] : [data.length];
    network.assign(node, { kind: 'constant', tensor: { type: 'integer', shape, data } });
  }
}

function requireNoDilation(node: OnnxNode): void {
  const dilations = pairOf(node, 'dilations', [1, 1]);
  if (dilations[0] !== 1 || dilations[1] !== 1) {
    throw failure('SW1033', {
      where: node.where,
      what: `dilations ${shapeText(dilations)}; only [1, 1] is supported.`,
    });
  }
}
