import fc from 'fast-check';
import type { onnx } from '../../../schemas/generated/messages.js';
import type { MapShape } from '../../../schemas/tensor.js';
import { floatTensor, longTensor, model, node, type Tensor } from './onnx-builder.js';

/** A model in ONNX's own words, with the shape of its image. */
export interface RandomModel {
  readonly bytes: Uint8Array;
  readonly shape: MapShape;
  /** Operators in order, for messages. */
  readonly summary: string;
}

/**
 * Small classifiers as other tools write them: normalisation by Sub, Div, Mul, Add with initialisers or Constant nodes;
 * Conv with pads or auto_pad; pools with ceil_mode; weighted residual sums; Flatten or Reshape; Gemm of every form or
 * MatMul and Add; opsets 7 to 21.
 */
export const onnxModels: fc.Arbitrary<RandomModel> = fc
  .infiniteStream(fc.nat(0xffff))
  .map((stream) => new Author((most) => stream.next().value % most).write());

class Author {
  readonly #choose: (most: number) => number;
  readonly #nodes: onnx.NodeProto.$Properties[] = [];
  readonly #tensors: Tensor[] = [];
  readonly #opset: number;
  #current = 'image';
  #channels: number;
  #height: number;
  #width: number;

  constructor(choose: (most: number) => number) {
    this.#choose = choose;
    this.#opset = 7 + choose(15);
    this.#channels = 1 + choose(3);
    this.#height = 3 + choose(4);
    this.#width = 3 + choose(4);
  }

  write(): RandomModel {
    const shape: MapShape = [this.#height, this.#width, this.#channels];
    const input = ['N', this.#channels, this.#height, this.#width];
    this.#normalise();
    for (let count = this.#choose(4); count > 0; count--) this.#block();
    const features = this.#flatten();
    this.#classify(features);
    const bytes = model({ nodes: this.#nodes, tensors: this.#tensors, opset: this.#opset, input });
    const summary = `opset ${this.#opset}: ${this.#nodes.map(({ opType }) => opType).join(', ')}`;
    return { bytes, shape, summary };
  }

  #values(count: number, least = -1, most = 1): number[] {
    return Array.from({ length: count }, () => least + ((most - least) * this.#choose(1001)) / 1000);
  }

  /** A constant as initialiser or as Constant node. */
  #constant(dims: readonly number[], values: readonly number[]): string {
    const name = `constant${this.#tensors.length + this.#nodes.length}`;
    const tensor = floatTensor(name, dims, values);
    if (this.#choose(3) === 0) this.#nodes.push(node('Constant', [], [name], { value: { tensor } }));
    else this.#tensors.push(tensor);
    return name;
  }

  #apply(opType: string, inputs: readonly string[], attributes = {}, result = `value${this.#nodes.length}`): void {
    this.#nodes.push(node(opType, inputs, [result], attributes));
    this.#current = result;
  }

  #normalise(): void {
    const scalar = this.#choose(2) === 0;
    const dims = scalar
      ? []
      : [
          [1, this.#channels, 1, 1],
          [this.#channels, 1, 1],
        ][this.#choose(2)]!;
    const count = scalar ? 1 : this.#channels;
    const steps = [[], ['Sub', 'Div'], ['Mul', 'Add'], ['Div'], ['Sub', 'Mul'], ['Add', 'Div', 'Sub']][
      this.#choose(6)
    ]!;
    for (const opType of steps) {
      const constant = this.#constant(dims, this.#values(count, 0.2, 1.2));
      const commutes = (opType === 'Mul' || opType === 'Add') && this.#choose(2) === 0;
      this.#apply(opType, commutes ? [constant, this.#current] : [this.#current, constant]);
    }
  }

  #block(): void {
    const kind = ['conv', 'conv', 'norm', 'relu', 'pool', 'globalPool', 'residual', 'nothing'][this.#choose(8)]!;
    if (kind === 'conv') this.#convolve();
    else if (kind === 'norm') {
      const { GAMMA, VARIANCE } = {
        GAMMA: this.#values(this.#channels),
        VARIANCE: this.#values(this.#channels, 0.1, 2),
      };
      const [beta, mean] = [this.#values(this.#channels), this.#values(this.#channels)];
      const constants = [GAMMA, beta, mean, VARIANCE].map((values) => this.#constant([this.#channels], values));
      this.#apply('BatchNormalization', [this.#current, ...constants], { epsilon: { float: 1e-3 } });
    } else if (kind === 'relu') this.#apply('Relu', [this.#current]);
    else if (kind === 'pool') this.#pool();
    else if (kind === 'globalPool') {
      this.#apply('GlobalAveragePool', [this.#current]);
      this.#height = 1;
      this.#width = 1;
    } else if (kind === 'residual') this.#residual();
    else this.#apply(this.#opset < 12 && this.#choose(2) === 0 ? 'Dropout' : 'Identity', [this.#current]);
  }

  #convolve(): void {
    const outputs = 1 + this.#choose(3);
    const kernel = [1 + this.#choose(3), 1 + this.#choose(3)] as const;
    const stride = [1 + this.#choose(2), 1 + this.#choose(2)] as const;
    const mode = ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'][this.#choose(4)]!;
    const pads = [0, 0, 0, 0].map(() => this.#choose(3));
    const [top, left, bottom, right] = mode === 'NOTSET' ? (pads as [number, number, number, number]) : [0, 0, 0, 0];
    const same = mode.startsWith('SAME');
    const extent = (size: number, padding: number, window: number, step: number) =>
      same ? Math.ceil(size / step) : Math.floor((size + padding - window) / step) + 1;
    const height = extent(this.#height, top + bottom, kernel[0], stride[0]);
    const width = extent(this.#width, left + right, kernel[1], stride[1]);
    if (height < 1 || width < 1) return;
    const dims = [outputs, this.#channels, ...kernel];
    const weights = this.#constant(dims, this.#values(dims.reduce((product, each) => product * each, 1)));
    const bias = this.#choose(2) === 0 ? [this.#constant([outputs], this.#values(outputs))] : [];
    const padding = mode === 'NOTSET' ? { pads } : { auto_pad: mode };
    const size = this.#choose(2) === 0 ? { kernel_shape: kernel } : {};
    this.#apply('Conv', [this.#current, weights, ...bias], { strides: stride, ...padding, ...size });
    [this.#channels, this.#height, this.#width] = [outputs, height, width];
  }

  #pool(): void {
    const size = [1 + this.#choose(Math.min(3, this.#height)), 1 + this.#choose(Math.min(3, this.#width))] as const;
    const stride = [1 + this.#choose(2), 1 + this.#choose(2)] as const;
    const evenly = (this.#height - size[0]) % stride[0] === 0 && (this.#width - size[1]) % stride[1] === 0;
    const rounding = evenly && this.#opset >= 10 && this.#choose(2) === 0 ? { ceil_mode: 1 } : {};
    this.#apply('AveragePool', [this.#current], { kernel_shape: size, strides: stride, ...rounding });
    this.#height = Math.floor((this.#height - size[0]) / stride[0]) + 1;
    this.#width = Math.floor((this.#width - size[1]) / stride[1]) + 1;
  }

  /** x·a + relu(x)·b, each factor there or not. */
  #residual(): void {
    if (this.#nodes.every(({ opType }) => opType !== 'Conv')) return;
    const start = this.#current;
    this.#apply('Relu', [start]);
    const terms = [start, this.#current].map((term) => {
      if (this.#choose(2) === 0) return term;
      const factor = this.#constant([], this.#values(1));
      this.#apply('Mul', this.#choose(2) === 0 ? [term, factor] : [factor, term]);
      return this.#current;
    });
    this.#apply('Add', terms);
  }

  #flatten(): number {
    const size = this.#channels * this.#height * this.#width;
    const form = this.#choose(4);
    if (form === 0) this.#apply('Flatten', [this.#current]);
    else if (form === 1) this.#apply('Flatten', [this.#current], { axis: this.#opset >= 11 ? -3 : 1 });
    else {
      const name = `shape${this.#nodes.length}`;
      this.#tensors.push(longTensor(name, [2], form === 2 ? [0, -1] : [-1, size]));
      this.#apply('Reshape', [this.#current, name]);
    }
    return size;
  }

  #classify(features: number): void {
    const classes = 2 + this.#choose(3);
    const weights = this.#values(features * classes);
    if (this.#choose(2) === 0) {
      const transposed = this.#choose(2);
      const kernel = this.#constant(transposed === 1 ? [classes, features] : [features, classes], weights);
      const biasDims = [[classes], [1, classes], [1]][this.#choose(3)]!;
      const bias = this.#constant(biasDims, this.#values(biasDims[biasDims.length - 1]!));
      const scales = this.#choose(2) === 0 ? { alpha: { float: 0.5 }, beta: { float: 2 } } : {};
      this.#apply('Gemm', [this.#current, kernel, bias], { transB: transposed, ...scales }, 'logits');
    } else {
      const kernel = this.#constant([features, classes], weights);
      this.#apply('MatMul', [this.#current, kernel]);
      const bias = this.#constant([classes], this.#values(classes));
      this.#apply('Add', this.#choose(2) === 0 ? [this.#current, bias] : [bias, this.#current], {}, 'logits');
    }
  }
}
