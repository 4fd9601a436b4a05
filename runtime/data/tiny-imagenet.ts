import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'jpeg-js';
import { failure } from '../../schemas/diagnostic.js';
import type { Dataset, Split } from './dataset.js';
import { byteDataset } from './dataset.js';
import { readDataFile } from './files.js';

const SIDE = 64;
const shape = [SIDE, SIDE, 3] as const;
const CLASSES = 200;
/** Far more than 64 × 64 pixels take. */
const FILE_BYTES_MAX = 2 ** 20;
const LIST_BYTES_MAX = 2 ** 22;
const IMAGES_MAX = 200_000;
/** Bounds of the decoder: 64 × 64 pixels, and memory that they cannot need. */
const decoding = {
  useTArray: true,
  formatAsRGBA: false,
  tolerantDecoding: false,
  maxResolutionInMP: (SIDE * SIDE) / 1e6,
  maxMemoryUsageInMB: 16,
} as const;

/**
 * TinyImageNet (100,000 training, 10,000 validation images of 200 classes, 64 × 64 RGB) from the folder tiny-imagenet-200 or
 * its parent: wnids.txt with the classes, train/CLASS/images/*.JPEG, val/images and val/val_annotations.txt. `test` is the
 * validation set, since the test set has no labels. An image is decoded when it is asked for.
 * Throws SW4001 (missing) and SW4002 (damaged).
 */
export function openTinyImageNet(split: Split, dataDir: string | undefined): Dataset {
  if (dataDir === undefined) {
    throw failure('SW4001', {
      where: `tinyimagenet, ${split} images`,
      what: 'no --data-dir was given',
      fix: 'Unpack tiny-imagenet-200.zip (http://cs231n.stanford.edu) and pass its folder as --data-dir.',
    });
  }
  const folder = readList(join(dataDir, 'wnids.txt'), join(dataDir, 'tiny-imagenet-200', 'wnids.txt'));
  const classNames = folder.lines;
  if (classNames.length < 2 || classNames.length > CLASSES || !classNames.every((name) => /^\w+$/.test(name))) {
    throw failure('SW4002', { where: folder.path, what: `it is no list of 2 to ${CLASSES} classes` });
  }
  const images =
    split === 'train' ? trainingFiles(folder.folder, classNames) : validationFiles(folder.folder, classNames);
  return byteDataset({
    name: 'tinyimagenet',
    split,
    classNames,
    shape,
    labels: Uint8Array.from(images, ({ label }) => label),
    order: 'hwc',
    locate: (index) => ({ pixels: readImage(images[index]!.path), position: 0 }),
  });
}

interface ImageFile {
  readonly path: string;
  readonly label: number;
}

/** The lines of the first file that is there. */
function readList(...paths: readonly string[]): { path: string; folder: string; lines: readonly string[] } {
  let missing: unknown;
  for (const path of paths) {
    try {
      const text = new TextDecoder().decode(readDataFile(path, LIST_BYTES_MAX));
      return { path, folder: join(path, '..'), lines: text.split(/\r?\n/).filter((line) => line !== '') };
    } catch (error) {
      missing ??= error;
    }
  }
  throw missing;
}

function trainingFiles(folder: string, classNames: readonly string[]): readonly ImageFile[] {
  return classNames.flatMap((name, label) => {
    const images = join(folder, 'train', name, 'images');
    let files: string[];
    try {
      files = readdirSync(images);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw failure('SW4001', { where: images, what: `cannot be read (${reason})` }, { cause: error });
    }
    const named = files.filter((file) => /\.jpe?g$/i.test(file)).sort(byNumber);
    if (named.length > IMAGES_MAX) throw failure('SW4002', { where: images, what: `it has ${named.length} images` });
    return named.map((file) => ({ path: join(images, file), label }));
  });
}

/** n01443537_2.JPEG before n01443537_10.JPEG. */
function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

/** One line per image: file, class and the object's box, parted by tabs. */
function validationFiles(folder: string, classNames: readonly string[]): readonly ImageFile[] {
  const { path, lines } = readList(join(folder, 'val', 'val_annotations.txt'));
  const labels = new Map(classNames.map((name, label) => [name, label]));
  return lines.map((line, number) => {
    const [file = '', name = ''] = line.split('\t');
    const label = labels.get(name);
    if (label === undefined || !/^[\w.-]+\.jpe?g$/i.test(file)) {
      throw failure('SW4002', {
        where: `${path}, line ${number + 1}`,
        what: `“${line.slice(0, 64)}” names no image of a known class`,
      });
    }
    return { path: join(folder, 'val', 'images', file), label };
  });
}

/** The pixels [64, 64, 3] of a JPEG file. */
function readImage(path: string): Uint8Array {
  const bytes = readDataFile(path, FILE_BYTES_MAX);
  let image: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  try {
    image = decode(bytes, decoding);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw failure(
      'SW4002',
      { where: path, what: `it is no sound JPEG of ${SIDE} × ${SIDE} pixels (${reason})` },
      { cause: error },
    );
  }
  if (image.width !== SIDE || image.height !== SIDE) {
    throw failure('SW4002', {
      where: path,
      what: `it has ${image.width} × ${image.height} pixels; ${SIDE} × ${SIDE} were expected`,
    });
  }
  return image.data;
}
