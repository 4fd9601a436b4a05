import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';
import { seededGenerator } from '../seed.js';

/** Random changes of training images that keep their class. */
export interface Augmentation {
  /** Pixels of black added on each side before a random crop to the old size, ≥ 0. */
  readonly crop: number;
  /** Mirror left to right with probability ½. */
  readonly flip: boolean;
  /** Side of a square filled with the mean colour at a random centre, in pixels; 0 for none. */
  readonly cutout: number;
  /** Enlarges a random part to the whole image, in place of `crop` and `cutout` (`resizedPart`). */
  readonly resizes: boolean;
}

/** Pad 4 and crop, flip: of finetuning and short training. */
export const cropAndFlip: Augmentation = { crop: 4, flip: true, cutout: 0, resizes: false };
/** The ANN baselines' (method: baselines). */
export const cropFlipAndCutout: Augmentation = { crop: 4, flip: true, cutout: 8, resizes: false };
/** Images as they are. */
export const noAugmentation: Augmentation = { crop: 0, flip: false, cutout: 0, resizes: false };
/** A random part enlarged, flip: of TinyImageNet. */
export const resizeAndFlip: Augmentation = { crop: 0, flip: true, cutout: 0, resizes: true };

/** What one image's draws depend on, so that they are the same in whatever batch the image comes. */
export interface AugmentationDraw {
  readonly seed: number;
  readonly epoch: number;
  /** Data set indices, one per image. */
  readonly indices: ArrayLike<number>;
}

/**
 * Augmented copies of `images` [N, H, W, C] in [0, 1]; `mean` [C] is the colour of cut-outs. A cut-out's centre is
 * uniform over the image, so that it may reach past the border.
 */
export function augment(
  images: Float32Array,
  shape: MapShape,
  mean: readonly number[],
  augmentation: Augmentation,
  { seed, epoch, indices }: AugmentationDraw,
): Float32Array {
  const { crop, flip, cutout, resizes } = augmentation;
  const [height, width, channels] = shape;
  const size = elementCount(shape);
  const augmented = new Float32Array(images.length);
  for (let n = 0; n < indices.length; n += 1) {
    const random = seededGenerator(seed, 'augment', epoch, indices[n]!);
    // Every draw is made whether used or not: one setting does not change what another draws.
    const down = uniformInt(random, 0, 2 * crop) - crop;
    const right = uniformInt(random, 0, 2 * crop) - crop;
    const mirrored = uniformInt(random, 0, 1) === 1 && flip;
    const centreY = uniformInt(random, 0, height - 1);
    const centreX = uniformInt(random, 0, width - 1);
    if (resizes) {
      const image = images.subarray(n * size, (n + 1) * size);
      resizedPart(image, shape, mirrored, random, augmented.subarray(n * size, (n + 1) * size));
      continue;
    }
    for (let y = 0; y < height; y += 1) {
      const sourceY = y + down;
      for (let x = 0; x < width; x += 1) {
        const sourceX = (mirrored ? width - 1 - x : x) + right;
        const target = n * size + (y * width + x) * channels;
        if (isCut(y - centreY, cutout) && isCut(x - centreX, cutout)) {
          for (let c = 0; c < channels; c += 1) augmented[target + c] = mean[c]!;
        } else if (sourceY >= 0 && sourceY < height && sourceX >= 0 && sourceX < width) {
          const source = n * size + (sourceY * width + sourceX) * channels;
          for (let c = 0; c < channels; c += 1) augmented[target + c] = images[source + c]!;
        }
      }
    }
  }
  return augmented;
}

/** The part of an image that is enlarged: its share of the area, its ratio of width to height, and how often one is drawn. */
const PART = { area: [0.08, 1], ratio: [3 / 4, 4 / 3], tries: 10 } as const;

/**
 * Draws a part of the image whose area and shape are random (Szegedy et al. 2015) and writes it into `to` at the size of
 * the whole, values between pixels being linear in both directions. Where no part drawn lies inside, it is the whole.
 */
function resizedPart(
  image: Float32Array,
  [height, width, channels]: MapShape,
  mirrored: boolean,
  random: RandomGenerator,
  to: Float32Array,
): void {
  const uniform = (low: number, high: number): number => low + (high - low) * uniformFloat32(random);
  let part = { top: 0, left: 0, rows: height, columns: width };
  for (let attempt = 0; attempt < PART.tries; attempt += 1) {
    const area = height * width * uniform(...PART.area);
    const ratio = Math.exp(uniform(Math.log(PART.ratio[0]), Math.log(PART.ratio[1])));
    const [rows, columns] = [Math.round(Math.sqrt(area / ratio)), Math.round(Math.sqrt(area * ratio))];
    if (rows < 1 || columns < 1 || rows > height || columns > width) continue;
    part = { top: uniformInt(random, 0, height - rows), left: uniformInt(random, 0, width - columns), rows, columns };
    break;
  }
  const { top, left, rows, columns } = part;
  const position = (k: number, extent: number, whole: number): number =>
    Math.min(extent - 1, Math.max(0, ((k + 0.5) * extent) / whole - 0.5));
  for (let y = 0, k = 0; y < height; y += 1) {
    const atY = position(y, rows, height);
    const y0 = Math.floor(atY);
    const y1 = Math.min(rows - 1, y0 + 1);
    for (let x = 0; x < width; x += 1) {
      const atX = position(mirrored ? width - 1 - x : x, columns, width);
      const x0 = Math.floor(atX);
      const x1 = Math.min(columns - 1, x0 + 1);
      for (let c = 0; c < channels; c += 1, k += 1) {
        const at = (row: number, column: number): number =>
          image[((top + row) * width + left + column) * channels + c]!;
        const upper = at(y0, x0) * (1 - (atX - x0)) + at(y0, x1) * (atX - x0);
        const lower = at(y1, x0) * (1 - (atX - x0)) + at(y1, x1) * (atX - x0);
        to[k] = upper * (1 - (atY - y0)) + lower * (atY - y0);
      }
    }
  }
}

/** True where `distance` from the centre lies in the `side` pixels around it (one more before than after if even). */
function isCut(distance: number, side: number): boolean {
  return distance >= -Math.floor(side / 2) && distance < Math.ceil(side / 2);
}

/** The numbers 0…count − 1 in the order of one epoch (Fisher–Yates, Durstenfeld 1964). */
export function shuffledIndices(count: number, seed: number, epoch: number): Uint32Array {
  const random = seededGenerator(seed, 'shuffle', epoch);
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const chosen = uniformInt(random, 0, last);
    const held = order[last]!;
    order[last] = order[chosen]!;
    order[chosen] = held;
  }
  return order;
}
