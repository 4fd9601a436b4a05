import { seededGenerator } from '../../seed.js';
import { type corruptions, SEVERITIES } from '../corrupted.js';
import type { Dataset } from '../dataset.js';
import { defocusBlur, glassBlur, motionBlur, zoomBlur } from './blur.js';
import { contrast, elasticTransform, jpegCompression, pixelate } from './digital.js';
import { gaussianNoise, impulseNoise, shotNoise } from './noise.js';
import type { Corruption } from './picture.js';
import { brightness, fog, frost, snow } from './weather.js';

/**
 * The corruptions of Hendrycks and Dietterich 2019 with their constants for images of 32 × 32, written anew. They are not
 * the published images: random draws differ, motion and scaling round in other places, JPEG keeps all its colour, and
 * frost is grown where the published one is photographed.
 */
const byKind: Readonly<Record<(typeof corruptions)[number], Corruption>> = {
  gaussian_noise: gaussianNoise,
  shot_noise: shotNoise,
  impulse_noise: impulseNoise,
  defocus_blur: defocusBlur,
  glass_blur: glassBlur,
  motion_blur: motionBlur,
  zoom_blur: zoomBlur,
  snow,
  frost,
  fog,
  brightness,
  contrast,
  elastic_transform: elasticTransform,
  pixelate,
  jpeg_compression: jpegCompression,
};

/**
 * The data set with every image under one corruption of `severity` 1 to 5, rounded down to bytes as the published files
 * are. An image's draws depend on `seed`, kind, severity and its index alone.
 */
export function corrupted(clean: Dataset, kind: (typeof corruptions)[number], severity: number, seed: number): Dataset {
  const [height, width, channels] = clean.shape;
  const corrupt = byKind[kind];
  return {
    ...clean,
    images(indices) {
      const images = clean.images(indices);
      const size = height * width * channels;
      for (let n = 0; n < indices.length; n += 1) {
        const random = seededGenerator(seed, kind, severity, indices[n]!);
        const image = images.subarray(n * size, (n + 1) * size);
        const { data } = corrupt({ height, width, channels, data: Float64Array.from(image) }, severity - 1, random);
        // A hair more, so that a byte stays the byte that it is.
        image.set(data.map((value) => Math.floor(255 * value + 1e-6) / 255));
      }
      return images;
    },
  };
}

/** The data set under one corruption at each severity, mildest first. */
export function severities(clean: Dataset, kind: (typeof corruptions)[number], seed: number): readonly Dataset[] {
  return Array.from({ length: SEVERITIES }, (_, step) => corrupted(clean, kind, step + 1, seed));
}
