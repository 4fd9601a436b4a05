import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { uniform } from './draws.js';
import type { Corruption } from './picture.js';
import { clipped, convolved, filled, gaussianTaps, motionBlurred, smoothed, zoomed } from './picture.js';

/** Out of focus: the mean over a disc with softened rim. */
export const defocusBlur: Corruption = (picture, severity) => {
  const [radius, soften] = (
    [
      [0.3, 0.4],
      [0.4, 0.5],
      [0.5, 0.6],
      [1, 0.2],
      [1.5, 0.1],
    ] as const
  )[severity]!;
  return clipped(convolved(picture, disc(radius, soften)));
};

/** A disc on a square of 17 pixels, smoothed by a Gaussian of 3 × 3; its sum is 1. */
function disc(radius: number, soften: number): Float64Array {
  const reach = 8;
  const side = 2 * reach + 1;
  const hard = Float64Array.from({ length: side * side }, (_, k) => {
    const [y, x] = [Math.floor(k / side) - reach, (k % side) - reach];
    return y * y + x * x <= radius * radius ? 1 : 0;
  });
  const sum = hard.reduce((total, value) => total + value, 0);
  const taps = gaussianTaps(soften, 1);
  const square = Float64Array.from({ length: 9 }, (_, k) => taps[Math.floor(k / 3)]! * taps[k % 3]!);
  return convolved({ height: side, width: side, channels: 1, data: hard.map((value) => value / sum) }, square).data;
}

/** Frosted glass: neighbours exchanged at random between two smoothings. */
export const glassBlur: Corruption = (picture, severity, random) => {
  const [deviation, reach, rounds] = (
    [
      [0.05, 1, 1],
      [0.25, 1, 1],
      [0.4, 1, 1],
      [0.25, 1, 2],
      [0.4, 1, 2],
    ] as const
  )[severity]!;
  const { height, width, channels } = picture;
  const data = smoothed(picture, deviation, 4, 'nearest').data.map((value) => Math.floor(255 * value) / 255);
  for (let round = 0; round < rounds; round += 1) {
    for (let y = height - reach; y > reach; y -= 1) {
      for (let x = width - reach; x > reach; x -= 1) {
        // The published code draws from {−reach, …, reach − 1}.
        const [dx, dy] = [uniformInt(random, -reach, reach - 1), uniformInt(random, -reach, reach - 1)];
        for (let c = 0; c < channels; c += 1) {
          const [here, there] = [(y * width + x) * channels + c, ((y + dy) * width + x + dx) * channels + c];
          [data[here], data[there]] = [data[there]!, data[here]!];
        }
      }
    }
  }
  return clipped(smoothed({ ...picture, data }, deviation, 4, 'nearest'));
};

/** The camera moved in a direction within 45° of the horizontal. */
export const motionBlur: Corruption = (picture, severity, random) => {
  const [radius, deviation] = (
    [
      [6, 1],
      [6, 1.5],
      [6, 2],
      [8, 2],
      [9, 2.5],
    ] as const
  )[severity]!;
  return clipped(motionBlurred(picture, radius, deviation, uniform(random, -45, 45)));
};

/** The camera moved towards the object: the mean over enlargements. */
export const zoomBlur: Corruption = (picture, severity) => {
  const steps = [6, 11, 16, 21, 26][severity]!;
  const sum = picture.data.slice();
  for (let step = 0; step < steps; step += 1) {
    const { data } = zoomed(picture, 1 + step / 100);
    for (let k = 0; k < sum.length; k += 1) sum[k]! += data[k]!;
  }
  return clipped(filled(picture, (k) => sum[k]! / (steps + 1)));
};
