import { intAttribute } from '../../../compiler/export/onnx-attributes.js';
import { onnx } from '../../../schemas/generated/messages.js';
import { elementCount } from '../../../schemas/tensor.js';
import type { Value } from './graph.js';

/** Elements up to which a value goes with others: a crossing to a GPU or back costs about what so many take. */
const SMALL = 2 ** 16;

/** Small float32 values that cross to a device, or back, side by side in one tensor. */
export interface Packing {
  /** Of the tensor that holds them, [length]. */
  readonly name: string;
  readonly length: number;
  /** Each with the element that it begins at. */
  readonly members: readonly { readonly value: Value; readonly start: number }[];
}

/** A part of a model's graph. */
interface ModelPart {
  readonly node: onnx.NodeProto.$Properties[];
  readonly initializer: onnx.TensorProto.$Properties[];
}

/** The small ones of these values in one tensor of that name; null where there are not two. */
export function packingOf(name: string, values: readonly Value[]): Packing | null {
  const small = values.filter(({ shape, type }) => type === 'float32' && elementCount(shape) <= SMALL);
  if (small.length < 2) return null;
  let length = 0;
  const members = small.map((value) => {
    const start = length;
    length += elementCount(value.shape);
    return { value, start };
  });
  return { name, length, members };
}

/** Nodes that take the members out of the tensor that holds them. */
export function unpackingNodes({ name, members }: Packing): ModelPart {
  const part: ModelPart = { node: [], initializer: [integers(`${name} axis`, [0])] };
  for (const [index, { value, start }] of members.entries()) {
    const own = `${name} ${index}`;
    part.initializer.push(
      integers(`${own} start`, [start]),
      integers(`${own} end`, [start + elementCount(value.shape)]),
      integers(`${own} shape`, value.shape),
    );
    const ends = [name, `${own} start`, `${own} end`, `${name} axis`];
    part.node.push({ name: `slice ${own}`, opType: 'Slice', input: ends, output: [own] });
    part.node.push({ name: `shape ${own}`, opType: 'Reshape', input: [own, `${own} shape`], output: [value.name] });
  }
  return part;
}

/** Nodes that put the members into the tensor that holds them. */
export function packingNodes({ name, members }: Packing): ModelPart {
  const flat = members.map((_, index) => `${name} ${index}`);
  const node = members.map(({ value }, index) => ({
    name: `flatten ${flat[index]}`,
    opType: 'Reshape',
    input: [value.name, `${name} flat`],
    output: [flat[index]!],
  }));
  const concat = { name, opType: 'Concat', input: flat, output: [name], attribute: [intAttribute('axis', 0)] };
  return { node: [...node, concat], initializer: [integers(`${name} flat`, [-1])] };
}

function integers(name: string, values: readonly number[]): onnx.TensorProto.$Properties {
  const list = BigInt64Array.from(values, BigInt);
  const rawData = new Uint8Array(list.buffer);
  return { name, dims: [values.length], dataType: onnx.TensorProto.DataType.INT64, rawData };
}
