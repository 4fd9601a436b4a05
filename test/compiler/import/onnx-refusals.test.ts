import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../compiler/import/onnx.js';
import { encodeAnn } from '../../../schemas/ann-file.js';
import type { onnx } from '../../../schemas/generated/messages.js';
import { annGraphs } from '../../schemas/arbitraries.js';
import { expectCode } from '../../schemas/hostile.js';
import { floatTensor, longTensor, model, node } from './onnx-builder.js';

const ones = (count: number) => new Float32Array(count).fill(1);
/** Tensors of a dense layer over the flattened 4 × 4 image. */
const dense = [floatTensor('w', [16, 2], ones(32)), floatTensor('b', [2], ones(2))];
const flatten = node('Flatten', ['image'], ['flat']);
const gemm = node('Gemm', ['flat', 'w', 'b'], ['logits']);
/** Any node from the image to "map", then the classifier. */
const classified = (first: onnx.NodeProto.$Properties, size = 16) => ({
  nodes: [first, node('Flatten', ['map'], ['flat']), gemm],
  tensors: [floatTensor('w', [size, 2], ones(2 * size)), dense[1]!],
});
const kernel = (cout: number, cin: number, size: number) =>
  floatTensor('k', [cout, cin, size, size], ones(cout * cin * size * size));
const conv = (attributes: Parameters<typeof node>[3], weights = kernel(1, 1, 3)) => {
  const parts = classified(node('Conv', ['image', 'k'], ['map'], attributes));
  return model({ ...parts, tensors: [...parts.tensors, weights] });
};
const pool = (attributes: Parameters<typeof node>[3]) =>
  model(classified(node('AveragePool', ['image'], ['map'], attributes)));
const norm = (constant: ReturnType<typeof floatTensor>, opType = 'Sub') => {
  const parts = classified(node(opType, ['image', 'c'], ['map']));
  return model({ ...parts, tensors: [...parts.tensors, constant] });
};

describe('importOnnx names what it cannot take over', () => {
  it.each<[code: string, what: string, bytes: Uint8Array, message: string]>([
    ['SW1003', 'bytes that are no message', Uint8Array.of(8, 7, 255, 255), '4 B do not parse'],
    ['SW1030', 'an empty file', new Uint8Array(), '0 B hold no graph'],
    [
      'SW1030',
      'two inputs',
      model({ nodes: [flatten, gemm], tensors: dense, inputs: ['image', 'mask'] }),
      '2 inputs ("image", "mask")',
    ],
    [
      'SW1030',
      'two outputs',
      model({ nodes: [flatten, gemm], tensors: dense, outputs: ['logits', 'flat'] }),
      '2 outputs',
    ],
    [
      'SW1030',
      'an image of unknown height',
      model({ nodes: [flatten, gemm], tensors: dense, input: ['N', 1, 'H', 4] }),
      '[N, 1, H, 4]',
    ],
    ['SW1030', 'a vector for an image', model({ nodes: [gemm], tensors: dense, input: ['N', 16] }), '[N, 16]'],
    [
      'SW1030',
      'a huge image',
      model({ nodes: [flatten, gemm], tensors: dense, input: ['N', 1, 2 ** 31, 2 ** 31] }),
      'too large',
    ],
    ['SW1031', 'an old opset', model({ nodes: [flatten, gemm], tensors: dense, opset: 6 }), 'opset 6; 7 to 21'],
    ['SW1031', 'a new opset', model({ nodes: [flatten, gemm], tensors: dense, opset: 22 }), 'opset 22'],
    [
      'SW1032',
      'an operator',
      model(classified(node('Sigmoid', ['image'], ['map']))),
      'node map (Sigmoid): operator "Sigmoid" is not supported',
    ],
    ['SW1032', 'a misspelt operator', model(classified(node('Relux', ['image'], ['map']))), 'Did you mean Relu?'],
    ['SW1032', 'an operator of the prototype', model(classified(node('toString', ['image'], ['map']))), '"toString"'],
    [
      'SW1032',
      'a foreign domain',
      model(classified({ ...node('Relu', ['image'], ['map']), domain: 'acme' })),
      'domain "acme"',
    ],
    [
      'SW1033',
      'an unknown attribute',
      conv({ pad: [1, 1, 1, 1] }),
      'node map (Conv): attribute "pad" is not supported. Did you mean "pads"?',
    ],
    ['SW1033', 'a grouped convolution', conv({ group: 2 }), 'group 2; only 1'],
    ['SW1033', 'a dilated convolution', conv({ dilations: [2, 2] }), 'dilations [2, 2]'],
    ['SW1033', 'negative pads', conv({ pads: [-1, 0, 0, 0] }), 'pads [-1, 0, 0, 0]'],
    ['SW1033', 'three pads', conv({ pads: [1, 1, 1] }), 'pads [1, 1, 1]'],
    ['SW1033', 'an unknown auto_pad', conv({ auto_pad: 'SOME' }), 'auto_pad "SOME"'],
    ['SW1033', 'three strides', conv({ strides: [1, 1, 1] }), 'strides [1, 1, 1]'],
    [
      'SW1033',
      'a padded pool',
      pool({ kernel_shape: [2, 2], pads: [1, 1, 1, 1] }),
      'padding [1, 1, 1, 1] of a pooling',
    ],
    [
      'SW1033',
      'a pool rounded up',
      pool({ kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
      'do not fit a map of [4, 4] evenly',
    ],
    [
      'SW1033',
      'a flatten across samples',
      model({ nodes: [node('Flatten', ['image'], ['flat'], { axis: 0 }), gemm], tensors: dense }),
      'axis 0',
    ],
    [
      'SW1033',
      'a reshape to a map',
      model({
        nodes: [node('Reshape', ['image', 's'], ['flat']), gemm],
        tensors: [...dense, longTensor('s', [3], [0, 4, 4])],
      }),
      'reshapes to [0, 4, 4]',
    ],
    [
      'SW1033',
      'a transposed map in a convolution',
      model({
        nodes: [node('Transpose', ['image'], ['turned'], { perm: [0, 2, 3, 1] }), node('Relu', ['turned'], ['logits'])],
      }),
      'reads a transposed feature map',
    ],
    [
      'SW1033',
      'another transpose',
      model(classified(node('Transpose', ['image'], ['map'], { perm: [0, 3, 1, 2] }))),
      'permutation [0, 3, 1, 2]',
    ],
    ['SW1033', 'a product of two maps', model(classified(node('Mul', ['image', 'image'], ['map']))), 'node map (Mul)'],
    [
      'SW1033',
      'a weight that is computed',
      model({ nodes: [flatten, node('MatMul', ['flat', 'flat'], ['logits'])] }),
      'a constant of floats is needed',
    ],
    ['SW1033', 'weights elsewhere', conv({}, { ...kernel(1, 1, 3), dataLocation: 1 }), 'lie in another file'],
    ['SW1033', 'weights of strings', conv({}, { ...kernel(1, 1, 3), dataType: 8 }), 'element type is number 8'],
    [
      'SW1034',
      'a missing initialiser',
      model({ nodes: [flatten, gemm], tensors: [dense[0]!] }),
      'reads tensor "b", which nothing makes',
    ],
    ['SW1034', 'a missing output', model({ nodes: [flatten], tensors: dense }), 'no node makes the output "logits"'],
    [
      'SW1034',
      'a cycle',
      model({
        nodes: [
          node('Add', ['image', 'b1'], ['a1']),
          node('Relu', ['a1'], ['b1']),
          node('Flatten', ['b1'], ['flat']),
          gemm,
        ],
        tensors: dense,
      }),
      'the graph has a cycle',
    ],
    [
      'SW1034',
      'a tensor made twice',
      model({ nodes: [flatten, flatten, gemm], tensors: dense }),
      'something else makes too',
    ],
    ['SW1034', 'weights of another rank', conv({}, floatTensor('k', [9], ones(9))), 'weights have shape [9]'],
    [
      'SW1034',
      'weights of too few values',
      conv({}, { ...kernel(1, 1, 3), dims: [1, 1, 3, 4] }),
      'needs 12 values, 9 are there',
    ],
    [
      'SW1034',
      'weights of negative extents',
      conv({}, { ...kernel(1, 1, 3), dims: [-1, -1, 3, 3] }),
      'shape [-1, -1, 3, 3]',
    ],
    [
      'SW1034',
      'a bias of another length',
      model({ nodes: [flatten, gemm], tensors: [dense[0]!, floatTensor('b', [3], ones(3))] }),
      'bias has shape [3] for 2 outputs',
    ],
    ['SW1034', 'a pool of 0', pool({ kernel_shape: [0, 2] }), 'windows of [0, 2]'],
    [
      'SW1005',
      'a NaN weight',
      conv({}, floatTensor('k', [1, 1, 3, 3], [...ones(8), Number.NaN])),
      'element 8 of 9 is NaN',
    ],
    [
      'SW1007',
      'channels that do not match',
      conv({ pads: [1, 1, 1, 1] }, kernel(1, 2, 3)),
      'for 2 channels, its input has 1',
    ],
    ['SW1007', 'a kernel larger than the map', conv({}, kernel(1, 1, 5)), 'its output would be [0, 0, 1]'],
    [
      'SW1007',
      'a dense layer of another size',
      model(classified(node('Relu', ['image'], ['map']), 15)),
      'for 15 inputs, its input has 16',
    ],
    ['SW1033', 'a normalisation by pixel', norm(floatTensor('c', [4, 4], ones(16))), 'constant of shape [4, 4]'],
    ['SW1036', 'a deviation of 0', norm(floatTensor('c', [], [0]), 'Div'), 'deviations above 0'],
  ])('%s: %s', (code, _, bytes, message) => {
    expect(expectCode(code, () => importOnnx(bytes, 'net.onnx'))).toContain(message);
  });

  it('another kind of file', () => {
    const [graph] = fc.sample(annGraphs, { numRuns: 1, seed: 1 });
    expect(expectCode('SW1002', () => importOnnx(encodeAnn(graph!), 'x'))).toContain(
      'this is an ANN (.swa); an ONNX model',
    );
  });
});

describe('normalisation', () => {
  const plain = model({ nodes: [flatten, gemm], tensors: dense });
  const own = norm(floatTensor('c', [1, 1, 1, 1], [0.4914]));
  const given = { mean: [0.25], std: [0.5] };

  it('is found in the model as the decimals that were written', () => {
    const { value, diagnostics } = importOnnx(own, 'x');
    expect(value.layers[0]).toMatchObject({ kind: 'input', mean: [0.4914], std: [1] });
    expect(diagnostics).toEqual([]);
  });

  it('is taken from the option where the model has none, and else noted as missing', () => {
    expect(importOnnx(plain, 'x', { normalisation: given }).value.layers[0]).toMatchObject(given);
    const { value, diagnostics } = importOnnx(plain, 'x');
    expect(value.layers[0]).toMatchObject({ mean: [0], std: [1] });
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([['SW1035', 'note']]);
  });

  it('is refused in both places, and for another number of channels', () => {
    expectCode('SW1036', () => importOnnx(own, 'x', { normalisation: given }));
    expectCode('SW1005', () => importOnnx(plain, 'x', { normalisation: { mean: [0, 0], std: [1, 1] } }));
  });

  it('is refused where readers of the image disagree', () => {
    const nodes = [
      node('Sub', ['image', 'c'], ['a']),
      node('Relu', ['a'], ['x']),
      node('Relu', ['image'], ['y']),
      node('Add', ['x', 'y'], ['map']),
      node('Flatten', ['map'], ['flat']),
      gemm,
    ];
    expectCode('SW1036', () => importOnnx(model({ nodes, tensors: [...dense, floatTensor('c', [], [1])] }), 'x'));
  });
});

describe('nodes in any order', () => {
  it('are sorted, and those that lead nowhere dropped', () => {
    const dead = node('Sigmoid', ['image'], ['nowhere']);
    const sorted = importOnnx(model({ nodes: [flatten, gemm], tensors: dense }), 'x').value;
    expect(importOnnx(model({ nodes: [gemm, dead, flatten], tensors: dense }), 'x').value).toEqual(sorted);
  });
});
