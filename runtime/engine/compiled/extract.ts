import { onnx } from '../../../schemas/generated/messages.js';
import type { ElementType, Graph, GraphNode, Value } from './graph.js';
import type { Packing } from './packing.js';
import { packingNodes, packingOf, unpackingNodes } from './packing.js';

/** ONNX IR 8 with opset 17; FusedMatMul is of ONNX Runtime's own domain. */
const IR_VERSION = 8;
const OPSETS = [
  { domain: '', version: 17 },
  { domain: 'com.microsoft', version: 1 },
];

/** A part of a graph that computes some of its values, as an ONNX model. */
export interface Extract {
  readonly model: Uint8Array;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Inputs and outputs that the model has in one tensor each; null for none. */
  readonly packedInputs: Packing | null;
  readonly packedOutputs: Packing | null;
  /** In order of execution; the model names them "#index type layer". */
  readonly nodes: readonly GraphNode[];
}

/**
 * The part that computes `outputs`, and no more. With `given` 'forward', results of the forward pass are inputs instead of
 * being computed again, those that follow from the parameters alone excepted; with names, the values of those names are.
 */
export function extract(
  graph: Graph,
  outputs: readonly Value[],
  given: 'nothing' | 'forward' | ReadonlySet<string>,
  /** Which inputs of the graph and which outputs may go packed; none unless said. */
  packs: (value: Value) => boolean = () => false,
): Extract {
  const isGiven = (name: string, node: GraphNode): boolean =>
    typeof given === 'string' ? given === 'forward' && node.isForward && node.variesByPass : given.has(name);
  const values = new Map<string, { readonly value: Value; readonly node: GraphNode }>();
  for (const node of graph.nodes) for (const value of node.outputs) values.set(value.name, { value, node });

  const nodes = new Set<GraphNode>();
  const inputs = new Map<string, Value>();
  const constants = new Set<string>();
  const pending = outputs.map(({ name }) => name);
  while (pending.length > 0) {
    const name = pending.pop()!;
    const found = values.get(name);
    if (found === undefined) {
      const input = graph.inputs.get(name);
      if (input === undefined) constants.add(name);
      else inputs.set(name, input.value);
    } else if (isGiven(name, found.node)) {
      inputs.set(name, found.value);
    } else if (!nodes.has(found.node)) {
      nodes.add(found.node);
      pending.push(...found.node.inputs);
    }
  }

  const ordered = graph.nodes.filter((node) => nodes.has(node));
  const packedInputs = packingOf(
    'packed inputs',
    // What another part computed lies where that ran.
    [...inputs.values()].filter((value) => graph.inputs.has(value.name) && packs(value)),
  );
  const packedOutputs = packingOf('packed outputs', outputs.filter(packs));
  const taken = packedInputs === null ? nothing : unpackingNodes(packedInputs);
  const left = packedOutputs === null ? nothing : packingNodes(packedOutputs);
  const model = onnx.ModelProto.encode({
    irVersion: IR_VERSION,
    producerName: 'spikewright',
    opsetImport: OPSETS,
    graph: {
      name: 'pass',
      node: [
        ...taken.node,
        ...ordered.map(({ index, layer, opType, domain, inputs: names, outputs: results, attributes }) => ({
          name: `#${index} ${opType} ${layer}`,
          opType,
          domain,
          input: [...names],
          output: results.map(({ name }) => name),
          attribute: [...attributes],
        })),
        ...left.node,
      ],
      initializer: [
        ...taken.initializer,
        ...[...constants].map((name) => graph.initialisers.get(name)!),
        ...left.initializer,
      ],
      input: crossing([...inputs.values()], packedInputs).map(valueInfo),
      output: crossing(outputs, packedOutputs).map(valueInfo),
    },
  }).finish();
  return { model, inputs: [...inputs.values()], outputs, packedInputs, packedOutputs, nodes: ordered };
}

const nothing = { node: [], initializer: [] };

/** The values as the model has them: those that are packed as one. */
function crossing(values: readonly Value[], packing: Packing | null): readonly Value[] {
  if (packing === null) return values;
  const packed = new Set(packing.members.map(({ value }) => value));
  const { name, length } = packing;
  return [...values.filter((value) => !packed.has(value)), { name, shape: [length], type: 'float32' }];
}

const elementTypes: Record<ElementType, onnx.TensorProto.DataType> = {
  float32: onnx.TensorProto.DataType.FLOAT,
  bool: onnx.TensorProto.DataType.BOOL,
  uint8: onnx.TensorProto.DataType.UINT8,
};

function valueInfo({ name, shape, type }: Value): onnx.ValueInfoProto.$Properties {
  const dim = shape.map((extent) => ({ dimValue: extent }));
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}
