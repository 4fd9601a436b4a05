import { intAttribute, intsAttribute } from '../../../compiler/export/onnx-attributes.js';
import { onnx } from '../../../schemas/generated/messages.js';
import { elementCount } from '../../../schemas/tensor.js';

type Attribute = onnx.AttributeProto.$Properties;

/** What the elements of a value are. */
export type ElementType = 'float32' | 'bool' | 'uint8';

/** A tensor that the graph computes or is given. */
export interface Value {
  /** Unique in its graph; the same for the same sequence of calls. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: ElementType;
}

/** An operation at its place in the graph. */
export interface GraphNode {
  /** From 0 in order of execution. */
  readonly index: number;
  /** The layer that it is of, forward or back; empty for none. */
  readonly layer: string;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly Value[];
  readonly attributes: readonly Attribute[];
  /** Whether it was added before `startBackward`. */
  readonly isForward: boolean;
  /** Whether its result differs between passes with equal parameters. */
  readonly variesByPass: boolean;
}

/** What a graph input is: a parameter of the network, or a value that each pass has its own of. */
export type InputKind = 'parameter' | 'pass';

/** A static ONNX graph while it is written, in order of execution. Shapes are known throughout. */
export class Graph {
  readonly nodes: GraphNode[] = [];
  readonly inputs = new Map<string, { readonly value: Value; readonly kind: InputKind }>();
  readonly initialisers = new Map<string, onnx.TensorProto.$Properties>();
  /** By the name of an input that takes a value of every shard, that value. */
  readonly gathered = new Map<string, Value>();
  /** Names of values that a pass over shards holds rather than computing them again (see `keep`). */
  readonly kept = new Set<string>();
  /** What the nodes added from here on belong to. */
  layer = '';
  readonly #varying = new Set<string>();
  readonly #constants = new Map<string, string>();
  #isForward = true;
  #count = 0;

  /** From here on nodes belong to the backward pass. */
  startBackward(): void {
    this.#isForward = false;
  }

  /** The graph input of that name, added where it is new. */
  input(name: string, shape: readonly number[], kind: InputKind): Value {
    const known = this.inputs.get(name);
    if (known !== undefined) return known.value;
    const value: Value = { name, shape, type: 'float32' };
    this.inputs.set(name, { value, kind });
    if (kind === 'pass') this.#varying.add(name);
    return value;
  }

  /** What all shards of a batch have for that value, in their order: an input [shards, …] once all have computed it. */
  gather(value: Value, shards: number): Value {
    const all = this.input(`all ${value.name}`, [shards, ...value.shape], 'pass');
    this.gathered.set(all.name, value);
    return all;
  }

  /** Marks a value that costs more to compute again than to hold from one phase of a pass over shards to the next. */
  keep(value: Value): void {
    this.kept.add(value.name);
  }

  /** A float32 constant; a bare number is a scalar. */
  constant(data: Float32Array | number, shape: readonly number[] = []): Value {
    const values = typeof data === 'number' ? Float32Array.of(data) : data;
    const name = this.#initialiser(shape, onnx.TensorProto.DataType.FLOAT, values);
    return { name, shape, type: 'float32' };
  }

  /** A node of one output. */
  apply(
    opType: string,
    inputs: readonly (Value | string)[],
    shape: readonly number[],
    { attributes = [], type = 'float32', domain = '' }: NodeOptions = {},
  ): Value {
    return this.#node(opType, inputs, [shape], { attributes, type, domain })[0]!;
  }

  /** The element-wise result of two values whose shapes agree by broadcasting. */
  binary(opType: 'Add' | 'Sub' | 'Mul' | 'Div' | 'Less' | 'GreaterOrEqual' | 'Greater', a: Value, b: Value): Value {
    const isComparison = opType === 'Less' || opType === 'GreaterOrEqual' || opType === 'Greater';
    return this.apply(opType, [a, b], broadcast(a.shape, b.shape), { type: isComparison ? 'bool' : 'float32' });
  }

  add(a: Value, b: Value): Value {
    return this.binary('Add', a, b);
  }

  sub(a: Value, b: Value): Value {
    return this.binary('Sub', a, b);
  }

  mul(a: Value, b: Value): Value {
    return this.binary('Mul', a, b);
  }

  /** Times a number known now; the value itself where that is 1. */
  scale(a: Value, factor: number): Value {
    return factor === 1 ? a : this.mul(a, this.constant(factor));
  }

  unary(opType: 'Abs' | 'Relu' | 'Exp' | 'Sqrt' | 'Reciprocal' | 'Neg' | 'Sign' | 'Floor' | 'Round', a: Value): Value {
    return this.apply(opType, [a], a.shape);
  }

  /** 1 where `a` is true, else 0. */
  asFloat(a: Value): Value {
    const attributes = [intAttribute('to', onnx.TensorProto.DataType.FLOAT)];
    return this.apply('Cast', [a], a.shape, { attributes });
  }

  asBytes(a: Value): Value {
    const attributes = [intAttribute('to', onnx.TensorProto.DataType.UINT8)];
    return this.apply('Cast', [a], a.shape, { attributes, type: 'uint8' });
  }

  reshape(a: Value, shape: readonly number[]): Value {
    if (a.shape.length === shape.length && a.shape.every((extent, axis) => extent === shape[axis])) return a;
    return this.apply('Reshape', [a, this.integers(shape)], shape, { type: a.type });
  }

  transpose(a: Value, order: readonly number[]): Value {
    const shape = order.map((axis) => a.shape[axis]!);
    return this.apply('Transpose', [a], shape, { attributes: [intsAttribute('perm', order)], type: a.type });
  }

  /** Equal parts along the first axis. */
  split(a: Value, parts: number): readonly Value[] {
    if (parts === 1) return [a];
    const shape = [a.shape[0]! / parts, ...a.shape.slice(1)];
    const shapes = Array.from({ length: parts }, () => shape);
    return this.#node('Split', [a], shapes, { attributes: [intAttribute('axis', 0)], type: a.type, domain: '' });
  }

  concat(values: readonly Value[], axis: number): Value {
    const [first] = values as readonly [Value, ...Value[]];
    if (values.length === 1) return first;
    const shape = first.shape.slice();
    shape[axis] = values.reduce((sum, value) => sum + value.shape[axis]!, 0);
    return this.apply('Concat', values, shape, { attributes: [intAttribute('axis', axis)], type: first.type });
  }

  /** The sum of values of one shape. */
  total(values: readonly Value[]): Value {
    return values.reduce((sum, value) => this.add(sum, value));
  }

  /** The sum of all elements, a scalar: of each image first, since a GPU gives each sum to one group of threads. */
  sum(a: Value): Value {
    const inner = a.shape.slice(1).map((_, axis) => axis + 1);
    const perImage = inner.length === 0 ? a : this.reduce('ReduceSum', a, inner, false);
    return this.reduce('ReduceSum', perImage, [0], false);
  }

  /** Sum or mean over axes, which remain with extent 1 (`keep`) or vanish. */
  reduce(opType: 'ReduceSum' | 'ReduceMean', a: Value, axes: readonly number[], keep: boolean): Value {
    const shape = a.shape.flatMap((extent, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [extent]));
    const kept = intAttribute('keepdims', keep ? 1 : 0);
    // Opset 17 takes the axes of a sum as an input, those of a mean as an attribute.
    if (opType === 'ReduceSum') return this.apply(opType, [a, this.integers(axes)], shape, { attributes: [kept] });
    return this.apply(opType, [a], shape, { attributes: [kept, intsAttribute('axes', axes)] });
  }

  /** The window of `extents` at `starts`, on the last axes as many as are given. */
  window(a: Value, starts: readonly number[], extents: readonly number[], strides: readonly number[]): Value {
    const first = a.shape.length - starts.length;
    const ends = starts.map((start, k) => start + (extents[k]! - 1) * strides[k]! + 1);
    const inputs = [starts, ends, starts.map((_, k) => first + k), strides].map((list) => this.integers(list));
    return this.apply('Slice', [a, ...inputs], [...a.shape.slice(0, first), ...extents]);
  }

  /** The values back to front along the first `axes` axes. */
  reverse(a: Value, axes: number): Value {
    const list = Array.from({ length: axes }, (_, axis) => axis);
    const inputs = [list.map(() => -1), list.map(() => -(2 ** 31)), list, list.map(() => -1)].map((each) =>
      this.integers(each),
    );
    return this.apply('Slice', [a, ...inputs], a.shape);
  }

  /** Name of an int64 list that an operation takes as input. */
  integers(values: readonly number[]): string {
    return this.#initialiser([values.length], onnx.TensorProto.DataType.INT64, BigInt64Array.from(values, BigInt));
  }

  /** Whether a value differs between passes with equal parameters. */
  variesByPass(name: string): boolean {
    return this.#varying.has(name);
  }

  #node(
    opType: string,
    inputs: readonly (Value | string)[],
    shapes: readonly (readonly number[])[],
    { attributes, type, domain }: Required<NodeOptions>,
  ): readonly Value[] {
    const names = inputs.map((input) => (typeof input === 'string' ? input : input.name));
    const variesByPass = names.some((name) => this.#varying.has(name));
    const outputs = shapes.map((shape): Value => {
      this.#count += 1;
      return { name: `v${this.#count}`, shape, type };
    });
    if (variesByPass) for (const { name } of outputs) this.#varying.add(name);
    this.nodes.push({
      index: this.nodes.length,
      layer: this.layer,
      opType,
      domain,
      inputs: names,
      outputs,
      attributes,
      isForward: this.#isForward,
      variesByPass,
    });
    return outputs;
  }

  /** One initialiser per content, so that the same constant is held once. */
  #initialiser(
    shape: readonly number[],
    dataType: onnx.TensorProto.DataType,
    values: Float32Array | BigInt64Array,
  ): string {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const key = `${dataType} ${shape.join()} ${Buffer.from(rawData).toString('base64')}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = `c${this.#constants.size}`;
      this.#constants.set(key, name);
      this.initialisers.set(name, { name, dims: [...shape], dataType, rawData });
    }
    return name;
  }
}

interface NodeOptions {
  readonly attributes?: readonly Attribute[];
  readonly type?: ElementType;
  readonly domain?: string;
}

/** The shape that two shapes have together. */
function broadcast(a: readonly number[], b: readonly number[]): readonly number[] {
  if (elementCount(b) === 1 && b.length <= a.length) return a;
  const rank = Math.max(a.length, b.length);
  const extent = (shape: readonly number[], axis: number): number => shape[axis - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, axis) => {
    const [own, other] = [extent(a, axis), extent(b, axis)];
    if (own !== other && own !== 1 && other !== 1) throw new Error(`shapes [${a}] and [${b}] do not agree`);
    return Math.max(own, other);
  });
}
