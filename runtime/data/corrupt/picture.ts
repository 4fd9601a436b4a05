import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** An image of any number of channels, [H, W, C], usually in [0, 1]. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float64Array;
}

/** Turns an image into a corrupted one; all that is random comes from `random`. `severity` runs from 0 (mildest) to 4. */
export type Corruption = (picture: Picture, severity: number, random: RandomGenerator) => Picture;

/** A picture of the same size; `value` gives each element from its index. */
export function filled(like: Picture, value: (index: number) => number): Picture {
  return { ...like, data: Float64Array.from(like.data, (_, k) => value(k)) };
}

/** Every value brought into [0, 1]. */
export function clipped(picture: Picture): Picture {
  return filled(picture, (k) => Math.min(1, Math.max(0, picture.data[k]!)));
}

/** An index outside [0, extent) reflected back: about the edge itself ('mirror'), or between pixels ('reflect'). */
function reflected(index: number, extent: number, how: 'mirror' | 'reflect'): number {
  if (extent === 1) return 0;
  const period = how === 'mirror' ? 2 * extent - 2 : 2 * extent;
  const within = ((index % period) + period) % period;
  if (within < extent) return within;
  return how === 'mirror' ? period - within : period - 1 - within;
}

/** A picture cross-correlated with a square kernel of odd side, mirrored about its edge pixels. */
export function convolved(picture: Picture, kernel: Float64Array): Picture {
  const { height, width, channels, data } = picture;
  const side = Math.sqrt(kernel.length);
  const reach = (side - 1) / 2;
  const result = new Float64Array(data.length);
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < channels; c += 1, to += 1) {
        let sum = 0;
        for (let ky = -reach, k = 0; ky <= reach; ky += 1) {
          const row = reflected(y + ky, height, 'mirror') * width;
          for (let kx = -reach; kx <= reach; kx += 1, k += 1) {
            const weight = kernel[k]!;
            if (weight !== 0) sum += weight * data[(row + reflected(x + kx, width, 'mirror')) * channels + c]!;
          }
        }
        result[to] = sum;
      }
    }
  }
  return { ...picture, data: result };
}

/** Samples of a Gaussian at −reach … reach, their sum 1. */
export function gaussianTaps(deviation: number, reach: number): Float64Array {
  const taps = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-((k - reach) ** 2) / (2 * deviation ** 2)),
  );
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

/** Smoothed by a Gaussian cut off after `truncate` deviations, edges as `edge` has it; as it is where the deviation is 0. */
export function smoothed(picture: Picture, deviation: number, truncate: number, edge: 'nearest' | 'reflect'): Picture {
  const reach = Math.floor(truncate * deviation + 0.5);
  if (reach === 0) return picture;
  const taps = gaussianTaps(deviation, reach);
  const { height, width, channels } = picture;
  const at = (index: number, extent: number): number =>
    edge === 'nearest' ? Math.min(extent - 1, Math.max(0, index)) : reflected(index, extent, 'reflect');
  const along = (source: Float64Array, isVertical: boolean): Float64Array =>
    source.map((_, k) => {
      const c = k % channels;
      const x = Math.floor(k / channels) % width;
      const y = Math.floor(k / (channels * width));
      let sum = 0;
      for (let d = -reach; d <= reach; d += 1) {
        const from = isVertical ? at(y + d, height) * width + x : y * width + at(x + d, width);
        sum += taps[d + reach]! * source[from * channels + c]!;
      }
      return sum;
    });
  return { ...picture, data: along(along(picture.data, true), false) };
}

/** The value between pixels, linear in both directions, edges as `how` has it. */
export function between(
  { height, width, channels, data }: Picture,
  y: number,
  x: number,
  c: number,
  how: 'mirror' | 'reflect',
): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [down, right] = [y - top, x - left];
  const at = (row: number, column: number): number =>
    data[(reflected(row, height, how) * width + reflected(column, width, how)) * channels + c]!;
  const upper = at(top, left) * (1 - right) + (right === 0 ? 0 : at(top, left + 1) * right);
  if (down === 0) return upper;
  const lower = at(top + 1, left) * (1 - right) + (right === 0 ? 0 : at(top + 1, left + 1) * right);
  return upper * (1 - down) + lower * down;
}

/** The middle of a square picture enlarged by `factor` ≥ 1, first and last pixels of the cut kept in place. */
export function zoomed(picture: Picture, factor: number): Picture {
  const { height, channels } = picture;
  const side = Math.ceil(height / factor);
  const first = (height - side) >> 1;
  const large = Math.round(side * factor);
  const trim = (large - height) >> 1;
  const step = large > 1 ? (side - 1) / (large - 1) : 0;
  return filled(picture, (k) => {
    const c = k % channels;
    const x = Math.floor(k / channels) % height;
    const y = Math.floor(k / (channels * height));
    return between(picture, first + (y + trim) * step, first + (x + trim) * step, c, 'mirror');
  });
}

/** Moved along a line of `radius`·2 + 1 pixels at `angle` degrees, later positions weighing less. */
export function motionBlurred(picture: Picture, radius: number, deviation: number, angle: number): Picture {
  const { height, width, channels, data } = picture;
  const taps = 2 * radius + 1;
  const weights = Float64Array.from({ length: taps }, (_, k) => Math.exp(-(k ** 2) / (2 * deviation ** 2)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const [down, right] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)];
  const offsets = Array.from(weights, (_, k) => [Math.ceil(k * down - 0.5), Math.ceil(k * right - 0.5)] as const);
  const within = (index: number, extent: number): number => Math.min(extent - 1, Math.max(0, index));
  return filled(picture, (k) => {
    const c = k % channels;
    const x = Math.floor(k / channels) % width;
    const y = Math.floor(k / (channels * width));
    let sum = 0;
    for (const [tap, [dy, dx]] of offsets.entries()) {
      sum += weights[tap]! * data[(within(y + dy, height) * width + within(x + dx, width)) * channels + c]!;
    }
    return sum / total;
  });
}
