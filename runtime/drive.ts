import { failure } from '../schemas/diagnostic.js';
import { convolvedSize } from '../schemas/layer-shapes.js';
import type { Drive } from '../schemas/spike.js';
import type { MapShape } from '../schemas/tensor.js';
import { elementCount } from '../schemas/tensor.js';
import { convolve } from './drive/convolver.js';

/** What the host loads as a population's constant input for one image. */
export interface EncodedDrive {
  /** [H, W, cout] of the driven population, in membrane units: mantissa·2^exponent. */
  readonly current: Int32Array;
  /** Neurons whose current went past the grid and was clamped to ±mantissaMax. */
  readonly clamped: number;
}

/** The shape [H, W, cout] of the population that a drive feeds. */
export function drivenShape({ inputShape, kernel, stride, padding }: Drive): MapShape {
  const [kernelHeight, kernelWidth, , channelsOut] = kernel.shape;
  const size = convolvedSize([inputShape[0], inputShape[1]], padding, [kernelHeight, kernelWidth], stride);
  return [...size, channelsOut];
}

/**
 * The input current of one image [H, W, C], pixels in [0, 1]: the one code path that twin, simulator and chip host share.
 *
 * mantissa = round(driveCurrent / 2^exponent), clamped to ±mantissaMax; halves round away from zero, so that a current
 * and its negative are each other's mirror.
 *
 * Throws what `driveCurrent` throws, SW5001 where a current is not a number, and a RangeError on a drive without a grid
 * (a float graph's).
 */
export function encodeDrive(drive: Drive, image: Float32Array): EncodedDrive {
  const { grid } = drive;
  if (grid === null) throw new RangeError(`the drive of ${drive.population} has no grid: it is not quantised`);
  const wanted = driveCurrent(drive, image);
  const perMantissa = 2 ** grid.exponent;
  const current = new Int32Array(wanted.length);
  let clamped = 0;
  for (let k = 0; k < wanted.length; k += 1) {
    let mantissa = Math.round(Math.abs(wanted[k]! / perMantissa));
    if (!(mantissa <= grid.mantissaMax)) {
      if (Number.isNaN(mantissa)) throw notANumber(drive, k);
      mantissa = grid.mantissaMax;
      clamped += 1;
    }
    current[k] = Math.sign(wanted[k]!) * mantissa * perMantissa;
  }
  return { current, clamped };
}

/**
 * scale·(bias + conv((x − mean)/std, kernel)) of one image before any rounding, [H, W, cout]. All arithmetic is float64;
 * the sum of an output starts at its bias and runs over kernel rows, then columns, then input channels: equal images
 * give equal bits on every machine. Throws SW5001 where the image has a wrong length.
 */
export function driveCurrent(drive: Drive, image: Float32Array): Float64Array {
  if (image.length !== elementCount(drive.inputShape)) {
    throw failure('SW5001', {
      where: `drive of ${drive.population}`,
      what: `the image has ${image.length} values, the network takes ${drive.inputShape.join('×')}`,
    });
  }
  return convolve({
    input: normaliseAndPad(drive, image),
    rowLength: (drive.inputShape[1] + drive.padding.left + drive.padding.right) * drive.inputShape[2],
    channelsIn: drive.inputShape[2],
    kernel: drive.kernel,
    bias: drive.bias,
    stride: drive.stride,
    scale: drive.scale,
    shape: drivenShape(drive),
  });
}

/** One sample as the chip receives it: a current [H·W·C] for each drive of its network, in their order. */
export type EncodedSample = readonly Int32Array[];

/** `encodeDrive` for each of N images [N, H, W, C] and each drive; all drives take images of one shape. */
export function encodeImages(drives: readonly Drive[], images: Float32Array): EncodedSample[] {
  const size = elementCount(drives[0]!.inputShape);
  if (images.length % size !== 0) {
    throw failure('SW5001', {
      where: `drive of ${drives[0]!.population}`,
      what: `${images.length} values are no whole number of ${drives[0]!.inputShape.join('×')} images`,
    });
  }
  return Array.from({ length: images.length / size }, (_, n) =>
    drives.map((drive) => encodeDrive(drive, images.subarray(n * size, (n + 1) * size)).current),
  );
}

/** (x − mean)/std inside a frame of zeros, [H + top + bottom, W + left + right, C]. */
function normaliseAndPad({ inputShape, mean, std, padding }: Drive, image: Float32Array): Float64Array {
  const [height, width, channels] = inputShape;
  const rowLength = (width + padding.left + padding.right) * channels;
  const padded = new Float64Array((height + padding.top + padding.bottom) * rowLength);
  for (let y = 0, source = 0; y < height; y += 1) {
    let target = (y + padding.top) * rowLength + padding.left * channels;
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < channels; c += 1, source += 1, target += 1) {
        padded[target] = (image[source]! - mean[c]!) / std[c]!;
      }
    }
  }
  return padded;
}

function notANumber(drive: Drive, neuron: number): Error {
  const [, width, channels] = drivenShape(drive);
  const [y, x, c] = [Math.floor(neuron / (width * channels)), Math.floor(neuron / channels) % width, neuron % channels];
  return failure('SW5001', {
    where: `drive of ${drive.population}, neuron (${y}, ${x}, ${c})`,
    what: 'the input current is not a number: the image or the drive kernel holds NaN or infinity',
  });
}
