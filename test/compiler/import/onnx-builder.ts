import { onnx } from '../../../schemas/generated/messages.js';
import { arrayBytes } from '../../../schemas/wire.js';

type AttributeValue = number | string | readonly number[] | { readonly float: number } | { readonly tensor: Tensor };

/** A tensor message. */
export type Tensor = onnx.TensorProto.$Properties;

/** A float tensor in raw bytes. */
export function floatTensor(name: string, dims: readonly number[], values: ArrayLike<number>): Tensor {
  const rawData = arrayBytes(Float32Array.from(values));
  return { name, dims: [...dims], dataType: onnx.TensorProto.DataType.FLOAT, rawData };
}

/** An int64 tensor in raw bytes. */
export function longTensor(name: string, dims: readonly number[], values: readonly number[]): Tensor {
  const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return { name, dims: [...dims], dataType: onnx.TensorProto.DataType.INT64, rawData };
}

/** A node message; whole numbers, lists of them, texts, floats and tensors become attributes of that type. */
export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): onnx.NodeProto.$Properties {
  const { Type } = onnx.AttributeProto;
  const attribute = Object.entries(attributes).map(([name, value]): onnx.AttributeProto.$Properties => {
    if (typeof value === 'number') return { name, i: value, type: Type.INT };
    if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: Type.STRING };
    if ('float' in value) return { name, f: value.float, type: Type.FLOAT };
    if ('tensor' in value) return { name, t: value.tensor, type: Type.TENSOR };
    return { name, ints: [...value], type: Type.INTS };
  });
  return { name: output[0] ?? '', opType, input: [...input], output: [...output], attribute };
}

/** What a model is made of. */
export interface ModelParts {
  readonly nodes: readonly onnx.NodeProto.$Properties[];
  readonly tensors?: readonly Tensor[];
  readonly opset?: number;
  /** Of the input "image": [N, C, H, W], a text being a symbol. */
  readonly input?: readonly (number | string)[];
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

/** The bytes of a model from "image" to "logits". */
export function model({ nodes, tensors = [], opset = 13, input = ['N', 1, 4, 4], ...names }: ModelParts): Uint8Array {
  const dim = input.map((extent) => (typeof extent === 'string' ? { dimParam: extent } : { dimValue: extent }));
  const type = { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT, shape: { dim } } };
  const graph = {
    name: 'graph',
    node: [...nodes],
    initializer: [...tensors],
    input: (names.inputs ?? ['image']).map((name) => ({ name, type })),
    output: (names.outputs ?? ['logits']).map((name) => ({ name, type: { tensorType: { elemType: 1 } } })),
  };
  return onnx.ModelProto.encode({ irVersion: 7, graph, opsetImport: [{ domain: '', version: opset }] }).finish();
}
