import type { MapShape } from '../../schemas/tensor.js';

/** The training images, or those held back. */
export type Split = 'train' | 'test';

/** Labelled images, addressed by index in [0, count). */
export interface Dataset {
  /** The name it is opened by, e.g. 'cifar10'. */
  readonly name: string;
  readonly split: Split;
  /** The name of each class; its length is the number of classes. */
  readonly classNames: readonly string[];
  readonly shape: MapShape;
  readonly count: number;
  /** The class of each image, in [0, classNames.length). */
  readonly labels: Uint8Array;
  /**
   * Pixels in [0, 1], [N, H, W, C], in the order of `indices`. Reads from disk when first needed.
   * Throws SW4001…SW4003 where the file behind an image is missing or damaged, and a RangeError on an index outside
   * [0, count).
   */
  images(indices: ArrayLike<number>): Float32Array;
}

/** Where the bytes of an image lie: `pixels` [.., H, W, C] or [.., C, H, W], one byte each, image `position` of it. */
export interface PixelBlock {
  readonly pixels: Uint8Array;
  readonly position: number;
}

/**
 * A Dataset over bytes: `locate` gives the block that holds an image; `order` how its bytes are laid out.
 */
export function byteDataset(parts: {
  readonly name: string;
  readonly split: Split;
  readonly classNames: readonly string[];
  readonly shape: MapShape;
  readonly labels: Uint8Array;
  readonly order: 'hwc' | 'chw';
  readonly locate: (index: number) => PixelBlock;
}): Dataset {
  const { shape, labels, order, locate } = parts;
  const [height, width, channels] = shape;
  const plane = height * width;
  const size = plane * channels;
  return {
    name: parts.name,
    split: parts.split,
    classNames: parts.classNames,
    shape,
    count: labels.length,
    labels,
    images(indices) {
      const images = new Float32Array(indices.length * size);
      for (let n = 0; n < indices.length; n += 1) {
        const index = indices[n]!;
        if (!(index >= 0 && index < labels.length)) {
          throw new RangeError(`image ${index} of ${parts.name} ${parts.split}, which has ${labels.length}`);
        }
        const { pixels, position } = locate(index);
        const source = position * size;
        const target = n * size;
        if (order === 'hwc') {
          for (let k = 0; k < size; k += 1) images[target + k] = pixels[source + k]! / 255;
        } else {
          for (let c = 0; c < channels; c += 1) {
            for (let p = 0; p < plane; p += 1) {
              images[target + p * channels + c] = pixels[source + c * plane + p]! / 255;
            }
          }
        }
      }
      return images;
    },
  };
}

/** The labels of the images at `indices`. */
export function labelsOf(dataset: Dataset, indices: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(indices, (index) => dataset.labels[index]!);
}
