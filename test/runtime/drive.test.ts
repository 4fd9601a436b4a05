import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drivenShape } from '../../runtime/drive/drive-loops.js';
import { driveCurrent, encodeDrive, encodeImages } from '../../runtime/drive.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import type { Drive } from '../../schemas/spike.js';

const noPadding = { top: 0, bottom: 0, left: 0, right: 0 };

/** A 1×1 kernel of one channel on one pixel: current = round(scale·(bias + weight·(x − mean)/std)/2^e)·2^e. */
function pixelDrive(parts: Partial<Drive>): Drive {
  return {
    population: 'p',
    inputShape: [1, 1, 1],
    mean: [0],
    std: [1],
    kernel: { shape: [1, 1, 1, 1], data: Float32Array.of(1) },
    bias: Float32Array.of(0),
    stride: [1, 1],
    padding: noPadding,
    scale: 1,
    grid: { mantissaMax: 4095, exponent: 0 },
    ...parts,
  };
}

/** The current of one output, in plain numbers and in the order that `driveCurrent` states. */
function plainCurrent(drive: Drive, image: Float32Array, y: number, x: number, c: number): number {
  const { inputShape, kernel, mean, std, padding, stride } = drive;
  const [height, width, channels] = inputShape;
  const [rows, columns, , outputs] = kernel.shape;
  let sum = drive.bias[c]!;
  for (let ky = 0; ky < rows; ky++) {
    for (let kx = 0; kx < columns; kx++) {
      const [iy, ix] = [y * stride[0] + ky - padding.top, x * stride[1] + kx - padding.left];
      const isInside = iy >= 0 && iy < height && ix >= 0 && ix < width;
      for (let i = 0; i < channels; i++) {
        const value = isInside ? (image[(iy * width + ix) * channels + i]! - mean[i]!) / std[i]! : 0;
        sum += value * kernel.data[((ky * columns + kx) * channels + i) * outputs + c]!;
      }
    }
  }
  return drive.scale * sum;
}

describe('the drive', () => {
  it('is, to the bit, the sum in plain numbers, rounded or not, for any shape, one after the other', () => {
    const size = fc.integer({ min: 1, max: 4 });
    const pad = fc.integer({ min: 0, max: 2 });
    const shapes = fc.record({
      image: fc.tuple(fc.integer({ min: 4, max: 9 }), fc.integer({ min: 4, max: 9 }), fc.integer({ min: 1, max: 4 })),
      kernel: fc.tuple(size, size),
      outputs: fc.integer({ min: 1, max: 19 }),
      stride: fc.tuple(size, size),
      padding: fc.record({ top: pad, bottom: pad, left: pad, right: pad }),
    });
    const numbers = fc.float({ min: -3, max: 3, noNaN: true });
    const filled = (count: number, values: readonly number[]) =>
      Float32Array.from({ length: count }, (_, k) => values[(k * 7 + (k >> 3)) % values.length]!);
    fc.assert(
      fc.property(
        shapes,
        fc.array(numbers, { minLength: 23, maxLength: 40 }),
        fc.nat(4),
        fc.integer({ min: 1, max: 4 }),
        (of, values, exponent, every) => {
          const channels = of.image[2];
          const shape = [...of.kernel, channels, of.outputs] as const;
          const drive = pixelDrive({
            inputShape: of.image,
            kernel: {
              shape,
              data: filled(shape[0] * shape[1] * channels * of.outputs, values.toReversed()).map((weight, k) => {
                return (Math.floor(k / of.outputs) + ((k % of.outputs) >> 3)) % every === 0 ? weight : 0;
              }),
            },
            bias: filled(of.outputs, values),
            mean: [0.1, 0.2, 0.3, 0.4].slice(0, channels),
            std: [0.3, 0.7, 1.1, 1.3].slice(0, channels),
            stride: of.stride,
            padding: of.padding,
            scale: 12.3,
          });
          const image = filled(of.image[0] * of.image[1] * channels, values);
          const [height, width] = drivenShape(drive);
          const plain: number[] = [];
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              for (let c = 0; c < of.outputs; c++) plain.push(plainCurrent(drive, image, y, x, c));
            }
          }
          expect([...driveCurrent(drive, image)]).toEqual(plain);
          const grid = { mantissaMax: 40, exponent };
          const mantissas = plain.map((value) => Math.round(Math.abs(value) / 2 ** exponent));
          expect(encodeDrive({ ...drive, grid }, image)).toEqual({
            current: Int32Array.from(
              mantissas,
              (mantissa, k) => Math.sign(plain[k]!) * Math.min(mantissa, 40) * 2 ** exponent,
            ),
            clamped: mantissas.filter((mantissa) => mantissa > 40).length,
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('normalises, convolves, adds the bias, scales and rounds', () => {
    // 2×2 image, 2×2 kernel, padding 1 at top and left, stride 2 → 1×1 windows at (−1, −1): only pixel (0, 0) is inside.
    // (0.75 − 0.5)/0.25 = 1; under kernel tap (1, 1) = 8; bias 0.25; scale 10: 10·(0.25 + 8) = 82.5 → 83 → grid of 4:
    // 82.5/4 = 20.625 → 21 → 84.
    const drive = pixelDrive({
      inputShape: [2, 2, 1],
      mean: [0.5],
      std: [0.25],
      kernel: { shape: [2, 2, 1, 1], data: Float32Array.of(1, 2, 4, 8) },
      bias: Float32Array.of(0.25),
      stride: [2, 2],
      padding: { ...noPadding, top: 1, left: 1 },
      scale: 10,
      grid: { mantissaMax: 100, exponent: 2 },
    });
    expect(drivenShape(drive)).toEqual([1, 1, 1]);
    expect(encodeDrive(drive, Float32Array.of(0.75, 0, 0, 1))).toEqual({ current: Int32Array.of(84), clamped: 0 });
  });

  it('orders outputs as rows, columns, channels', () => {
    // A 1×1 kernel from 2 to 2 channels: (a, b) → (a + 10b, 100a + 1000b), on pixels (1, 0) and (0, 1).
    const drive = pixelDrive({
      inputShape: [1, 2, 2],
      mean: [0, 0],
      std: [1, 1],
      kernel: { shape: [1, 1, 2, 2], data: Float32Array.of(1, 100, 10, 1000) },
      bias: Float32Array.of(0, 0),
    });
    expect([...encodeDrive(drive, Float32Array.of(1, 0, 0, 1)).current]).toEqual([1, 100, 10, 1000]);
  });

  it('rounds halves away from zero', () => {
    const round = (x: number): number =>
      encodeDrive(pixelDrive({ mean: [10] }), Float32Array.of(x + 10)).current[0]! + 0;
    expect([0.5, -0.5, 1.5, -1.5, 0.25, -0.25, 2.75].map(round)).toEqual([1, -1, 2, -2, 0, 0, 3]);
    // The largest number below ½: with ½ added it would be 1.
    const below = pixelDrive({ kernel: { shape: [1, 1, 1, 1], data: new Float32Array(1) }, scale: 0.5 - 2 ** -54 });
    expect(encodeDrive({ ...below, bias: Float32Array.of(1) }, Float32Array.of(0)).current).toEqual(Int32Array.of(0));
  });

  it('clamps to the grid and counts it', () => {
    // 1000·0.0625/8 = 7.8 rounds to 8 > 7; 1000·0.0576/8 = 7.2 rounds to 7.
    const drive = pixelDrive({ scale: 1000, grid: { mantissaMax: 7, exponent: 3 } });
    expect(encodeDrive(drive, Float32Array.of(1))).toEqual({ current: Int32Array.of(56), clamped: 1 });
    expect(encodeDrive(drive, Float32Array.of(-1))).toEqual({ current: Int32Array.of(-56), clamped: 1 });
    expect(encodeDrive(drive, Float32Array.of(0.0625)).clamped).toBe(1);
    expect(encodeDrive(drive, Float32Array.of(0.0576))).toEqual({ current: Int32Array.of(56), clamped: 0 });
    expect(encodeDrive(drive, Float32Array.of(Number.NEGATIVE_INFINITY))).toEqual({
      current: Int32Array.of(-56),
      clamped: 1,
    });
  });

  it('of several images is that of each, also in memory used before', () => {
    const kernel = { shape: [1, 1, 1, 3] as const, data: Float32Array.of(1, -2, 3) };
    const drives = [pixelDrive({}), pixelDrive({ kernel, bias: new Float32Array(3) })];
    const first = encodeImages(drives, Float32Array.of(5, 6, 7));
    expect(first.map((sample) => sample.map((current) => [...current]))).toEqual([
      [[5], [5, -10, 15]],
      [[6], [6, -12, 18]],
      [[7], [7, -14, 21]],
    ]);
    const again = encodeImages(drives, Float32Array.of(1, 2), first);
    expect(again).toEqual(encodeImages(drives, Float32Array.of(1, 2)));
    expect(again[1]).toBe(first[1]);
    expect(encodeImages(drives, Float32Array.of(1, 2, 3), again)).toEqual(
      encodeImages(drives, Float32Array.of(1, 2, 3)),
    );
  });

  it('negates when image, mean-free, and bias are negated', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 9, maxLength: 9 }),
        fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 8, maxLength: 8 }),
        (pixels, weights) => {
          const negate = (values: number[]): Float32Array => Float32Array.from(values, (value) => -value);
          const drive = pixelDrive({
            inputShape: [3, 3, 1],
            kernel: { shape: [2, 2, 1, 2], data: Float32Array.from(weights) },
            bias: Float32Array.from(weights.slice(0, 2)),
            padding: { top: 1, bottom: 0, left: 0, right: 1 },
            scale: 37.5,
            grid: { mantissaMax: 255, exponent: 1 },
          });
          const mirror = { ...drive, bias: negate([...drive.bias]) };
          const there = encodeDrive(drive, Float32Array.from(pixels));
          const back = encodeDrive(mirror, negate(pixels));
          expect(back.clamped).toBe(there.clamped);
          expect([...back.current].map((value) => 0 - value)).toEqual([...there.current]);
        },
      ),
    );
  });

  it('refuses an image of another shape and one that is not a number', () => {
    expect(() => encodeDrive(pixelDrive({}), new Float32Array(3))).toThrow(SpikewrightError);
    expect(() => encodeDrive(pixelDrive({}), Float32Array.of(Number.NaN))).toThrow(/SW5001.*\(0, 0, 0\)/);
    const three = pixelDrive({
      kernel: { shape: [1, 1, 1, 3], data: Float32Array.of(1, 0, 1) },
      bias: new Float32Array(3),
    });
    expect(() => encodeDrive(three, Float32Array.of(Number.POSITIVE_INFINITY))).toThrow(/SW5001.*\(0, 0, 1\)/);
    const one = pixelDrive({ inputShape: [1, 1, 4], mean: [0, 0, 0, 0], std: [1, 1, 1, 1] });
    const thin = { ...one, kernel: { shape: [1, 1, 4, 1] as const, data: Float32Array.of(0, 0, 7, 0) } };
    expect(encodeDrive(thin, Float32Array.of(1, 2, 3, 4)).current).toEqual(Int32Array.of(21));
    expect(() => encodeDrive(thin, Float32Array.of(1, 2, 3, Number.POSITIVE_INFINITY))).toThrow(/SW5001/);
    expect(() => encodeDrive(pixelDrive({ grid: null }), Float32Array.of(0))).toThrow(RangeError);
  });
});
