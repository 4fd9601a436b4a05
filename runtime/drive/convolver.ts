import type { MapShape } from '../../schemas/tensor.js';
import { loopsModule } from './generated/loops.js';

/** A convolution whose input holds its padding, and whose lanes are filled up to eights. */
export interface PaddedConvolution {
  /** [rows, rowLength]: pixels of `channelsIn` values each. */
  readonly input: Float64Array;
  readonly rowLength: number;
  readonly channelsIn: number;
  /** HWIO. */
  readonly kernel: { readonly shape: readonly [number, number, number, number]; readonly data: Float32Array };
  readonly bias: Float32Array;
  readonly stride: readonly [number, number];
  readonly scale: number;
  /** [H, W, cout] of the output. */
  readonly shape: MapShape;
}

/** Output channels that the loop advances at once. */
const LANES = 8;
const PAGE_BYTES = 65_536;

/** The compiled loop; see the AssemblyScript in `simd/`. */
interface Loops {
  convolve(
    input: number,
    kernel: number,
    bias: number,
    to: number,
    height: number,
    width: number,
    groups: number,
    kernelRows: number,
    span: number,
    pixelBytes: number,
    rowBytes: number,
    kernelRowBytes: number,
    scale: number,
  ): void;
}

/** The loop and its memory, which holds one convolution at a time. */
class Convolver {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #loops: Loops;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(loopsModule, 'base64'));
    this.#loops = new WebAssembly.Instance(module, { env: { memory: this.#memory } }).exports as Loops;
  }

  run({ input, rowLength, channelsIn, kernel, bias, stride, scale, shape }: PaddedConvolution): Float64Array {
    const [height, width, channels] = shape;
    const [kernelRows, kernelColumns] = kernel.shape;
    const span = kernelColumns * channelsIn;
    const taps = kernelRows * span;
    const groups = Math.ceil(channels / LANES);
    const lanes = groups * LANES;
    const lengths = [input.length, taps * lanes, lanes, height * width * lanes];
    const starts = lengths.map((_, k) => lengths.slice(0, k).reduce((sum, length) => sum + length, 0));
    const [inputAt, kernelAt, biasAt, toAt] = starts as [number, number, number, number];
    const values = this.#reserve(toAt + height * width * lanes);
    values.set(input, inputAt);
    groupKernel(kernel.data, taps, channels, values.subarray(kernelAt, biasAt));
    values.set(bias, biasAt);
    values.fill(0, biasAt + channels, toAt);
    this.#loops.convolve(
      8 * inputAt,
      8 * kernelAt,
      8 * biasAt,
      8 * toAt,
      height,
      width,
      groups,
      kernelRows,
      span,
      8 * stride[1] * channelsIn,
      8 * stride[0] * rowLength,
      8 * rowLength,
      scale,
    );
    return withoutSpareLanes(values.subarray(toAt), height * width, channels, lanes);
  }

  /** The memory as numbers, at least so many. */
  #reserve(count: number): Float64Array {
    const missing = 8 * count - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    return new Float64Array(this.#memory.buffer, 0, count);
  }
}

let convolver: Convolver | null = null;

/**
 * scale·(bias + conv(input, kernel)), [H, W, cout], in float64; the sum of an output starts at its bias and runs over kernel
 * rows, then columns, then input channels, so that equal inputs give equal bits on every machine.
 */
export function convolve(convolution: PaddedConvolution): Float64Array {
  convolver ??= new Convolver();
  return convolver.run(convolution);
}

/** The kernel [taps, channels] as [groups, taps, LANES], spare lanes filled with zeros. */
function groupKernel(kernel: Float32Array, taps: number, channels: number, to: Float64Array): void {
  to.fill(0);
  for (let tap = 0; tap < taps; tap += 1) {
    for (let c = 0; c < channels; c += 1) {
      to[(Math.floor(c / LANES) * taps + tap) * LANES + (c % LANES)] = kernel[tap * channels + c]!;
    }
  }
}

/** The first `channels` of each pixel's lanes, in memory of their own. */
function withoutSpareLanes(values: Float64Array, pixels: number, channels: number, lanes: number): Float64Array {
  if (channels === lanes) return values.slice();
  const kept = new Float64Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    for (let c = 0; c < channels; c += 1) kept[pixel * channels + c] = values[pixel * lanes + c]!;
  }
  return kept;
}
