import { decode, encode } from 'jpeg-js';
import { uniform } from './draws.js';
import type { Corruption, Picture } from './picture.js';
import { between, clipped, filled, smoothed } from './picture.js';

/** Every channel drawn towards its mean. */
export const contrast: Corruption = (picture, severity) => {
  const kept = [0.75, 0.5, 0.4, 0.3, 0.15][severity]!;
  const { channels, data } = picture;
  const pixels = data.length / channels;
  const means = Array.from({ length: channels }, (_, c) =>
    data.reduce((sum, value, k) => (k % channels === c ? sum + value / pixels : sum), 0),
  );
  return clipped(filled(picture, (k) => (data[k]! - means[k % channels]!) * kept + means[k % channels]!));
};

/** Stretched like rubber: an affine map that moves three points, then every pixel by a smooth random field. */
export const elasticTransform: Corruption = (picture, severity, random) => {
  const { height, width, channels } = picture;
  const side = Math.min(height, width);
  const [strength, smooth, shift] = (
    [
      [0, 0, 0.08],
      [0.05, 0.2, 0.07],
      [0.08, 0.06, 0.06],
      [0.1, 0.04, 0.05],
      [0.1, 0.03, 0.03],
    ] as const
  )[severity]!.map((share) => share * side) as [number, number, number];
  const [middleY, middleX, arm] = [Math.floor(height / 2), Math.floor(width / 2), Math.floor(side / 3)];
  const from = [
    [middleX + arm, middleY + arm],
    [middleX + arm, middleY - arm],
    [middleX - arm, middleY - arm],
  ] as const;
  const to = from.map(([x, y]) => [x + uniform(random, -shift, shift), y + uniform(random, -shift, shift)] as const);
  const back = affine(to, from);
  const moved = filled(picture, (k) => {
    const c = k % channels;
    const x = Math.floor(k / channels) % width;
    const y = Math.floor(k / (channels * width));
    return between(picture, back[3] * x + back[4] * y + back[5], back[0] * x + back[1] * y + back[2], c, 'mirror');
  });
  const field = (): Float64Array => {
    const blank = { height, width, channels: 1, data: new Float64Array(height * width) };
    return smoothed(
      filled(blank, () => uniform(random, -1, 1)),
      smooth,
      3,
      'reflect',
    ).data;
  };
  const [right, down] = [field(), field()];
  return clipped(
    filled(moved, (k) => {
      const p = Math.floor(k / channels);
      const [x, y] = [p % width, Math.floor(p / width)];
      return between(moved, y + strength * down[p]!, x + strength * right[p]!, k % channels, 'reflect');
    }),
  );
};

type Point = readonly [number, number];

/** [a, b, c, d, e, f] with x′ = a·x + b·y + c and y′ = d·x + e·y + f that takes three points to three others. */
function affine(
  from: readonly Point[],
  to: readonly Point[],
): readonly [number, number, number, number, number, number] {
  const [[x0, y0], [x1, y1], [x2, y2]] = from as [Point, Point, Point];
  const area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
  const solve = (axis: 0 | 1): [number, number, number] => {
    const [v0, v1, v2] = to.map((point) => point[axis]) as [number, number, number];
    const a = ((v1 - v0) * (y2 - y0) - (v2 - v0) * (y1 - y0)) / area;
    const b = ((v2 - v0) * (x1 - x0) - (v1 - v0) * (x2 - x0)) / area;
    return [a, b, v0 - a * x0 - b * y0];
  };
  return [...solve(0), ...solve(1)];
}

/** Shown with fewer pixels: means over boxes, and back. */
export const pixelate: Corruption = (picture, severity) => {
  const share = [0.95, 0.9, 0.85, 0.75, 0.65][severity]!;
  const [height, width] = [Math.floor(picture.height * share), Math.floor(picture.width * share)];
  return resized(resized(picture, height, width), picture.height, picture.width);
};

/** Every pixel the mean over its box in the source, pixels whose middle lies in it weighing the same. */
function resized(picture: Picture, height: number, width: number): Picture {
  const { channels, data } = picture;
  const rows = boxes(picture.height, height);
  const columns = boxes(picture.width, width);
  const result = new Float64Array(height * width * channels);
  for (let y = 0, k = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < channels; c += 1, k += 1) {
        let sum = 0;
        const [row, column] = [rows[y]!, columns[x]!];
        for (const j of row) for (const i of column) sum += data[(j * picture.width + i) * channels + c]!;
        result[k] = sum / (row.length * column.length);
      }
    }
  }
  return { height, width, channels, data: result };
}

/** For each of `to` pixels in a row those of `from` that it is the mean of. */
function boxes(from: number, to: number): readonly (readonly number[])[] {
  const scale = from / to;
  // Where the picture grows, a box is a pixel wide.
  const support = Math.max(scale, 1) / 2;
  return Array.from({ length: to }, (_, k) => {
    const centre = (k + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const end = Math.min(from, Math.floor(centre + support + 0.5));
    return Array.from({ length: Math.max(1, end - first) }, (_, i) => Math.min(from - 1, first + i));
  });
}

/** Stored as JPEG of low quality. */
export const jpegCompression: Corruption = (picture, severity) => {
  const quality = [80, 65, 58, 50, 40][severity]!;
  const { height, width, channels, data } = picture;
  const pixels = new Uint8Array(4 * height * width).fill(255);
  for (let p = 0; p < height * width; p += 1) {
    for (let c = 0; c < 3; c += 1) pixels[4 * p + c] = Math.round(255 * data[p * channels + (c % channels)]!);
  }
  const { data: stored } = encode({ width, height, data: pixels }, quality);
  const restored = decode(stored, { useTArray: true, maxMemoryUsageInMB: 64 }).data;
  return filled(picture, (k) => restored[4 * Math.floor(k / channels) + (k % channels)]! / 255);
};
