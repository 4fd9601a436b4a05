import { failure } from '../schemas/diagnostic.js';
import { convolvedSize } from '../schemas/layer-shapes.js';
import type { Drive } from '../schemas/spike.js';
import type { MapShape } from '../schemas/tensor.js';
import { elementCount } from '../schemas/tensor.js';

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
  const { kernel, bias, stride, scale } = drive;
  if (image.length !== elementCount(drive.inputShape)) {
    throw failure('SW5001', {
      where: `drive of ${drive.population}`,
      what: `the image has ${image.length} values, the network takes ${drive.inputShape.join('×')}`,
    });
  }
  const padded = normaliseAndPad(drive, image);
  const rowLength = (drive.inputShape[1] + drive.padding.left + drive.padding.right) * drive.inputShape[2];
  const [kernelHeight, kernelWidth, channelsIn] = kernel.shape;
  const [height, width, channelsOut] = drivenShape(drive);
  const span = kernelWidth * channelsIn;
  const taps = kernelHeight * span;
  const quads = groupByFour(kernel.data, taps, channelsOut);
  const sums = new Float64Array(Math.ceil(channelsOut / 4) * 4);
  const current = new Float64Array(height * width * channelsOut);
  for (let y = 0, target = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, target += channelsOut) {
      sums.set(bias);
      const corner = y * stride[0] * rowLength + x * stride[1] * channelsIn;
      for (let c = 0, tap = 0; c < channelsOut; c += 4) {
        let sum0 = sums[c]!;
        let sum1 = sums[c + 1]!;
        let sum2 = sums[c + 2]!;
        let sum3 = sums[c + 3]!;
        for (let ky = 0; ky < kernelHeight; ky += 1) {
          const start = corner + ky * rowLength;
          for (let k = start; k < start + span; k += 1, tap += 4) {
            const value = padded[k]!;
            sum0 += value * quads[tap]!;
            sum1 += value * quads[tap + 1]!;
            sum2 += value * quads[tap + 2]!;
            sum3 += value * quads[tap + 3]!;
          }
        }
        sums[c] = sum0;
        sums[c + 1] = sum1;
        sums[c + 2] = sum2;
        sums[c + 3] = sum3;
      }
      for (let c = 0; c < channelsOut; c += 1) current[target + c] = scale * sums[c]!;
    }
  }
  return current;
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

/** The kernel [taps, cout] as [cout/4, taps, 4], the last group filled with zeros: four sums advance at once. */
function groupByFour(kernel: Float32Array, taps: number, channels: number): Float64Array {
  const grouped = new Float64Array(Math.ceil(channels / 4) * taps * 4);
  for (let tap = 0; tap < taps; tap += 1) {
    for (let c = 0; c < channels; c += 1) {
      grouped[(Math.floor(c / 4) * taps + tap) * 4 + (c % 4)] = kernel[tap * channels + c]!;
    }
  }
  return grouped;
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
