import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../../compiler/export/onnx.js';
import { importOnnx } from '../../../compiler/import/onnx.js';
import { onnx } from '../../../schemas/generated/messages.js';
import { annGraphs } from '../../schemas/arbitraries.js';
import { damaged, expectCode, expectDiagnosticOrValue, truncations } from '../../schemas/hostile.js';
import { onnxModels } from './arbitrary-onnx.js';
import { floatTensor, model, node } from './onnx-builder.js';

const strangeNumber = fc.oneof(fc.integer({ min: -2, max: 9 }), fc.constantFrom(2 ** 31, 2 ** 40, -(2 ** 31), 65_536));
const operatorNames = [
  'Add',
  'AveragePool',
  'BatchNormalization',
  'Constant',
  'Conv',
  'Div',
  'Dropout',
  'Flatten',
  'Gemm',
];
operatorNames.push('GlobalAveragePool', 'Identity', 'MatMul', 'Mul', 'Relu', 'Reshape', 'Sub', 'Sum', 'Transpose');

/** Ways to make a sound model unsound while it remains a well-formed message: part number, then what becomes of it. */
const mutation = fc.record({
  part: fc.nat(0xffff),
  other: fc.nat(0xffff),
  number: strangeNumber,
  operator: fc.constantFrom(...operatorNames),
  kind: fc.constantFrom('drop', 'repeat', 'rewire', 'retype', 'reshape', 'attribute', 'unnamed', 'lost', 'image'),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never;

function mutate(bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  const message = onnx.ModelProto.decode(bytes);
  const graph = message.graph!;
  const nodes = graph.node!;
  const tensors = graph.initializer!;
  for (const { part, other, number, operator, kind } of mutations) {
    const node = nodes[part % nodes.length];
    const tensor = tensors[part % tensors.length];
    if (kind === 'drop') nodes.splice(part % nodes.length, 1);
    else if (kind === 'repeat' && node) nodes.push({ ...node, output: ['again'] });
    else if (kind === 'rewire' && node?.input?.length) {
      node.input[other % node.input.length] = nodes[other % nodes.length]?.output?.[0] ?? 'image';
    } else if (kind === 'retype' && node) node.opType = operator;
    else if (kind === 'reshape' && tensor?.dims?.length) tensor.dims[other % tensor.dims.length] = number;
    else if (kind === 'attribute') {
      const attribute = node?.attribute?.[other % node.attribute.length];
      if (attribute) attribute.i = number;
      if (attribute?.ints?.length) attribute.ints[other % attribute.ints.length] = number;
    } else if (kind === 'unnamed' && node) node.output = [];
    else if (kind === 'lost') tensors.splice(part % tensors.length, 1);
    else if (kind === 'image') graph.input![0]!.type!.tensorType!.shape!.dim![other % 4]!.dimValue = number;
  }
  return onnx.ModelProto.encode(message).finish();
}

describe('hostile models', () => {
  const samples = [
    ...fc.sample(annGraphs, { numRuns: 4, seed: 7 }).map(exportOnnx),
    ...fc.sample(onnxModels, { numRuns: 8, seed: 7 }).map(({ bytes }) => bytes),
  ];

  it('of random bytes get diagnostics alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => expectDiagnosticOrValue(() => importOnnx(bytes, 'x'))),
      { numRuns: 1000 },
    );
  });

  it('cut short get diagnostics alone', () => {
    for (const bytes of samples) {
      for (const cut of truncations(bytes)) expectDiagnosticOrValue(() => importOnnx(cut, 'x'));
    }
  });

  it('with flipped bytes get diagnostics alone', () => {
    for (const bytes of samples) {
      fc.assert(
        fc.property(damaged(bytes), (bad) => expectDiagnosticOrValue(() => importOnnx(bad, 'x'))),
        { numRuns: 300 },
      );
    }
  });

  it('that are well-formed and senseless get diagnostics alone', () => {
    const several = fc.array(mutation, { minLength: 1, maxLength: 3 });
    for (const bytes of samples) {
      fc.assert(
        fc.property(several, (mutations) => {
          const senseless = mutate(bytes, mutations);
          expectDiagnosticOrValue(() => importOnnx(senseless, 'x'));
        }),
        { numRuns: 300 },
      );
    }
  });

  it('nested without end get a diagnostic', () => {
    // Field 7 (graph) opened as a group (wire type 3) 100,000 times.
    expectCode('SW1003', () => importOnnx(new Uint8Array(100_000).fill(0x3b), 'x'));
  });

  it('with weights that many layers share beyond measure are refused', () => {
    // 2,000 layers of one kernel of 9,801 values would be 78 MB from a file of some 140 kB.
    const names = Array.from({ length: 2001 }, (_, index) => (index === 0 ? 'image' : `c${index}`));
    const pads = [1, 1, 1, 1];
    const convs = names.slice(1).map((name, index) => node('Conv', [names[index]!, 'k'], [name], { pads }));
    const weights = floatTensor('k', [33, 33, 3, 3], new Float32Array(33 * 33 * 9));
    const nodes = [...convs, node('Flatten', ['c2000'], ['logits'])];
    const bytes = model({ nodes, tensors: [weights], input: [1, 33, 2, 2] });
    expect(expectCode('SW1034', () => importOnnx(bytes, 'x'))).toContain('exceed 8 times the file');
  });

  it('of very many nodes take time in proportion', () => {
    const count = 20_000;
    const chain = Array.from({ length: count }, (_, k) => ({
      ...node('Relu', [k === 0 ? 'image' : `t${k - 1}`], [`t${k}`]),
      name: 'same',
    }));
    const nodes = [...chain.reverse(), node('Flatten', [`t${count - 1}`], ['logits'])];
    expect(importOnnx(model({ nodes }), 'x').value.layers).toHaveLength(count + 3);
  });
});
