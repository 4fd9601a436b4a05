import { failure } from '../../schemas/diagnostic.js';
import { fileKind, fileKindTitle } from '../../schemas/file-kind.js';
import { onnx } from '../../schemas/generated/messages.js';
import { LAYER_SIZE_MAX } from '../../schemas/layer-shapes.js';
import { elementCount, type MapShape } from '../../schemas/tensor.js';
import { parseMessage } from '../../schemas/wire.js';
import { wholeNumber } from './onnx-tensor.js';

const OPSET_LEAST = 7;
const OPSET_MOST = 21;
/** An image has few channels; a larger number is taken for damage. */
const CHANNELS_MAX = 4096;
/** Characters of a name that messages show. */
const NAME_SHOWN_MAX = 100;
/** ONNX writes the default operator set's domain in either way. */
const DEFAULT_DOMAINS: readonly string[] = ['', 'ai.onnx'];

/** A node with its attributes by name. */
export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, onnx.AttributeProto.$Properties>;
  /** The file and the node, as messages name it. */
  readonly where: string;
}

/** The part of an ONNX model that leads from its image to its output. */
export interface OnnxModel {
  readonly name: string;
  readonly opset: number;
  readonly inputName: string;
  readonly inputShape: MapShape;
  readonly outputName: string;
  /** Each after all that it reads from; those that the output does not depend on are left out. */
  readonly nodes: readonly OnnxNode[];
  readonly initialisers: ReadonlyMap<string, onnx.TensorProto.$Properties>;
}

/**
 * Parses an ONNX model and puts its graph in order.
 * Throws SW1002, SW1003 (no ONNX file), SW1030 (inputs, outputs), SW1031 (opset), SW1034 (names, order, cycles).
 */
export function readModel(bytes: Uint8Array, where: string): OnnxModel {
  const kind = fileKind(bytes);
  if (kind !== 'onnx' && kind !== 'unknown') {
    throw failure('SW1002', { where, what: `this is ${fileKindTitle[kind]}; an ONNX model was expected.` });
  }
  const model = parseMessage(onnx.ModelProto, bytes, where);
  const graph = model.graph;
  if (!graph?.node || graph.node.length === 0) {
    throw failure('SW1030', { where, what: `its ${bytes.length} B hold no graph with nodes.` });
  }
  const opset = readOpset(model.opsetImport ?? [], where);
  const initialisers = new Map<string, onnx.TensorProto.$Properties>();
  for (const tensor of graph.initializer ?? []) {
    const name = tensor.name ?? '';
    if (initialisers.has(name)) {
      throw failure('SW1034', { where: `${where}, initialiser ${name}`, what: 'this name occurs twice.' });
    }
    initialisers.set(name, tensor);
  }
  const input = single(
    (graph.input ?? []).filter(({ name }) => !initialisers.has(name ?? '')),
    'input',
    where,
  );
  const output = single(graph.output ?? [], 'output', where);
  const inputName = input.name ?? '';
  const outputName = output.name ?? '';
  const nodes = graph.node.map((node, index) => readNode(node, index, where));
  return {
    name: graph.name ?? '',
    opset,
    inputName,
    inputShape: readInputShape(input, where),
    outputName,
    nodes: liveNodes(nodes, { inputName, outputName, initialisers, where }),
    initialisers,
  };
}

function readOpset(imports: readonly onnx.OperatorSetIdProto.$Properties[], where: string): number {
  const own = imports.find(({ domain }) => DEFAULT_DOMAINS.includes(domain ?? ''));
  if (own === undefined) throw failure('SW1031', { where, what: 'it names no version of the default operator set.' });
  const version = wholeNumber(own.version, where);
  if (version < OPSET_LEAST || version > OPSET_MOST) {
    throw failure('SW1031', { where, what: `it uses opset ${version}; ${OPSET_LEAST} to ${OPSET_MOST} are read.` });
  }
  return version;
}

function single<V extends { readonly name?: string | null }>(values: readonly V[], what: string, where: string): V {
  const [value] = values;
  if (value === undefined || values.length > 1) {
    const names = values.slice(0, 8).map(({ name }) => `"${name}"`);
    throw failure('SW1030', { where, what: `it has ${values.length} ${what}s (${names.join(', ')}); one is needed.` });
  }
  return value;
}

function readInputShape({ name, type }: onnx.ValueInfoProto.$Properties, file: string): MapShape {
  const where = `${file}, input ${name}`;
  const tensor = type?.tensorType;
  if (tensor?.elemType && tensor.elemType !== onnx.TensorProto.DataType.FLOAT) {
    throw failure('SW1030', { where, what: `its element type is number ${tensor.elemType}; float (1) is needed.` });
  }
  const extents = (tensor?.shape?.dim ?? []).map(({ dimValue }) => wholeNumber(dimValue, where));
  const [, channels = 0, height = 0, width = 0] = extents;
  const shape: MapShape = [height, width, channels];
  if (extents.length !== 4 || shape.some((extent) => extent < 1)) {
    throw failure('SW1030', {
      where,
      what: `its shape is [${(tensor?.shape?.dim ?? []).map(({ dimValue, dimParam }) => dimParam || String(dimValue ?? '?')).join(', ')}]; [N, C, H, W] with known C, H and W is needed.`,
      fix: 'Export the model with a fixed image size.',
    });
  }
  if (channels > CHANNELS_MAX || elementCount(shape) > LAYER_SIZE_MAX) {
    throw failure('SW1030', {
      where,
      what: `an image of ${height} × ${width} pixels with ${channels} channels is too large.`,
    });
  }
  return shape;
}

function readNode(node: onnx.NodeProto.$Properties, index: number, file: string): OnnxNode {
  const outputs = node.output ?? [];
  const name = node.name || outputs[0] || `node ${index}`;
  const opType = node.opType ?? '';
  const where = `${file}, node ${name.slice(0, NAME_SHOWN_MAX)} (${opType.slice(0, NAME_SHOWN_MAX)})`;
  if (!DEFAULT_DOMAINS.includes(node.domain ?? '')) {
    throw failure('SW1032', { where, what: `operator "${opType}" of domain "${node.domain}" is not supported.` });
  }
  const attributes = new Map((node.attribute ?? []).map((attribute) => [attribute.name ?? '', attribute]));
  return { name, opType, inputs: node.input ?? [], outputs, attributes, where };
}

interface Ends {
  readonly inputName: string;
  readonly outputName: string;
  readonly initialisers: ReadonlyMap<string, unknown>;
  readonly where: string;
}

/** The nodes that the output depends on, in topological order; ties in the file's order. */
function liveNodes(nodes: readonly OnnxNode[], { inputName, outputName, initialisers, where }: Ends): OnnxNode[] {
  const producer = new Map<string, number>();
  nodes.forEach((node, index) => {
    for (const output of node.outputs.filter((name) => name !== '')) {
      if (producer.has(output) || initialisers.has(output) || output === inputName) {
        throw failure('SW1034', {
          where: node.where,
          what: `it makes tensor "${output}", which something else makes too.`,
        });
      }
      producer.set(output, index);
    }
  });
  if (!producer.has(outputName)) {
    throw failure('SW1034', { where, what: `no node makes the output "${outputName}".` });
  }
  const live = new Set<number>();
  const waiting = [producer.get(outputName)!];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (live.has(index)) continue;
    live.add(index);
    for (const input of nodes[index]!.inputs) {
      const source = producer.get(input);
      if (source !== undefined) waiting.push(source);
      else if (input !== '' && input !== inputName && !initialisers.has(input)) {
        throw failure('SW1034', {
          where: nodes[index]!.where,
          what: `it reads tensor "${input}", which nothing makes.`,
        });
      }
    }
  }
  return inOrder(nodes, live, producer);
}

/** The file's order where it is topological already, else Kahn's algorithm. */
function inOrder(
  nodes: readonly OnnxNode[],
  live: ReadonlySet<number>,
  producer: ReadonlyMap<string, number>,
): OnnxNode[] {
  const inFileOrder = [...live].sort((a, b) => a - b);
  const sorted = inFileOrder.every((index) =>
    nodes[index]!.inputs.every((input) => (producer.get(input) ?? -1) < index),
  );
  if (sorted) return inFileOrder.map((index) => nodes[index]!);
  const readers = new Map<number, number[]>();
  const missing = new Map<number, number>();
  for (const index of inFileOrder) {
    const sources = nodes[index]!.inputs.map((input) => producer.get(input)).filter((source) => source !== undefined);
    missing.set(index, sources.length);
    for (const source of sources) {
      const known = readers.get(source);
      if (known === undefined) readers.set(source, [index]);
      else known.push(index);
    }
  }
  const ordered: OnnxNode[] = [];
  let ready = [...missing].filter(([, count]) => count === 0).map(([index]) => index);
  while (ready.length > 0) {
    const next: number[] = [];
    for (const index of ready) {
      ordered.push(nodes[index]!);
      for (const reader of readers.get(index) ?? []) {
        missing.set(reader, missing.get(reader)! - 1);
        if (missing.get(reader) === 0) next.push(reader);
      }
    }
    ready = next;
  }
  if (ordered.length < live.size) {
    const [stuck] = [...missing].find(([, count]) => count > 0)!;
    throw failure('SW1034', {
      where: nodes[stuck]!.where,
      what: 'it depends on its own output: the graph has a cycle.',
    });
  }
  return ordered;
}
