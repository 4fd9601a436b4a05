import { join } from 'node:path';
import { failure } from '../../schemas/diagnostic.js';
import type { Dataset, Split } from './dataset.js';
import { byteDataset } from './dataset.js';
import { readDataFile } from './files.js';
import { readMat } from './mat.js';

const SIDE = 32;
const PLANE_BYTES = SIDE * SIDE;
const IMAGE_BYTES = 3 * PLANE_BYTES;
/** Images of the larger split, and room for its headers. */
const BYTES_MAX = 73_257 * (IMAGE_BYTES + 8) + 2 ** 20;

/**
 * SVHN's cropped digits (73,257 training, 26,032 test images, 32 × 32 RGB) from train_32x32.mat or test_32x32.mat in
 * `dataDir`: X [32, 32, 3, N] bytes, y [N, 1] classes from 1, where 10 is the digit 0. Throws SW4001 (missing) and SW4002
 * (damaged).
 */
export function openSvhn(split: Split, dataDir: string | undefined): Dataset {
  if (dataDir === undefined) {
    throw failure('SW4001', {
      where: `svhn, ${split} images`,
      what: 'no --data-dir was given',
      fix: 'Fetch train_32x32.mat and test_32x32.mat (http://ufldl.stanford.edu/housenumbers) and pass their folder as --data-dir.',
    });
  }
  const path = join(dataDir, `${split}_32x32.mat`);
  const arrays = readMat(readDataFile(path, BYTES_MAX), BYTES_MAX, path);
  const images = arrays.get('X');
  const classes = arrays.get('y');
  const count = images?.shape[3] ?? 0;
  if (
    images === undefined ||
    classes === undefined ||
    !(images.data instanceof Uint8Array) ||
    images.shape.join() !== [SIDE, SIDE, 3, count].join() ||
    classes.data.length !== count ||
    count === 0
  ) {
    throw failure('SW4002', { where: path, what: 'it has no bytes X of (32, 32, 3, N) with as many classes y' });
  }
  const labels = Uint8Array.from(classes.data, (value, n) => {
    if (!(Number.isInteger(value) && value >= 1 && value <= 10)) {
      throw failure('SW4002', { where: `${path}, image ${n}`, what: `class ${value}; those of SVHN are 1 to 10` });
    }
    return value % 10;
  });
  const pixels = rowsFastest(images.data);
  return byteDataset({
    name: 'svhn',
    split,
    classNames: Array.from({ length: 10 }, (_, digit) => String(digit)),
    shape: [SIDE, SIDE, 3],
    labels,
    order: 'chw',
    locate: (position) => ({ pixels, position }),
  });
}

/** Planes stored column by column, row by row instead. */
function rowsFastest(columns: Uint8Array): Uint8Array {
  const rows = new Uint8Array(columns.length);
  for (let plane = 0; plane < columns.length; plane += PLANE_BYTES) {
    for (let x = 0; x < SIDE; x += 1) {
      for (let y = 0; y < SIDE; y += 1) rows[plane + y * SIDE + x] = columns[plane + x * SIDE + y]!;
    }
  }
  return rows;
}
