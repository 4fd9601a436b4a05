import { convolvedSize } from '../../schemas/layer-shapes.js';
import type { Drive } from '../../schemas/spike.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';
import { loopsModule } from './generated/loops.js';
import { allTaps, LANES, nonzeroTaps, type Taps } from './taps.js';

const PAGE_BYTES = 65_536;
const VECTOR_BYTES = 16;

type Grid = NonNullable<Drive['grid']>;

/** The compiled loops; see the AssemblyScript in `simd/`. */
interface Loops {
  normalise(
    image: number,
    mean: number,
    deviation: number,
    to: number,
    rows: number,
    values: number,
    rowBytes: number,
  ): number;
  convolve(
    input: number,
    counts: number,
    offsets: number,
    kernel: number,
    bias: number,
    to: number,
    width: number,
    groups: number,
    pixelBytes: number,
    scale: number,
  ): void;
  round(
    sums: number,
    owned: number,
    to: number,
    pixels: number,
    channels: number,
    groups: number,
    perUnit: number,
    unit: number,
    most: number,
  ): number;
}

/** The shape [H, W, cout] of the population that a drive feeds. */
export function drivenShape({ inputShape, kernel, stride, padding }: Drive): MapShape {
  const [kernelHeight, kernelWidth, , channelsOut] = kernel.shape;
  const size = convolvedSize([inputShape[0], inputShape[1]], padding, [kernelHeight, kernelWidth], stride);
  return [...size, channelsOut];
}

/** Where taps lie (addresses). */
interface LoadedTaps {
  readonly counts: number;
  readonly offsets: number;
  readonly kernel: number;
}

/** Where the parts of a drive lie (addresses), and views of what goes in and out. */
interface LoadedDrive {
  readonly drive: Drive;
  readonly shape: MapShape;
  /** Eights of output channels, the last one filled up. */
  readonly groups: number;
  /** [H, W, C] of the image. */
  readonly image: Float32Array;
  /** Mean and standard deviation of each value of a row of the image. */
  readonly mean: number;
  readonly deviation: number;
  /** The frame of zeros around the image, the start of the image in it, and from row to row. */
  readonly frame: number;
  readonly inside: number;
  readonly rowBytes: number;
  /** All taps, and those with a weight that is not zero. */
  readonly taps: LoadedTaps;
  readonly nonzero: LoadedTaps;
  readonly bias: number;
  /** The lanes that are channels. */
  readonly owned: number;
  /** Of one row of the output, [width, groups, LANES]. */
  readonly sums: Float64Array;
  /** [H, W, cout] of the output. */
  readonly currents: Int32Array;
}

/** The loops and their memory, which holds one drive at a time, ready for image after image. */
class DriveLoops {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #loops: Loops;
  #loaded: LoadedDrive | null = null;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(loopsModule, 'base64'));
    this.#loops = new WebAssembly.Instance(module, { env: { memory: this.#memory } }).exports as Loops;
  }

  driveCurrent(drive: Drive, image: Float32Array): Float64Array {
    const loaded = this.#loadedWith(drive, image);
    this.#normalise(loaded);
    const { shape, groups, sums, taps } = loaded;
    const [height, width, channels] = shape;
    const wanted = new Float64Array(elementCount(shape));
    for (let y = 0, to = 0; y < height; y += 1) {
      this.#convolveRow(loaded, taps, y);
      for (let pixel = 0; pixel < width; pixel += 1) {
        const from = pixel * groups * LANES;
        for (let c = 0; c < channels; c += 1, to += 1) wanted[to] = sums[from + c]!;
      }
    }
    return wanted;
  }

  roundedCurrent(drive: Drive, { mantissaMax, exponent }: Grid, image: Float32Array, to: Int32Array): number | null {
    const loaded = this.#loadedWith(drive, image);
    const { shape, groups, sums, owned, currents } = loaded;
    const taps = this.#normalise(loaded) ? loaded.nonzero : loaded.taps;
    const [height, width, channels] = shape;
    const unit = 2 ** exponent;
    let clamped = 0;
    for (let y = 0; y < height; y += 1) {
      this.#convolveRow(loaded, taps, y);
      const row = currents.byteOffset + 4 * y * width * channels;
      const inRow = this.#loops.round(
        sums.byteOffset,
        owned,
        row,
        width,
        channels,
        groups,
        1 / unit,
        unit,
        mantissaMax,
      );
      if (inRow < 0) return null;
      clamped += inRow;
    }
    to.set(currents);
    return clamped;
  }

  #loadedWith(drive: Drive, image: Float32Array): LoadedDrive {
    if (this.#loaded?.drive !== drive) this.#loaded = this.#load(drive);
    this.#loaded.image.set(image);
    return this.#loaded;
  }

  /** Puts the image, normalised, into the frame of its drive. Whether all of it is finite. */
  #normalise({ drive, image, mean, deviation, inside, rowBytes }: LoadedDrive): boolean {
    const [height, width, channels] = drive.inputShape;
    return this.#loops.normalise(image.byteOffset, mean, deviation, inside, height, width * channels, rowBytes) === 1;
  }

  #convolveRow({ drive, shape, groups, frame, rowBytes, bias, sums }: LoadedDrive, taps: LoadedTaps, y: number): void {
    this.#loops.convolve(
      frame + y * drive.stride[0] * rowBytes,
      taps.counts,
      taps.offsets,
      taps.kernel,
      bias,
      sums.byteOffset,
      shape[1],
      groups,
      8 * drive.stride[1] * drive.inputShape[2],
      drive.scale,
    );
  }

  #load(drive: Drive): LoadedDrive {
    const { inputShape, mean, std, bias, padding } = drive;
    const [height, width, channelsIn] = inputShape;
    const shape = drivenShape(drive);
    const channels = shape[2];
    const groups = Math.ceil(channels / LANES);
    const lanes = groups * LANES;
    const rowValues = width * channelsIn;
    const rowLength = (width + padding.left + padding.right) * channelsIn;
    const taps = allTaps(drive, 8 * rowLength);
    const nonzero = nonzeroTaps(taps);
    let bytes = 0;
    const take = (size: number): number => {
      const at = bytes;
      bytes += Math.ceil(size / VECTOR_BYTES) * VECTOR_BYTES;
      return at;
    };
    const at = {
      frame: take(8 * (height + padding.top + padding.bottom) * rowLength),
      mean: take(8 * rowValues),
      deviation: take(8 * rowValues),
      bias: take(8 * lanes),
      owned: take(8 * lanes),
      // The last of an odd number of pixels is written twice.
      sums: take(8 * (shape[1] + 1) * lanes),
      image: take(4 * height * rowValues),
      // The spare lanes of the last pixel are written behind it.
      currents: take(4 * (elementCount(shape) + LANES)),
    };
    const placed = (of: Taps): LoadedTaps => ({
      counts: take(of.counts.byteLength),
      offsets: take(of.offsets.byteLength),
      kernel: take(of.weights.byteLength),
    });
    const tapsAt = placed(taps);
    const nonzeroAt = nonzero === taps ? tapsAt : placed(nonzero);
    const { buffer } = this.#memory.buffer.byteLength < bytes ? this.#grown(bytes) : this.#memory;
    new Uint8Array(buffer, 0, at.image).fill(0);
    repeat(mean, new Float64Array(buffer, at.mean, rowValues));
    repeat(std, new Float64Array(buffer, at.deviation, rowValues));
    new Float64Array(buffer, at.bias, channels).set(bias);
    new BigInt64Array(buffer, at.owned, channels).fill(-1n);
    for (const [of, { counts, offsets, kernel }] of [[taps, tapsAt] as const, [nonzero, nonzeroAt] as const]) {
      new Uint32Array(buffer, counts, of.counts.length).set(of.counts);
      new Uint32Array(buffer, offsets, of.offsets.length).set(of.offsets);
      new Float32Array(buffer, kernel, of.weights.length).set(of.weights);
    }
    return {
      ...at,
      taps: tapsAt,
      nonzero: nonzeroAt,
      drive,
      shape,
      groups,
      inside: at.frame + 8 * (padding.top * rowLength + padding.left * channelsIn),
      rowBytes: 8 * rowLength,
      sums: new Float64Array(buffer, at.sums, shape[1] * lanes),
      image: new Float32Array(buffer, at.image, height * rowValues),
      currents: new Int32Array(buffer, at.currents, elementCount(shape)),
    };
  }

  #grown(bytes: number): WebAssembly.Memory {
    this.#memory.grow(Math.ceil((bytes - this.#memory.buffer.byteLength) / PAGE_BYTES));
    return this.#memory;
  }
}

let loops: DriveLoops | null = null;

/**
 * scale·(bias + conv((x − mean)/std, kernel)) of an image [H, W, C] that fits the drive, [H, W, cout], in float64; the sum of
 * an output starts at its bias and runs over kernel rows, then columns, then input channels, so that equal images give
 * equal bits on every machine.
 */
export function convolveDrive(drive: Drive, image: Float32Array): Float64Array {
  loops ??= new DriveLoops();
  return loops.driveCurrent(drive, image);
}

/**
 * The same rounded to `grid`, halves away from zero, and clamped to ±mantissaMax·2^exponent, into `to` [H, W, cout]. Gives the
 * number of outputs that were clamped; null where one is not a number.
 */
export function roundDrive(drive: Drive, grid: Grid, image: Float32Array, to: Int32Array): number | null {
  loops ??= new DriveLoops();
  return loops.roundedCurrent(drive, grid, image, to);
}

function repeat(values: readonly number[], to: Float64Array): void {
  for (let k = 0; k < to.length; k += 1) to[k] = values[k % values.length]!;
}
