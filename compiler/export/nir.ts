import type { AddLayer, AvgPoolLayer, BatchNormLayer, ConvLayer, DenseLayer, InputLayer } from '../../schemas/ann.js';
import { failure } from '../../schemas/diagnostic.js';
import { type LayerShape, layerShapes } from '../../schemas/layer-shapes.js';
import type { NeuronLayer, SnnGraph, SnnLayer } from '../../schemas/snn.js';
import { elementCount, type MapShape, type Padding, type Pair } from '../../schemas/tensor.js';
import { flattenOrder } from '../grid-map.js';
import type { NirArray, NirGraph, NirNode } from '../nir-graph.js';

/** A layer's value: the nodes whose sum it is, and, of a vector, where in NIR's order each of its entries stands. */
interface Value {
  readonly sources: readonly string[];
  readonly order: Int32Array | null;
}

/**
 * A spiking network as a NIR graph. What becomes of its layers:
 *
 * - the image's normalisation and norms at inference: a Conv2d of 1 × 1 with one group per channel, or, behind a convolution
 *   or dense layer that nothing else reads, part of that layer's Conv2d or Affine;
 * - convolutions: Conv2d, unequal padding as rows and columns of zeros in the kernel; dense layers: Affine;
 * - neurons: IF, or with a leak λ LIF with τ = r = 1/(1 − λ) timesteps, whose Euler step v ← v + (−v + r·I)/τ is
 *   v ← λ·v + I; NIR compares v > v_threshold where a NeuronLayer has v ≥ threshold, so that v_threshold is the next
 *   number below; v_reset is 0;
 * - sums: several edges into one node, Scale where a branch has a scale other than 1; dropout: nothing;
 * - the output: an Output node that hears the last layer's current, to be averaged over the timesteps.
 *
 * Throws SW2020 for layers of comparison networks, SW1051 for soft reset, which NIR cannot express, and for vectors in unlike orders that are added.
 */
export function nirGraph(snn: SnnGraph): NirGraph {
  const author = new GraphAuthor(snn);
  for (const layer of snn.layers) author.add(layer);
  const timesteps = whole([], [snn.timesteps]);
  const metadata = new Map<string, NirArray | string>([['timesteps', timesteps]]);
  return { nodes: author.nodes, edges: author.edges, metadata };
}

class GraphAuthor {
  readonly nodes = new Map<string, NirNode>();
  readonly edges: (readonly [string, string])[] = [];
  readonly #values = new Map<string, Value>();
  readonly #shapes: ReadonlyMap<string, LayerShape>;
  /** The norm that is folded into a layer, by that layer's name. */
  readonly #norms: ReadonlyMap<string, BatchNormLayer>;

  constructor(snn: SnnGraph) {
    this.#shapes = layerShapes(snn.layers);
    this.#norms = foldedNorms(snn.layers);
  }

  add(layer: SnnLayer): void {
    if (layer.kind === 'input') this.#values.set(layer.name, this.#input(layer));
    else if (layer.kind === 'add') this.#values.set(layer.name, this.#sum(layer));
    else this.#values.set(layer.name, this.#behind(layer, this.#values.get(layer.inputs[0])!));
  }

  #input(layer: InputLayer): Value {
    const [height, width, channels] = layer.shape;
    const nodeShape = { shape: whole([3], [channels, height, width]) };
    const sources = this.#node(layer.name, 'Input', nodeShape, []);
    if (layer.mean.every((mean) => mean === 0) && layer.std.every((std) => std === 1)) return { sources, order: null };
    const gain = Float64Array.from(layer.std, (std) => 1 / std);
    const shift = Float64Array.from(layer.mean, (mean, channel) => -mean / layer.std[channel]!);
    return { sources: this.#channelwise(`${layer.name}.normalise`, gain, shift, layer.shape, sources), order: null };
  }

  #behind(layer: Exclude<SnnLayer, InputLayer | AddLayer>, value: Value): Value {
    const { sources, order } = value;
    switch (layer.kind) {
      case 'conv2d':
        return { sources: this.#conv(layer, sources), order: null };
      case 'dense':
        return { sources: this.#dense(layer, value), order: null };
      case 'batchNorm':
        return this.#norms.get(layer.inputs[0]) === layer ? value : { sources: this.#norm(layer, value), order };
      case 'avgPool':
        return { sources: this.#pool(layer, sources), order: null };
      case 'flatten': {
        const shape = this.#shapes.get(layer.inputs[0]) as MapShape;
        const input_type = whole([3], [shape[2], shape[0], shape[1]]);
        const parameters = { input_type, start_dim: whole([], [0]), end_dim: whole([], [-1]) };
        const isMoved = layer.order === 'hwc' && shape[0] * shape[1] > 1 && shape[2] > 1;
        const moved = isMoved ? flattenOrder(shape, 'chw') : null;
        return { sources: this.#node(layer.name, 'Flatten', parameters, sources), order: moved };
      }
      case 'neuron':
        return { sources: this.#neuron(layer, sources), order };
      case 'output': {
        if (order !== null) throw unlike(layer.name);
        const shape = whole([1], [...this.#shapes.get(layer.name)!]);
        return { sources: this.#node(layer.name, 'Output', { shape }, sources), order };
      }
      // Dropout passes everything on at inference; the grid is that of the numbers, which stay as they are.
      case 'dropout':
      case 'grid':
        return value;
      case 'poisson':
      case 'stepNorm':
        throw failure('SW2020', { where: `layer ${layer.name}`, what: 'NIR has no such node.' });
    }
  }

  #conv(layer: ConvLayer, sources: readonly string[]): readonly string[] {
    const [kernelHeight, kernelWidth, inputs, outputs] = layer.kernel.shape as [number, number, number, number];
    const { gain, shift } = affineOf(this.#norms.get(layer.name), layer.bias, outputs);
    const [height, width] = this.#shapes.get(layer.inputs[0]) as MapShape;
    const { before, padding } = symmetric(layer.padding);
    const after = [padding[0] - layer.padding.bottom, padding[1] - layer.padding.right] as const;
    const size = [kernelHeight + before[0] + after[0], kernelWidth + before[1] + after[1]] as const;
    const weight = new Float32Array(outputs * inputs * size[0] * size[1]);
    for (let y = 0, k = 0; y < kernelHeight; y += 1) {
      for (let x = 0; x < kernelWidth; x += 1) {
        for (let input = 0; input < inputs; input += 1) {
          for (let output = 0; output < outputs; output += 1, k += 1) {
            const row = (output * inputs + input) * size[0] + y + before[0];
            weight[row * size[1] + x + before[1]] = layer.kernel.data[k]! * gain[output]!;
          }
        }
      }
    }
    const parameters = {
      input_shape: whole([2], [height, width]),
      weight: { shape: [outputs, inputs, ...size], data: weight, isWhole: false },
      bias: floats([outputs], Float32Array.from(shift)),
      ...convolutionParameters(layer.stride, padding, 1),
    };
    return this.#node(layer.name, 'Conv2d', parameters, sources);
  }

  #dense(layer: DenseLayer, { sources, order }: Value): readonly string[] {
    const [inputs, outputs] = layer.kernel.shape as [number, number];
    const { gain, shift } = affineOf(this.#norms.get(layer.name), layer.bias, outputs);
    const weight = new Float32Array(inputs * outputs);
    for (let input = 0, k = 0; input < inputs; input += 1) {
      const column = order?.[input] ?? input;
      for (let output = 0; output < outputs; output += 1, k += 1) {
        weight[output * inputs + column] = layer.kernel.data[k]! * gain[output]!;
      }
    }
    const bias = floats([outputs], Float32Array.from(shift));
    return this.#node(layer.name, 'Affine', { weight: floats([outputs, inputs], weight), bias }, sources);
  }

  #norm(layer: BatchNormLayer, { sources, order }: Value): readonly string[] {
    const shape = this.#shapes.get(layer.name)!;
    const { gain, shift } = affineOf(layer, null, layer.gamma.length);
    if (shape.length === 3) return this.#channelwise(layer.name, gain, shift, shape, sources);
    const length = shape[0];
    const weight = new Float32Array(length * length);
    const bias = new Float32Array(length);
    for (let k = 0; k < length; k += 1) {
      const place = order?.[k] ?? k;
      weight[place * length + place] = gain[k]!;
      bias[place] = shift[k]!;
    }
    const parameters = { weight: floats([length, length], weight), bias: floats([length], bias) };
    return this.#node(layer.name, 'Affine', parameters, sources);
  }

  /** gain·x + shift by channel. */
  #channelwise(
    name: string,
    gain: Float64Array,
    shift: Float64Array,
    [height, width, channels]: MapShape,
    sources: readonly string[],
  ): readonly string[] {
    const parameters = {
      input_shape: whole([2], [height, width]),
      weight: floats([channels, 1, 1, 1], gain),
      bias: floats([channels], shift),
      ...convolutionParameters([1, 1], [0, 0], channels),
    };
    return this.#node(name, 'Conv2d', parameters, sources);
  }

  #pool({ name, size, stride }: AvgPoolLayer, sources: readonly string[]): readonly string[] {
    const parameters = { kernel_size: whole([2], size), stride: whole([2], stride), padding: whole([2], [0, 0]) };
    return this.#node(name, 'AvgPool2d', parameters, sources);
  }

  #neuron({ name, leak, reset, threshold }: NeuronLayer, sources: readonly string[]): readonly string[] {
    if (reset === 'soft') {
      throw failure('SW1051', {
        where: `layer ${name}`,
        what: 'its reset is soft; the neurons of NIR are set to v_reset when they fire.',
        fix: 'Convert the network with hard reset.',
      });
    }
    const layer = this.#shapes.get(name)!;
    const shape = layer.length === 3 ? [layer[2], layer[0], layer[1]] : [layer[0]];
    const uniform = (value: number): NirArray => floats(shape, new Float64Array(elementCount(shape)).fill(value));
    const spike = { v_threshold: uniform(nextBelow(threshold)), v_reset: uniform(0) };
    if (leak === 1) return this.#node(name, 'IF', { r: uniform(1), ...spike }, sources);
    const tau = uniform(1 / (1 - leak));
    return this.#node(name, 'LIF', { tau, r: tau, v_leak: uniform(0), ...spike }, sources);
  }

  #sum({ name, inputs, scales }: AddLayer): Value {
    const shape = this.#shapes.get(name)!;
    const extents = shape.length === 3 ? [shape[2], shape[0], shape[1]] : [shape[0]];
    const values = inputs.map((input) => this.#values.get(input)!);
    const order = values[0]!.order;
    if (values.some((value) => String(value.order) !== String(order))) throw unlike(name);
    const taken = new Set<string>();
    const sources = values.flatMap((value, index) => {
      // An edge counts once: a source that comes again needs a node of its own.
      const isPlain = scales[index] === 1 && value.sources.every((source) => !taken.has(source));
      const own = isPlain
        ? value.sources
        : this.#node(
            `${name}.scale${index}`,
            'Scale',
            { scale: floats(extents, new Float32Array(elementCount(extents)).fill(scales[index]!)) },
            value.sources,
          );
      for (const source of own) taken.add(source);
      return own;
    });
    return { sources, order };
  }

  #node(
    wanted: string,
    type: string,
    parameters: Readonly<Record<string, NirArray>>,
    sources: readonly string[],
  ): readonly string[] {
    // A name is part of a path in the file.
    const plain = wanted.replaceAll('/', '.').replace(/^\.+$/, 'node');
    let name = plain;
    for (let k = 2; this.nodes.has(name); k += 1) name = `${plain} ${k}`;
    this.nodes.set(name, { type, parameters: new Map(Object.entries(parameters)) });
    for (const source of sources) this.edges.push([source, name]);
    return [name];
  }
}

/** Norms that stand alone behind a convolution or dense layer, by that layer's name. */
function foldedNorms(layers: readonly SnnLayer[]): Map<string, BatchNormLayer> {
  const readers = new Map<string, number>();
  for (const layer of layers) {
    for (const name of layer.kind === 'input' ? [] : layer.inputs) readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const linear = new Set(layers.filter(({ kind }) => kind === 'conv2d' || kind === 'dense').map(({ name }) => name));
  const norms = layers.filter((layer) => layer.kind === 'batchNorm');
  const folded = norms.filter(({ inputs: [source] }) => linear.has(source) && readers.get(source) === 1);
  return new Map(folded.map((norm) => [norm.inputs[0], norm]));
}

/** gain·x + shift of a layer's bias and the norm behind it, by channel. */
function affineOf(
  norm: BatchNormLayer | undefined,
  bias: Float32Array | null,
  channels: number,
): { readonly gain: Float64Array; readonly shift: Float64Array } {
  const gain = new Float64Array(channels).fill(1);
  const shift = Float64Array.from({ length: channels }, (_, channel) => bias?.[channel] ?? 0);
  if (norm === undefined) return { gain, shift };
  for (let channel = 0; channel < channels; channel += 1) {
    gain[channel] = norm.gamma[channel]! / Math.sqrt(norm.variance[channel]! + norm.epsilon);
    shift[channel] = norm.beta[channel]! + gain[channel]! * (shift[channel]! - norm.mean[channel]!);
  }
  return { gain, shift };
}

/** Equal padding on both sides, and the zeros that the kernel needs before it for that. */
function symmetric({ top, bottom, left, right }: Padding): { readonly before: Pair; readonly padding: Pair } {
  const padding = [Math.max(top, bottom), Math.max(left, right)] as const;
  return { padding, before: [padding[0] - top, padding[1] - left] };
}

function convolutionParameters(stride: Pair, padding: Pair, groups: number): Readonly<Record<string, NirArray>> {
  return {
    stride: whole([2], stride),
    padding: whole([2], padding),
    dilation: whole([2], [1, 1]),
    groups: whole([], [groups]),
  };
}

/** The largest number below a positive one. */
function nextBelow(value: number): number {
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0]! -= 1n;
  return new Float64Array(bits.buffer)[0]!;
}

function floats(shape: readonly number[], data: Float32Array | Float64Array): NirArray {
  return { shape, data, isWhole: false };
}

function whole(shape: readonly number[], values: readonly number[]): NirArray {
  return { shape, data: Float64Array.from(values), isWhole: true };
}

function unlike(layer: string) {
  return failure('SW1051', {
    where: `layer ${layer}`,
    what: 'it reads a vector whose order, height before channels, NIR’s Flatten has not.',
    fix: 'Put a dense layer behind the flatten layer, or flatten channels first.',
  });
}
