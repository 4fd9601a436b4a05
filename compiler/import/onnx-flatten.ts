import { failure } from '../../schemas/diagnostic.js';
import { shapeText } from '../../schemas/layer-shapes.js';
import { intOf, intsOf, requireKnownAttributes } from './onnx-attributes.js';
import type { OnnxNode } from './onnx-model.js';
import type { LayerValue, OnnxNetwork } from './onnx-network.js';

/** Each sample to a vector, channel first as ONNX keeps its maps. */
export function flatten(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, ['axis']);
  const value = network.input(node, 0);
  const rank = value.kind === 'layer' && value.shape.length === 1 ? 2 : 4;
  const axis = intOf(node, 'axis', 1);
  if (axis !== 1 && axis !== 1 - rank) {
    throw failure('SW1033', {
      where: node.where,
      what: `axis ${axis}; only 1, which keeps the samples apart, is supported.`,
    });
  }
  appendFlatten(node, network);
}

/** A Reshape to [N, all the rest]. */
export function reshape(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, ['allowzero']);
  const target = network.input(node, 1);
  if (target.kind !== 'constant' || target.tensor.type !== 'integer') {
    throw failure('SW1033', {
      where: node.where,
      what: 'its shape is computed.',
      fix: 'Export the model with flatten(x, 1) instead of a view with computed sizes.',
    });
  }
  const extents = target.tensor.data;
  const [samples, values] = extents;
  const transposed = transposedInput(node, network);
  const { shape } = transposed ?? network.layer(node);
  const size = shape.reduce((product, extent) => product * extent, 1);
  const keepsSamples = samples === -1 || samples === 1 || (samples === 0 && intOf(node, 'allowzero', 0) === 0);
  const takesRest = (values === -1 && samples !== -1) || values === size;
  if (extents.length !== 2 || !keepsSamples || !takesRest) {
    throw failure('SW1033', {
      where: node.where,
      what: `reshapes to ${shapeText(extents.slice(0, 8))}; only the flattening of each sample to a vector of ${size} is supported.`,
    });
  }
  appendFlatten(node, network);
}

function appendFlatten(node: OnnxNode, network: OnnxNetwork): void {
  const transposed = transposedInput(node, network);
  const { name: source, shape } = transposed ?? network.layer(node);
  if (shape.length === 1) {
    network.assign(node, { kind: 'layer', name: source, shape, channelsLast: false });
    return;
  }
  const order = transposed === null ? 'chw' : 'hwc';
  network.append(node, (name) => ({ kind: 'flatten', name, inputs: [source], order }), [shape]);
}

/** What the node reads, where that is a map transposed to [N, H, W, C]; else null. */
function transposedInput(node: OnnxNode, network: OnnxNetwork): LayerValue | null {
  const value = network.input(node, 0);
  return value.kind === 'layer' && value.channelsLast ? value : null;
}

/** Only the transpose to channel-last order, of which a flatten then makes a vector. */
export function transpose(node: OnnxNode, network: OnnxNetwork): void {
  requireKnownAttributes(node, ['perm']);
  const { name, shape } = network.map(node);
  const permutation = intsOf(node, 'perm') ?? [];
  if (permutation.join() !== '0,2,3,1') {
    throw failure('SW1033', {
      where: node.where,
      what: `permutation ${shapeText(permutation.slice(0, 8))}; only [0, 2, 3, 1] before a flatten is supported.`,
    });
  }
  network.assign(node, { kind: 'layer', name, shape, channelsLast: true });
}
