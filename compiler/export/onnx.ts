import type { AnnGraph, AnnLayer, FlattenLayer, InputLayer } from '../../schemas/ann.js';
import { onnx } from '../../schemas/generated/messages.js';
import { layerShapes } from '../../schemas/layer-shapes.js';
import type { Tensor } from '../../schemas/tensor.js';
import { arrayBytes } from '../../schemas/wire.js';
import { floatAttribute, intAttribute, intsAttribute } from './onnx-attributes.js';

/** Opset 13 of the default domain, in the IR version that came with it: what current runtimes all read. */
const OPSET_VERSION = 13;
const IR_VERSION = 7;

/**
 * The network as an ONNX model: input [N, C, H, W] (pixels in [0, 1]), output [N, classes], normalisation as Sub and Div
 * nodes, each node named as its layer. `importOnnx` gives the same graph back (mean, std, epsilon, momentum and dropout
 * rates pass through float32: those that are the shortest decimals of their float32 value return exactly).
 */
export function exportOnnx(ann: AnnGraph): Uint8Array {
  const [input, ...layers] = ann.layers as readonly [InputLayer, ...AnnLayer[]];
  const output = layers[layers.length - 1]!;
  const classes = layerShapes(ann.layers).get(output.name)!.at(-1)!;
  const writer = new GraphWriter(ann.layers);
  const { graph } = writer;
  graph.name = ann.name;
  graph.input = [valueInfo(input.name, ['N', input.shape[2], input.shape[0], input.shape[1]])];
  graph.output = [valueInfo(output.name, ['N', classes])];
  writer.normalise(input);
  for (const layer of layers) writer.add(layer);
  const model = {
    irVersion: IR_VERSION,
    producerName: 'spikewright',
    graph,
    opsetImport: [{ domain: '', version: OPSET_VERSION }],
  };
  return onnx.ModelProto.encode(model).finish();
}

/** Gathers nodes and initialisers while layers are added in order. */
class GraphWriter {
  readonly graph: onnx.GraphProto.$Properties = {};
  readonly #nodes: onnx.NodeProto.$Properties[] = [];
  readonly #initialisers: onnx.TensorProto.$Properties[] = [];
  readonly #taken: Set<string>;
  /** Name of the tensor that a layer's output is. */
  readonly #tensors = new Map<string, string>();
  readonly #outputName: string;
  readonly #outputSource: string;

  constructor(layers: readonly AnnLayer[]) {
    this.#taken = new Set(layers.map(({ name }) => name));
    const output = layers[layers.length - 1]!;
    this.#outputName = output.name;
    this.#outputSource = output.kind === 'input' ? '' : output.inputs[0]!;
    this.graph.node = this.#nodes;
    this.graph.initializer = this.#initialisers;
  }

  /** (x − mean)/std as two nodes; none where they would change nothing. */
  normalise({ name, mean, std, shape }: InputLayer): void {
    let tensor = name;
    const operate = (opType: string, values: readonly number[]) => {
      const constant = this.#constant(`${name}.${opType}`, [1, shape[2], 1, 1], Float32Array.from(values));
      const result = this.#unique(`${name}.${opType}.result`);
      this.#nodes.push({ name: result, opType, input: [tensor, constant], output: [result] });
      tensor = result;
    };
    if (mean.some((value) => value !== 0) || std.some((value) => value !== 1)) {
      operate('Sub', mean);
      operate('Div', std);
    }
    this.#tensors.set(name, tensor);
  }

  add(layer: AnnLayer): void {
    switch (layer.kind) {
      case 'conv2d': {
        const { top, bottom, left, right } = layer.padding;
        this.#node(
          layer,
          'Conv',
          [this.#kernel(layer.name, layer.kernel), ...this.#bias(layer)],
          [
            intsAttribute('kernel_shape', layer.kernel.shape.slice(0, 2)),
            intsAttribute('strides', layer.stride),
            intsAttribute('pads', [top, left, bottom, right]),
          ],
        );
        break;
      }
      case 'dense':
        this.#node(layer, 'Gemm', [
          this.#constant(`${layer.name}.weight`, layer.kernel.shape, layer.kernel.data),
          ...this.#bias(layer),
        ]);
        break;
      case 'batchNorm': {
        const parts = (['gamma', 'beta', 'mean', 'variance'] as const).map((part) =>
          this.#constant(`${layer.name}.${part}`, [layer[part].length], layer[part]),
        );
        this.#node(layer, 'BatchNormalization', parts, [
          floatAttribute('epsilon', layer.epsilon),
          floatAttribute('momentum', 1 - layer.momentum),
        ]);
        break;
      }
      case 'avgPool':
        this.#node(
          layer,
          'AveragePool',
          [],
          [intsAttribute('kernel_shape', layer.size), intsAttribute('strides', layer.stride)],
        );
        break;
      case 'dropout':
        this.#node(layer, 'Dropout', [this.#constant(`${layer.name}.rate`, [], Float32Array.of(layer.rate))]);
        break;
      case 'flatten':
        this.#flatten(layer);
        break;
      case 'add':
        this.#sum(layer.name, layer.inputs, layer.scales);
        break;
      case 'activation':
        this.#node(layer, 'Relu', []);
        break;
      case 'input':
      case 'output':
        break;
    }
  }

  /** A node of one data input, then constants; its result is the layer's tensor. */
  #node(
    layer: { readonly name: string; readonly inputs: readonly string[] },
    opType: string,
    constants: readonly string[],
    attribute: onnx.AttributeProto.$Properties[] = [],
  ): void {
    const input = [this.#tensors.get(layer.inputs[0]!)!, ...constants];
    this.#nodes.push({ name: layer.name, opType, input, output: [this.#result(layer.name)], attribute });
  }

  /** ONNX maps are channel first, so that channel-last order takes a transpose to [N, H, W, C]. */
  #flatten(layer: FlattenLayer): void {
    let source = this.#tensors.get(layer.inputs[0])!;
    if (layer.order === 'hwc') {
      const transposed = this.#unique(`${layer.name}.transposed`);
      const attribute = [intsAttribute('perm', [0, 2, 3, 1])];
      this.#nodes.push({ name: transposed, opType: 'Transpose', input: [source], output: [transposed], attribute });
      source = transposed;
    }
    const attribute = [intAttribute('axis', 1)];
    const output = [this.#result(layer.name)];
    this.#nodes.push({ name: layer.name, opType: 'Flatten', input: [source], output, attribute });
  }

  /** Each input times its scale, where that is not 1, then their sum. */
  #sum(name: string, inputs: readonly string[], scales: Float32Array): void {
    const terms = inputs.map((input, index) => {
      const tensor = this.#tensors.get(input)!;
      const scale = scales[index]!;
      if (scale === 1) return tensor;
      const constant = this.#constant(`${name}.scale${index}`, [], Float32Array.of(scale));
      const scaled = this.#unique(`${name}.scaled${index}`);
      this.#nodes.push({ name: scaled, opType: 'Mul', input: [tensor, constant], output: [scaled] });
      return scaled;
    });
    this.#nodes.push({ name, opType: terms.length === 2 ? 'Add' : 'Sum', input: terms, output: [this.#result(name)] });
  }

  /** The tensor that a layer writes: named as the network's output where it is that, else as the layer. */
  #result(layerName: string): string {
    const tensor = layerName === this.#outputSource ? this.#outputName : layerName;
    this.#tensors.set(layerName, tensor);
    return tensor;
  }

  #bias({ name, bias }: { readonly name: string; readonly bias: Float32Array | null }): string[] {
    return bias === null ? [] : [this.#constant(`${name}.bias`, [bias.length], bias)];
  }

  /** [kh, kw, cin, cout] to [cout, cin, kh, kw]. */
  #kernel(name: string, { shape, data }: Tensor): string {
    const [height, width, inputs, outputs] = shape as readonly [number, number, number, number];
    const pixels = height * width;
    const turned = new Float32Array(data.length);
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let cin = 0; cin < inputs; cin++) {
        for (let cout = 0; cout < outputs; cout++) {
          turned[(cout * inputs + cin) * pixels + pixel] = data[(pixel * inputs + cin) * outputs + cout]!;
        }
      }
    }
    return this.#constant(`${name}.weight`, [outputs, inputs, height, width], turned);
  }

  #constant(wanted: string, dims: readonly number[], data: Float32Array): string {
    const name = this.#unique(wanted);
    this.#initialisers.push({
      name,
      dims: [...dims],
      dataType: onnx.TensorProto.DataType.FLOAT,
      rawData: arrayBytes(data),
    });
    return name;
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let number = 1; this.#taken.has(name); number++) name = `${wanted}_${number}`;
    this.#taken.add(name);
    return name;
  }
}

function valueInfo(name: string, extents: readonly (number | string)[]): onnx.ValueInfoProto.$Properties {
  const dim = extents.map((extent) => (typeof extent === 'string' ? { dimParam: extent } : { dimValue: extent }));
  return { name, type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT, shape: { dim } } } };
}
