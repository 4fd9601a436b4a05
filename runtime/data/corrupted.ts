import { join } from 'node:path';
import { failure } from '../../schemas/diagnostic.js';
import type { Dataset } from './dataset.js';
import { byteDataset } from './dataset.js';
import { readDataFile } from './files.js';
import { readNpy } from './npy.js';

/** The 15 corruptions of CIFAR-10-C and CIFAR-100-C (Hendrycks and Dietterich 2019), by the names of their files. */
export const corruptions = [
  'gaussian_noise',
  'shot_noise',
  'impulse_noise',
  'defocus_blur',
  'glass_blur',
  'motion_blur',
  'zoom_blur',
  'snow',
  'frost',
  'fog',
  'brightness',
  'contrast',
  'elastic_transform',
  'pixelate',
  'jpeg_compression',
] as const;

/** How strong a corruption is, from 1 on. */
export const SEVERITIES = 5;

const IMAGE_BYTES = 32 * 32 * 3;
/** The published files hold 50,000 images; headers are short. */
const FILE_BYTES_MAX = 50_000 * IMAGE_BYTES + 4096;

/**
 * The test images of a data set of 32 × 32 RGB images under one corruption, one Dataset per severity: the file
 * `${kind}.npy` [5·N, 32, 32, 3] in `folder` holds the severities one after the other, labels.npy their 5·N classes.
 * Throws SW4001 (missing) and SW4002 (damaged, or not of the clean set's classes).
 */
export function openCorrupted(folder: string, kind: (typeof corruptions)[number], clean: Dataset): readonly Dataset[] {
  const path = join(folder, `${kind}.npy`);
  const images = readNpy(readDataFile(path, FILE_BYTES_MAX), path);
  const labelPath = join(folder, 'labels.npy');
  const labels = readNpy(readDataFile(labelPath, FILE_BYTES_MAX), labelPath);
  const [total = 0, ...size] = images.shape;
  if (!(images.data instanceof Uint8Array) || size.join() !== '32,32,3' || total === 0 || total % SEVERITIES !== 0) {
    throw failure('SW4002', {
      where: path,
      what: `it holds (${images.shape.join(', ')}); bytes of (${SEVERITIES}·N, 32, 32, 3) were expected`,
    });
  }
  if (labels.shape.length !== 1 || labels.shape[0] !== total) {
    throw failure('SW4002', {
      where: labelPath,
      what: `it holds (${labels.shape.join(', ')}); (${total}) were expected`,
    });
  }
  const classes = Array.from<number | bigint, number>(labels.data, Number);
  const wrong = classes.findIndex((label) => !(label >= 0 && label < clean.classNames.length));
  if (wrong >= 0) {
    throw failure('SW4002', {
      where: `${labelPath}, image ${wrong}`,
      what: `label ${classes[wrong]}; ${clean.name} has ${clean.classNames.length} classes`,
    });
  }
  const pixels = images.data;
  const count = total / SEVERITIES;
  return Array.from({ length: SEVERITIES }, (_, severity) =>
    byteDataset({
      name: clean.name,
      split: 'test',
      classNames: clean.classNames,
      shape: [32, 32, 3],
      labels: Uint8Array.from(classes.slice(severity * count, (severity + 1) * count)),
      order: 'hwc',
      locate: (index) => ({ pixels, position: severity * count + index }),
    }),
  );
}
