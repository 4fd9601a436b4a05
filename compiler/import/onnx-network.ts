import type { AnnLayer, DenseLayer, InputLayer } from '../../schemas/ann.js';
import { failure } from '../../schemas/diagnostic.js';
import { type LayerShape, layerShape, shapeText } from '../../schemas/layer-shapes.js';
import type { MapShape } from '../../schemas/tensor.js';
import type { OnnxModel, OnnxNode } from './onnx-model.js';
import { type ConstantTensor, readTensor } from './onnx-tensor.js';
import { shortestDecimal } from './shortest-decimal.js';

/** (pixel − mean)/std per channel. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What an ONNX tensor stands for while its graph is being imported. */
export type Value =
  | { readonly kind: 'constant'; readonly tensor: ConstantTensor }
  /** The image, normalised this far. */
  | { readonly kind: 'image'; readonly normalisation: Normalisation }
  /** A layer's output; `channelsLast` after a transpose to [N, H, W, C], which only a flatten may read. */
  | { readonly kind: 'layer'; readonly name: string; readonly shape: LayerShape; readonly channelsLast: boolean }
  /** A layer's output times a constant, which only a sum may read. */
  | { readonly kind: 'scaled'; readonly name: string; readonly shape: LayerShape; readonly scale: number };

/** A layer's output as another layer reads it. */
export type LayerValue = Extract<Value, { kind: 'layer' }>;

/** Parameters may be copied into layers at most this many times the file's size: shared initialisers multiply. */
const COPIES_MAX = 8;

/** The network as it grows, layer by layer, and the meaning of every ONNX tensor so far. */
export class OnnxNetwork {
  readonly model: OnnxModel;
  readonly #layers: AnnLayer[] = [];
  readonly #values = new Map<string, Value>();
  readonly #readers = new Map<string, OnnxNode[]>();
  /** Names of the tensors that no node computes from the image. */
  readonly #constants: ReadonlySet<string>;
  readonly #positions = new Map<string, number>();
  /** Names in use, each with the number that its next namesake gets. */
  readonly #names: Map<string, number>;
  readonly #where: string;
  #bytesLeft: number;
  /** What the readers of the image see; null until the first of them. */
  #normalisation: Normalisation | null = null;

  constructor(model: OnnxModel, fileBytes: number, where: string) {
    this.model = model;
    this.#where = where;
    this.#bytesLeft = COPIES_MAX * fileBytes;
    this.#names = new Map([
      [model.inputName, 1],
      [model.outputName, 1],
    ]);
    const channels = model.inputShape[2];
    const identity = { mean: Array<number>(channels).fill(0), std: Array<number>(channels).fill(1) };
    this.#values.set(model.inputName, { kind: 'image', normalisation: identity });
    const constantNodes = model.nodes.filter(({ opType }) => opType === 'Constant');
    this.#constants = new Set([...model.initialisers.keys(), ...constantNodes.flatMap(({ outputs }) => outputs)]);
    for (const node of model.nodes) {
      for (const input of node.inputs) {
        const known = this.#readers.get(input);
        if (known === undefined) this.#readers.set(input, [node]);
        else known.push(node);
      }
    }
  }

  /** The normalisation that was found in the model; null where no node reads the image. */
  get normalisation(): Normalisation | null {
    return this.#normalisation;
  }

  /** The layers, the input first and the output last; `normalisation` replaces the identity that was found. */
  finish(normalisation: Normalisation): AnnLayer[] {
    const { inputName, inputShape, outputName } = this.model;
    const input: InputLayer = {
      kind: 'input',
      name: inputName,
      shape: inputShape,
      mean: normalisation.mean.map(shortestDecimal),
      std: normalisation.std.map(shortestDecimal),
    };
    const source = this.#asLayer(this.value(outputName, this.#where), this.#where);
    return [input, ...this.#layers, { kind: 'output', name: outputName, inputs: [source.name] }];
  }

  /** What the node's input of this number is. Throws SW1034 where the node has no such input. */
  input(node: OnnxNode, position: number): Value {
    const name = node.inputs[position] ?? '';
    if (name === '') throw failure('SW1034', { where: node.where, what: `its input ${position} is missing.` });
    return this.value(name, node.where);
  }

  /** Whether the node has an input of this number. */
  hasInput(node: OnnxNode, position: number): boolean {
    return (node.inputs[position] ?? '') !== '';
  }

  /** The node's input as a layer's output. Throws SW1033 where it is none. */
  layer(node: OnnxNode, position = 0): LayerValue {
    return this.#asLayer(this.input(node, position), node.where);
  }

  /** The node's input as a layer's output [H, W, C]. Throws SW1033 where it is none, SW1034 where it is a vector. */
  map(node: OnnxNode): { readonly name: string; readonly shape: MapShape } {
    const { name, shape } = this.layer(node);
    if (shape.length === 3) return { name, shape };
    throw failure('SW1034', {
      where: node.where,
      what: `it needs a feature map, "${name}" gives a vector ${shapeText(shape)}.`,
    });
  }

  /** The node's input as float constants. Throws SW1033 where it is computed or of whole numbers. */
  floats(node: OnnxNode, position: number): { readonly shape: readonly number[]; readonly data: Float32Array } {
    const value = this.input(node, position);
    if (value.kind === 'constant' && value.tensor.type === 'float') return value.tensor;
    throw failure('SW1033', {
      where: node.where,
      what: `input ${position} ("${node.inputs[position]}") is ${value.kind === 'constant' ? 'of whole numbers' : 'computed'}; a constant of floats is needed.`,
    });
  }

  /** Counts a layer's parameters against the file's size. Throws SW1034 where sharing multiplies them beyond bounds. */
  claim(node: OnnxNode, elements: number): void {
    this.#bytesLeft -= elements * Float32Array.BYTES_PER_ELEMENT;
    if (this.#bytesLeft < 0) {
      throw failure('SW1034', {
        where: node.where,
        what: `the layers' parameters together exceed ${COPIES_MAX} times the file.`,
      });
    }
  }

  /** How many node inputs read this tensor. */
  readers(tensor: string): number {
    return this.#readers.get(tensor)?.length ?? 0;
  }

  /** Whether all that reads the node's output are sums of computed tensors, so that the node makes a term of them. */
  isTerm(node: OnnxNode): boolean {
    const readers = this.#readers.get(node.outputs[0] ?? '') ?? [];
    return readers.every(({ opType, inputs: [first = '', second = ''] }) => {
      return opType === 'Sum' || (opType === 'Add' && !this.#constants.has(first) && !this.#constants.has(second));
    });
  }

  /** Says what the node's first output is. */
  assign(node: OnnxNode, value: Value): void {
    const [output] = node.outputs;
    if (output === undefined) throw failure('SW1034', { where: node.where, what: 'it has no output.' });
    this.#values.set(output, value);
    for (const extra of node.outputs.slice(1)) {
      if (this.readers(extra) > 0) {
        throw failure('SW1033', {
          where: node.where,
          what: `its further output "${extra}" is read; only the first is supported.`,
        });
      }
    }
  }

  /** Appends a layer made from a node, under a name of its own, and makes it the node's output. */
  append(node: OnnxNode, make: (name: string) => AnnLayer, inputs: readonly LayerShape[]): void {
    const name = this.#unique(node.name);
    const layer = make(name);
    const shape = layerShape(layer, inputs);
    this.#positions.set(name, this.#layers.length);
    this.#layers.push(layer);
    this.assign(node, { kind: 'layer', name, shape, channelsLast: false });
  }

  /**
   * Gives a bias to the dense layer of this name and true; false where that layer is no dense layer without a bias.
   */
  addDenseBias(name: string, bias: Float32Array): boolean {
    const index = this.#positions.get(name);
    const layer = index === undefined ? undefined : this.#layers[index];
    if (index === undefined || layer?.kind !== 'dense' || layer.bias !== null || bias.length !== layer.kernel.shape[1])
      return false;
    this.#layers[index] = { ...layer, bias } satisfies DenseLayer;
    return true;
  }

  /** What a tensor is. Throws SW1034 where it is not known yet. */
  value(name: string, where: string): Value {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const initialiser = this.model.initialisers.get(name);
    if (initialiser === undefined)
      throw failure('SW1034', { where, what: `it reads tensor "${name}", which nothing makes.` });
    const tensor = readTensor(initialiser, `${this.#where}, initialiser ${name}`);
    const value: Value = { kind: 'constant', tensor };
    this.#values.set(name, value);
    return value;
  }

  #asLayer(value: Value, where: string): LayerValue {
    if (value.kind === 'image') return this.#readImage(value.normalisation, where);
    if (value.kind === 'layer' && !value.channelsLast) return value;
    const reasons = {
      constant: 'it reads a constant where a computed tensor is needed.',
      scaled: 'it reads a product with a constant; that is supported on the image, and as a term of an Add.',
      layer: 'it reads a transposed feature map; only Flatten and Reshape to a vector may.',
    };
    throw failure('SW1033', { where, what: reasons[value.kind] });
  }

  #readImage(normalisation: Normalisation, where: string): LayerValue {
    const { inputName, inputShape } = this.model;
    const known = this.#normalisation ?? normalisation;
    const same = (a: readonly number[], b: readonly number[]) => a.every((entry, channel) => entry === b[channel]);
    if (!same(known.mean, normalisation.mean) || !same(known.std, normalisation.std)) {
      throw failure('SW1036', { where, what: 'it reads the image normalised otherwise than a node before it.' });
    }
    this.#normalisation = known;
    return { kind: 'layer', name: inputName, shape: inputShape, channelsLast: false };
  }

  #unique(wanted: string): string {
    let number = this.#names.get(wanted);
    let name = wanted;
    if (number !== undefined) {
      while (this.#names.has(name)) name = `${wanted}_${number++}`;
      this.#names.set(wanted, number);
    }
    this.#names.set(name, 1);
    return name;
  }
}
