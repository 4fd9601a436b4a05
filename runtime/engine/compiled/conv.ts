import { intsAttribute } from '../../../compiler/export/onnx-attributes.js';
import type { ConvLayer } from '../../../schemas/ann.js';
import { elementCount } from '../../../schemas/tensor.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import { inputName } from './emission.js';
import type { Graph, Value } from './graph.js';
import { Signal } from './signal.js';

/** Cross-correlation [steps·N, Cin, H, W] → [steps·N, Cout, H', W'], with bias where the layer has one. */
export function emitConv(layer: ConvLayer, { graph }: EmissionContext, input: Signal): LayerEmission {
  const { stride, bias } = layer;
  const { top, left, bottom, right } = layer.padding;
  const [height, width, , outputs] = layer.kernel.shape as readonly [number, number, number, number];
  const kernel = graph.input(inputName(layer.name, 'kernel'), layer.kernel.shape, 'parameter');
  const source = input.merged;
  const [rows, , inputHeight, inputWidth] = source.shape as readonly [number, number, number, number];
  const outputHeight = Math.floor((inputHeight + top + bottom - height) / stride[0]) + 1;
  const outputWidth = Math.floor((inputWidth + left + right - width) / stride[1]) + 1;

  // [kh, kw, Cin, Cout] → [Cout, Cin, kh, kw].
  const inputs = [source, graph.transpose(kernel, [3, 2, 0, 1])];
  if (bias !== null) inputs.push(graph.input(inputName(layer.name, 'bias'), [bias.length], 'parameter'));
  const attributes = [
    intsAttribute('kernel_shape', [height, width]),
    intsAttribute('strides', stride),
    intsAttribute('pads', [top, left, bottom, right]),
  ];
  const output = graph.apply('Conv', inputs, [rows, outputs, outputHeight, outputWidth], { attributes });

  return {
    output: Signal.merged(graph, output, input.steps),
    backward(upstream) {
      const gradient = upstream.merged;
      const parameters = new Map([['kernel', kernelGradient(graph, layer, source, gradient)]]);
      if (bias !== null) parameters.set('bias', graph.reduce('ReduceSum', gradient, [0, 2, 3], false));
      const below = inputGradient(graph, layer, kernel, gradient, source.shape);
      return { inputs: [Signal.merged(graph, below, input.steps)], parameters };
    },
  };
}

/** At stride 1 a convolution with the turned kernel, which runs faster than the transposed convolution it equals. */
function inputGradient(
  graph: Graph,
  { kernel: { shape: kernelShape }, stride, padding: { top, left, bottom, right } }: ConvLayer,
  kernel: Value,
  gradient: Value,
  shape: readonly number[],
): Value {
  const [height, width] = kernelShape as readonly [number, number];
  const ownShape = intsAttribute('kernel_shape', [height, width]);
  const margins = [height - 1 - top, width - 1 - left, height - 1 - bottom, width - 1 - right];
  if (stride[0] === 1 && stride[1] === 1 && margins.every((margin) => margin >= 0)) {
    const turned = graph.transpose(graph.reverse(kernel, 2), [2, 3, 0, 1]);
    return graph.apply('Conv', [gradient, turned], shape, { attributes: [ownShape, intsAttribute('pads', margins)] });
  }
  // Rows and columns at the end that no window of the forward pass reached.
  const missed = [(shape[2]! + top + bottom - height) % stride[0], (shape[3]! + left + right - width) % stride[1]];
  const attributes = [
    ownShape,
    intsAttribute('strides', stride),
    intsAttribute('pads', [top, left, bottom, right]),
    intsAttribute('output_padding', missed),
  ];
  return graph.apply('ConvTranspose', [gradient, graph.transpose(kernel, [3, 2, 0, 1])], shape, { attributes });
}

/**
 * [kh, kw, Cin, Cout]: the sum over images and output pixels of patch times output gradient. Both forms of it beat the
 * convolution of transposed tensors that it equals, whose matrices are only kh·kw wide.
 */
function kernelGradient(graph: Graph, layer: ConvLayer, source: Value, gradient: Value): Value {
  const [, , inputs] = layer.kernel.shape as readonly [number, number, number, number];
  return inputs >= WIDE
    ? gradientByTap(graph, layer, source, gradient)
    : gradientByImage(graph, layer, source, gradient);
}

/** From so many input channels on a product for each tap of the kernel is wide enough to be fast. */
const WIDE = 128;

/** For each tap the product [Cin, N·P]·[N·P, Cout] over the P pixels of all images: no patches are laid out. */
function gradientByTap(graph: Graph, layer: ConvLayer, source: Value, gradient: Value): Value {
  const { shape } = layer.kernel;
  const [, , inputs, outputs] = shape as readonly [number, number, number, number];
  const pixels = elementCount(gradient.shape) / outputs;
  const byPixel = graph.reshape(graph.transpose(gradient, [0, 2, 3, 1]), [pixels, outputs]);
  const products = taps(graph, layer, graph.transpose(source, [1, 0, 2, 3]), gradient.shape).map((tap) =>
    graph.apply('Gemm', [graph.reshape(tap, [inputs, pixels]), byPixel], [inputs, outputs]),
  );
  return graph.reshape(graph.concat(products, 0), shape);
}

/** Per image the product of patches [kh·kw·Cin, P] and gradient [Cout, P], summed over images. */
function gradientByImage(graph: Graph, layer: ConvLayer, source: Value, gradient: Value): Value {
  const { shape } = layer.kernel;
  const [height, width, inputs, outputs] = shape as readonly [number, number, number, number];
  const [rows, , outputHeight, outputWidth] = gradient.shape as readonly [number, number, number, number];
  const pixels = outputHeight * outputWidth;
  const patches = graph.reshape(graph.concat(taps(graph, layer, source, gradient.shape), 1), [
    rows,
    height * width * inputs,
    pixels,
  ]);
  // On the CPU ONNX Runtime makes one node of both; its WebGPU provider has none that does that.
  const byPixel = graph.transpose(graph.reshape(gradient, [rows, outputs, pixels]), [0, 2, 1]);
  const products = graph.apply('MatMul', [patches, byPixel], [rows, height * width * inputs, outputs]);
  return graph.reshape(graph.reduce('ReduceSum', products, [0], false), shape);
}

/** What each tap of the kernel sees of a map […, …, H, W] at the output's pixels, row by row. */
function taps(
  graph: Graph,
  { kernel, stride, padding: { top, left, bottom, right } }: ConvLayer,
  source: Value,
  outputShape: readonly number[],
): readonly Value[] {
  const [height, width] = kernel.shape as readonly [number, number];
  const [first, second, inputHeight, inputWidth] = source.shape as readonly [number, number, number, number];
  const isPadded = top + left + bottom + right > 0;
  const padded = isPadded
    ? graph.apply(
        'Pad',
        [source, graph.integers([0, 0, top, left, 0, 0, bottom, right])],
        [first, second, inputHeight + top + bottom, inputWidth + left + right],
      )
    : source;
  return Array.from({ length: height * width }, (_, tap) =>
    graph.window(padded, [Math.floor(tap / width), tap % width], outputShape.slice(2), stride),
  );
}
