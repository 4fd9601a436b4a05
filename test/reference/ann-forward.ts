import type { AnnGraph, AnnLayer, ConvLayer } from '../../schemas/ann.js';
import { type LayerShape, layerShapes } from '../../schemas/layer-shapes.js';

/** The logits of one image [H, W, C] in [0, 1], in double precision by plain loops: eval mode. */
export function annForward(graph: AnnGraph, image: ArrayLike<number>): Float64Array {
  const shapes = layerShapes(graph.layers);
  const values = new Map<string, Float64Array>();
  let last: Float64Array = new Float64Array();
  for (const layer of graph.layers) {
    const names = layer.kind === 'input' ? [] : layer.inputs;
    last = forward(layer, {
      image,
      inputs: names.map((name) => values.get(name)!),
      from: names.length > 0 ? shapes.get(names[0]!)! : [1],
      to: shapes.get(layer.name)!,
    });
    values.set(layer.name, last);
  }
  return last;
}

interface Scene {
  readonly image: ArrayLike<number>;
  readonly inputs: readonly Float64Array[];
  /** Shape of the first input. */
  readonly from: LayerShape;
  readonly to: LayerShape;
}

function forward(layer: AnnLayer, { image, inputs, from, to }: Scene): Float64Array {
  const input = inputs[0] ?? new Float64Array();
  const channels = from[from.length - 1]!;
  switch (layer.kind) {
    case 'input':
      return Float64Array.from(image, (pixel, index) => {
        const channel = index % layer.shape[2];
        return (pixel - layer.mean[channel]!) / layer.std[channel]!;
      });
    case 'conv2d':
      return convolve(layer, input, from, to);
    case 'dense': {
      const [rows, columns] = layer.kernel.shape as [number, number];
      return Float64Array.from({ length: columns }, (_, column) => {
        let sum = layer.bias?.[column] ?? 0;
        for (let row = 0; row < rows; row++) sum += input[row]! * layer.kernel.data[row * columns + column]!;
        return sum;
      });
    }
    case 'batchNorm':
      return input.map((value, index) => {
        const c = index % channels;
        const deviation = Math.sqrt(layer.variance[c]! + layer.epsilon);
        return (layer.gamma[c]! * (value - layer.mean[c]!)) / deviation + layer.beta[c]!;
      });
    case 'activation':
      return input.map((value) => Math.max(0, value));
    case 'avgPool': {
      const kernel = { size: layer.size, stride: layer.stride };
      return windows(from, to, kernel, (pixels, c) => {
        const sum = pixels.reduce((total, pixel) => total + input[pixel * channels + c]!, 0);
        return sum / (layer.size[0] * layer.size[1]);
      });
    }
    case 'add':
      return input.map((_, index) =>
        inputs.reduce((sum, term, position) => sum + layer.scales[position]! * term[index]!, 0),
      );
    case 'flatten': {
      if (layer.order === 'hwc') return input;
      const [height, width] = from as readonly [number, number, number];
      const pixels = height * width;
      return input.map((_, index) => input[(index % pixels) * channels + Math.floor(index / pixels)]!);
    }
    case 'dropout':
    case 'output':
      return input;
  }
}

function convolve(layer: ConvLayer, input: Float64Array, from: LayerShape, to: LayerShape): Float64Array {
  const [inHeight, inWidth, channels] = from as readonly [number, number, number];
  const [height, width, outputs] = to as readonly [number, number, number];
  const [kernelHeight, kernelWidth] = layer.kernel.shape as [number, number];
  const result = new Float64Array(height * width * outputs);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let cout = 0; cout < outputs; cout++) {
        let sum = layer.bias?.[cout] ?? 0;
        for (let ky = 0; ky < kernelHeight; ky++) {
          for (let kx = 0; kx < kernelWidth; kx++) {
            const row = y * layer.stride[0] + ky - layer.padding.top;
            const column = x * layer.stride[1] + kx - layer.padding.left;
            if (row < 0 || row >= inHeight || column < 0 || column >= inWidth) continue;
            for (let cin = 0; cin < channels; cin++) {
              const weight = layer.kernel.data[((ky * kernelWidth + kx) * channels + cin) * outputs + cout]!;
              sum += weight * input[(row * inWidth + column) * channels + cin]!;
            }
          }
        }
        result[(y * width + x) * outputs + cout] = sum;
      }
    }
  }
  return result;
}

/** Applies `reduce` to the pixel numbers of each window, per channel. */
function windows(
  from: LayerShape,
  to: LayerShape,
  kernel: { readonly size: readonly [number, number]; readonly stride: readonly [number, number] },
  reduce: (pixels: readonly number[], channel: number) => number,
): Float64Array {
  const [, inWidth] = from as readonly [number, number, number];
  const [height, width, channels] = to as readonly [number, number, number];
  const result = new Float64Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixels: number[] = [];
      for (let wy = 0; wy < kernel.size[0]; wy++) {
        for (let wx = 0; wx < kernel.size[1]; wx++) {
          pixels.push((y * kernel.stride[0] + wy) * inWidth + x * kernel.stride[1] + wx);
        }
      }
      for (let c = 0; c < channels; c++) result[(y * width + x) * channels + c] = reduce(pixels, c);
    }
  }
  return result;
}
