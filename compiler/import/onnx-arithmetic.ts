import { failure } from '../../schemas/diagnostic.js';
import { shapeText } from '../../schemas/layer-shapes.js';
import { requireKnownAttributes } from './onnx-attributes.js';
import type { OnnxNode } from './onnx-model.js';
import type { Normalisation, OnnxNetwork, Value } from './onnx-network.js';
import type { ConstantTensor } from './onnx-tensor.js';

/** image − c, a step of the normalisation. */
export function subOperator(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, []);
  const [image, constant] = requireImage(node, network.input(node, 0), network.input(node, 1));
  const offsets = perChannel(node, constant, image.mean.length);
  const { mean, std } = image;
  normalise(node, network, { mean: mean.map((value, c) => value + offsets[c]! * std[c]!), std });
}

/** image / c, a step of the normalisation. */
export function divOperator(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, []);
  const [image, constant] = requireImage(node, network.input(node, 0), network.input(node, 1));
  const factors = perChannel(node, constant, image.mean.length);
  normalise(node, network, { mean: image.mean, std: image.std.map((value, c) => value * factors[c]!) });
}

/** image · c, a step of the normalisation; or a layer's output times one number, a term of a weighted sum. */
export function mulOperator(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, []);
  const [value, constant] = constantLast(network.input(node, 0), network.input(node, 1));
  const isScale = constant?.type === 'float' && constant.data.length === 1 && network.isTerm(node);
  if (isScale && value.kind !== 'constant') {
    const { name, shape } = network.layer(node, network.input(node, 0) === value ? 0 : 1);
    network.assign(node, { kind: 'scaled', name, shape, scale: constant.data[0]! });
    return;
  }
  const [image, factor] = requireImage(node, value, constant && { kind: 'constant', tensor: constant });
  const factors = perChannel(node, factor, image.mean.length);
  normalise(node, network, { mean: image.mean, std: image.std.map((deviation, c) => deviation / factors[c]!) });
}

/** image + c, a step of the normalisation; a dense layer's bias; or a sum of two layers' outputs. */
export function addOperator(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, []);
  const [first, second] = [network.input(node, 0), network.input(node, 1)];
  const [value, constant] = constantLast(first, second);
  if (constant === null) {
    sumOperator(node, network);
    return;
  }
  if (value.kind === 'image') {
    const { mean, std } = value.normalisation;
    const offsets = perChannel(node, constant, mean.length);
    normalise(node, network, { mean: mean.map((entry, c) => entry - offsets[c]! * std[c]!), std });
    return;
  }
  const tensor = node.inputs[first === value ? 0 : 1]!;
  const isRow = constant.type === 'float' && constant.shape.slice(0, -1).every((extent) => extent === 1);
  const isBias = value.kind === 'layer' && isRow && network.readers(tensor) === 1;
  if (!isBias || !network.addDenseBias(value.name, constant.data)) {
    throw failure('SW1033', {
      where: node.where,
      what: `adds a constant of shape ${shapeText(constant.shape)}; supported are one on the image, and the bias of a MatMul that nothing else reads.`,
    });
  }
  network.assign(node, value);
}

/** The sum of layers' outputs, each times one number where a Mul says so. */
export function sumOperator(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, []);
  const terms = node.inputs.map((_, position) => {
    const value = network.input(node, position);
    return value.kind === 'scaled' ? value : { ...network.layer(node, position), scale: 1 };
  });
  if (terms.length === 0) throw failure('SW1034', { where: node.where, what: 'it has no input.' });
  const inputs = terms.map(({ name }) => name);
  const scales = Float32Array.from(terms, ({ scale }) => scale);
  network.append(
    node,
    (name) => ({ kind: 'add', name, inputs, scales }),
    terms.map(({ shape }) => shape),
  );
}

/** The operand that is computed, and the one that is constant where there is one. */
function constantLast(first: Value, second: Value): [Value, ConstantTensor | null] {
  if (first.kind === 'constant') return [second, first.tensor];
  return [first, second.kind === 'constant' ? second.tensor : null];
}

function requireImage(node: OnnxNode, value: Value, constant: Value | null): [Normalisation, ConstantTensor] {
  if (value.kind === 'image' && constant?.kind === 'constant') return [value.normalisation, constant.tensor];
  throw failure('SW1033', {
    where: node.where,
    what: 'it is supported between the image and a constant alone, as normalisation.',
  });
}

/** One value per channel from a scalar, [C], [C, 1, 1] or [1, C, 1, 1]; [C] would broadcast along the width. */
function perChannel(node: OnnxNode, constant: ConstantTensor, channels: number): readonly number[] {
  const { type, shape, data } = constant;
  if (type === 'float' && data.length === 1) return Array<number>(channels).fill(data[0]!);
  const axis = shape.length - 3;
  const perAxis = shape.every((extent, index) => extent === (index === axis ? channels : 1));
  if (type === 'float' && perAxis && (shape.length === 3 || shape.length === 4)) return [...data];
  throw failure('SW1033', {
    where: node.where,
    what: `normalises with a constant of shape ${shapeText(shape)}; one value, or [1, ${channels}, 1, 1], is supported.`,
  });
}

function normalise(node: OnnxNode, network: OnnxNetwork, normalisation: Normalisation): void {
  const sound = [...normalisation.mean, ...normalisation.std].every(Number.isFinite);
  if (!sound || normalisation.std.some((value) => value <= 0)) {
    throw failure('SW1036', {
      where: node.where,
      what: `gives mean [${normalisation.mean.slice(0, 8).join(', ')}] and deviation [${normalisation.std.slice(0, 8).join(', ')}]; finite numbers and deviations above 0 are needed.`,
    });
  }
  network.claim(node, 4 * normalisation.mean.length);
  network.assign(node, { kind: 'image', normalisation });
}
