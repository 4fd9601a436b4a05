import type { AnnLayer } from './ann.js';
import { failure } from './diagnostic.js';
import type { SnnLayer } from './snn.js';
import type { MapShape, Padding, Pair } from './tensor.js';

/** The shape of one sample at a layer's output: a feature map [H, W, C], or a vector [n] (after flatten and dense). */
export type LayerShape = MapShape | readonly [number];

/** The most values one sample may have at any layer; a declared shape beyond it is taken for damage. */
export const LAYER_SIZE_MAX = 2 ** 28;

/**
 * The output shape of every layer by name, in layer order.
 * Throws SW1006 where a layer reads from one that does not come before it, SW1007 where shapes do not fit.
 */
export function layerShapes(layers: readonly (AnnLayer | SnnLayer)[]): Map<string, LayerShape> {
  const shapes = new Map<string, LayerShape>();
  for (const layer of layers) {
    const inputs = (layer.kind === 'input' ? [] : layer.inputs).map((name) => {
      const shape = shapes.get(name);
      if (shape === undefined) {
        throw failure('SW1006', {
          where: `layer ${layer.name}`,
          what: `reads from "${name}", and no layer before it has that name.`,
        });
      }
      return shape;
    });
    shapes.set(layer.name, layerShape(layer, inputs));
  }
  return shapes;
}

/** The output shape of one layer from its inputs' shapes. Throws SW1007 where they do not fit. */
export function layerShape(layer: AnnLayer | SnnLayer, inputs: readonly LayerShape[]): LayerShape {
  const shape = outputShape(layer, inputs);
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (shape.some((extent) => !Number.isInteger(extent) || extent < 1) || size > LAYER_SIZE_MAX) {
    throw failure('SW1007', {
      where: `layer ${layer.name}`,
      what: `its output would be ${shapeText(shape)}; extents must be at least 1 and their product at most ${LAYER_SIZE_MAX}.`,
    });
  }
  return shape;
}

/** Rows (or columns) of a cross-correlation's output: windows that fit the padded extent. May be ≤ 0. */
function convolvedExtent(extent: number, before: number, after: number, kernel: number, stride: number): number {
  return Math.floor((extent + before + after - kernel) / stride) + 1;
}

/** [H, W] of a cross-correlation's output. */
export function convolvedSize(size: Pair, padding: Padding, kernel: Pair, stride: Pair): Pair {
  return [
    convolvedExtent(size[0], padding.top, padding.bottom, kernel[0], stride[0]),
    convolvedExtent(size[1], padding.left, padding.right, kernel[1], stride[1]),
  ];
}

/** "[32, 32, 3]". */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function outputShape(layer: AnnLayer | SnnLayer, inputs: readonly LayerShape[]): LayerShape {
  if (layer.kind === 'input') return layer.shape;
  const [input] = inputs;
  if (input === undefined) throw failure('SW1006', { where: `layer ${layer.name}`, what: 'reads from no layer.' });
  switch (layer.kind) {
    case 'conv2d': {
      const [height, width, channels] = requireMap(input, layer);
      const [kernelHeight, kernelWidth, inputs, outputs] = layer.kernel.shape as [number, number, number, number];
      requireExtent(layer, 'channels', inputs, channels);
      return [
        ...convolvedSize([height, width], layer.padding, [kernelHeight, kernelWidth], layer.stride),
        outputs,
      ] as const;
    }
    case 'dense': {
      const [inputs, outputs] = layer.kernel.shape as [number, number];
      if (input.length !== 1) {
        throw failure('SW1007', {
          where: `layer ${layer.name}`,
          what: `a dense layer reads a vector, "${layer.inputs[0]}" gives ${shapeText(input)}.`,
          fix: 'Put a flatten layer before it.',
        });
      }
      requireExtent(layer, 'inputs', inputs, input[0]);
      return [outputs];
    }
    case 'batchNorm':
      requireExtent(layer, 'channels', layer.gamma.length, input[input.length - 1]!);
      return input;
    case 'stepNorm':
      requireExtent(layer, 'channels', layer.steps[0]?.gamma.length ?? 0, input[input.length - 1]!);
      return input;
    case 'avgPool': {
      const [height, width, channels] = requireMap(input, layer);
      const none = { top: 0, bottom: 0, left: 0, right: 0 };
      return [...convolvedSize([height, width], none, layer.size, layer.stride), channels] as const;
    }
    case 'add': {
      const odd = inputs.findIndex((shape) => shapeText(shape) !== shapeText(input));
      if (odd !== -1) {
        throw failure('SW1007', {
          where: `layer ${layer.name}`,
          what: `adds ${shapeText(input)} of "${layer.inputs[0]}" and ${shapeText(inputs[odd]!)} of "${layer.inputs[odd]}".`,
        });
      }
      return input;
    }
    case 'flatten':
      return [requireMap(input, layer).reduce((product, extent) => product * extent, 1)];
    case 'output':
      if (input.length !== 1) {
        throw failure('SW1007', {
          where: `layer ${layer.name}`,
          what: `the output must be a vector of logits, "${layer.inputs[0]}" gives ${shapeText(input)}.`,
        });
      }
      return input;
    case 'dropout':
    case 'activation':
    case 'neuron':
    case 'grid':
    case 'poisson':
      return input;
  }
}

function requireMap(input: LayerShape, layer: AnnLayer | SnnLayer): MapShape {
  if (input.length === 3) return input;
  throw failure('SW1007', {
    where: `layer ${layer.name}`,
    what: `a ${layer.kind} layer reads a feature map [H, W, C], its input is a vector ${shapeText(input)}.`,
  });
}

function requireExtent(layer: AnnLayer | SnnLayer, what: string, own: number, given: number): void {
  if (own !== given) {
    throw failure('SW1007', {
      where: `layer ${layer.name}`,
      what: `its parameters are for ${own} ${what}, its input has ${given}.`,
    });
  }
}
