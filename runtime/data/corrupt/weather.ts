import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { normal, uniform } from './draws.js';
import type { Corruption, Picture } from './picture.js';
import { clipped, filled, motionBlurred, smoothed, zoomed } from './picture.js';

/** Flakes that fall in one direction, over a picture grown paler. */
export const snow: Corruption = (picture, severity, random) => {
  const [mean, deviation, zoom, least, radius, blur, kept] = (
    [
      [0.1, 0.2, 1, 0.6, 8, 3, 0.95],
      [0.1, 0.2, 1, 0.5, 10, 4, 0.9],
      [0.15, 0.3, 1.75, 0.55, 10, 4, 0.9],
      [0.25, 0.3, 2.25, 0.6, 12, 6, 0.85],
      [0.3, 0.3, 1.25, 0.65, 14, 12, 0.8],
    ] as const
  )[severity]!;
  const { height, width, channels, data } = picture;
  const blank = { height, width, channels: 1, data: new Float64Array(height * width) };
  const flakes = zoomed(
    filled(blank, () => mean + deviation * normal(random)),
    zoom,
  );
  const bright = clipped(filled(flakes, (p) => (flakes.data[p]! < least ? 0 : flakes.data[p]!)));
  const falling = motionBlurred(bright, radius, blur, uniform(random, -135, -45)).data;
  const last = height * width - 1;
  return clipped(
    filled(picture, (k) => {
      const p = Math.floor(k / channels);
      const pale = Math.max(data[k]!, 1.5 * grey(picture, p) + 0.5);
      return kept * data[k]! + (1 - kept) * pale + falling[p]! + falling[last - p]!;
    }),
  );
};

function grey({ channels, data }: Picture, pixel: number): number {
  if (channels !== 3) return data[pixel * channels]!;
  return 0.299 * data[3 * pixel]! + 0.587 * data[3 * pixel + 1]! + 0.114 * data[3 * pixel + 2]!;
}

/**
 * Ice on the lens. The published files blend photographs of frost, which are not at hand: here needles of ice grow from
 * random points in the six directions of the crystal, with the published weights of picture and ice.
 */
export const frost: Corruption = (picture, severity, random) => {
  const [kept, ice] = (
    [
      [1, 0.2],
      [1, 0.3],
      [0.9, 0.4],
      [0.85, 0.4],
      [0.75, 0.45],
    ] as const
  )[severity]!;
  const { channels, data } = picture;
  const layer = needles(picture, random);
  return clipped(filled(picture, (k) => kept * data[k]! + ice * layer[Math.floor(k / channels)]!));
};

/** By pixel, how much ice there is, in [0, 1]. */
function needles({ height, width }: Picture, random: RandomGenerator): Float64Array {
  const ice = new Float64Array(height * width);
  const crystals = Math.ceil((height * width) / 64);
  for (let crystal = 0; crystal < crystals; crystal += 1) {
    const [y, x] = [uniform(random, 0, height), uniform(random, 0, width)];
    const turn = uniform(random, 0, Math.PI / 3);
    const length = uniform(random, 2, width / 3);
    for (let arm = 0; arm < 6; arm += 1) {
      const angle = turn + (arm * Math.PI) / 3;
      for (let step = 0; step < length; step += 0.5) {
        const [row, column] = [Math.floor(y + step * Math.sin(angle)), Math.floor(x + step * Math.cos(angle))];
        if (row < 0 || row >= height || column < 0 || column >= width) break;
        const at = row * width + column;
        ice[at] = Math.max(ice[at]!, 1 - (0.7 * step) / length);
      }
    }
  }
  const soft = smoothed({ height, width, channels: 1, data: ice }, 0.6, 4, 'nearest').data;
  // Ice is a pale haze with brighter needles.
  return soft.map((value) => Math.min(1, 0.35 + 0.65 * value));
}

/** Fog of uneven density: a fractal of plasma. */
export const fog: Corruption = (picture, severity, random) => {
  const [density, decay] = (
    [
      [0.2, 3],
      [0.5, 3],
      [0.75, 2.5],
      [1, 2],
      [1.5, 1.75],
    ] as const
  )[severity]!;
  const { height, width, channels, data } = picture;
  const side = 2 ** Math.ceil(Math.log2(Math.max(height, width)));
  const plasma = plasmaFractal(side, decay, random);
  const brightest = data.reduce((most, value) => Math.max(most, value), 0);
  return clipped(
    filled(picture, (k) => {
      const p = Math.floor(k / channels);
      const haze = plasma[Math.floor(p / width) * side + (p % width)]!;
      return ((data[k]! + density * haze) * brightest) / (brightest + density);
    }),
  );
};

/** A height map in [0, 1] that repeats at its edges, made by diamonds and squares (Fournier et al. 1982). */
export function plasmaFractal(side: number, decay: number, random: RandomGenerator): Float64Array {
  const map = new Float64Array(side * side);
  const at = (y: number, x: number): number => (y % side) * side + (x % side);
  let wibble = 100;
  for (let step = side; step >= 2; step /= 2) {
    const half = step / 2;
    const moved = (sum: number): number => sum / 4 + wibble * uniform(random, -wibble, wibble);
    for (let y = 0; y < side; y += step) {
      for (let x = 0; x < side; x += step) {
        const corners = map[at(y, x)]! + map[at(y + step, x)]! + map[at(y, x + step)]! + map[at(y + step, x + step)]!;
        map[at(y + half, x + half)] = moved(corners);
      }
    }
    for (let y = 0; y < side; y += half) {
      for (let x = (y / half) % 2 === 0 ? half : 0; x < side; x += step) {
        const ends = [at(y + half, x), at(y + side - half, x), at(y, x + half), at(y, x + side - half)];
        map[at(y, x)] = moved(ends.reduce((sum, end) => sum + map[end]!, 0));
      }
    }
    wibble /= decay;
  }
  const least = map.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const most = map.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  return map.map((value) => (value - least) / Math.max(most - least, Number.MIN_VALUE));
}

/** More light: the value of hue, saturation and value raised. */
export const brightness: Corruption = (picture, severity) => {
  const more = [0.05, 0.1, 0.15, 0.2, 0.3][severity]!;
  const { channels, data } = picture;
  return clipped(
    filled(picture, (k) => {
      const pixel = k - (k % channels);
      let value = 0;
      for (let c = 0; c < channels; c += 1) value = Math.max(value, data[pixel + c]!);
      // Hue and saturation stay: all channels grow in proportion; black turns grey.
      const raised = Math.min(1, value + more);
      return value === 0 ? raised : (data[k]! * raised) / value;
    }),
  );
};
