import { failure } from '../schemas/diagnostic.js';
import type { Drive } from '../schemas/spike.js';
import { elementCount } from '../schemas/tensor.js';
import { convolveDrive, drivenShape, roundDrive } from './drive/drive-loops.js';

/** What the host loads as a population's constant input for one image. */
export interface EncodedDrive {
  /** [H, W, cout] of the driven population, in membrane units: mantissa·2^exponent. */
  readonly current: Int32Array;
  /** Neurons whose current went past the grid and was clamped to ±mantissaMax. */
  readonly clamped: number;
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
  const current = new Int32Array(elementCount(drivenShape(drive)));
  return { current, clamped: encodeInto(drive, image, current) };
}

function encodeInto(drive: Drive, image: Float32Array, current: Int32Array): number {
  const { grid } = drive;
  if (grid === null) throw new RangeError(`the drive of ${drive.population} has no grid: it is not quantised`);
  checkLength(drive, image);
  const clamped = roundDrive(drive, grid, image, current);
  if (clamped === null) throw notANumber(drive, convolveDrive(drive, image).findIndex(Number.isNaN));
  return clamped;
}

/**
 * scale·(bias + conv((x − mean)/std, kernel)) of one image before any rounding, [H, W, cout]. All arithmetic is float64;
 * the sum of an output starts at its bias and runs over kernel rows, then columns, then input channels: equal images
 * give equal bits on every machine. Throws SW5001 where the image has a wrong length.
 */
export function driveCurrent(drive: Drive, image: Float32Array): Float64Array {
  checkLength(drive, image);
  return convolveDrive(drive, image);
}

function checkLength({ inputShape, population }: Drive, { length }: Float32Array): void {
  if (length === elementCount(inputShape)) return;
  throw failure('SW5001', {
    where: `drive of ${population}`,
    what: `the image has ${length} values, the network takes ${inputShape.join('×')}`,
  });
}

/** One sample as the chip receives it: a current [H·W·C] for each drive of its network, in their order. */
export type EncodedSample = readonly Int32Array[];

/**
 * `encodeDrive` for each of N images [N, H, W, C] and each drive; all drives take images of one shape. Currents are written
 * into the arrays of `spent`, samples that nobody needs any more, as far as there are any.
 */
export function encodeImages(
  drives: readonly Drive[],
  images: Float32Array,
  spent: readonly EncodedSample[] = [],
): EncodedSample[] {
  const size = elementCount(drives[0]!.inputShape);
  if (images.length % size !== 0) {
    throw failure('SW5001', {
      where: `drive of ${drives[0]!.population}`,
      what: `${images.length} values are no whole number of ${drives[0]!.inputShape.join('×')} images`,
    });
  }
  const samples = Array.from({ length: images.length / size }, (_, n) => {
    return spent[n] ?? drives.map((drive) => new Int32Array(elementCount(drivenShape(drive))));
  });
  for (const [index, drive] of drives.entries()) {
    for (const [n, sample] of samples.entries()) {
      encodeInto(drive, images.subarray(n * size, (n + 1) * size), sample[index]!);
    }
  }
  return samples;
}

function notANumber(drive: Drive, neuron: number): Error {
  const [, width, channels] = drivenShape(drive);
  const [y, x, c] = [Math.floor(neuron / (width * channels)), Math.floor(neuron / channels) % width, neuron % channels];
  return failure('SW5001', {
    where: `drive of ${drive.population}, neuron (${y}, ${x}, ${c})`,
    what: 'the input current is not a number: the image or the drive kernel holds NaN or infinity',
  });
}
