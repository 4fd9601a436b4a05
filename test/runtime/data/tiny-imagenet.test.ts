import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { encode } from 'jpeg-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDataset } from '../../../runtime/data/open.js';
import { damaged, expectCode, expectDiagnosticOrValue } from '../../schemas/hostile.js';

const parent = mkdtempSync(join(tmpdir(), 'spikewright-tin-'));
const folder = join(parent, 'tiny-imagenet-200');
afterAll(() => rmSync(parent, { recursive: true }));

/** A JPEG of one colour. */
function jpeg(colour: readonly [number, number, number], side = 64): Uint8Array {
  const data = Uint8Array.from({ length: side * side * 4 }, (_, k) => [...colour, 255][k % 4]!);
  return encode({ width: side, height: side, data }, 95).data;
}

const train = (name: string, file: string) => join(folder, 'train', name, 'images', file);

beforeAll(() => {
  for (const name of ['n01', 'n02']) mkdirSync(join(folder, 'train', name, 'images'), { recursive: true });
  mkdirSync(join(folder, 'val', 'images'), { recursive: true });
  writeFileSync(join(folder, 'wnids.txt'), 'n02\nn01\n');
  writeFileSync(train('n02', 'n02_10.JPEG'), jpeg([200, 30, 90]));
  writeFileSync(train('n02', 'n02_2.JPEG'), jpeg([20, 180, 40]));
  writeFileSync(train('n01', 'n01_0.JPEG'), jpeg([0, 0, 255]));
  writeFileSync(join(folder, 'val', 'images', 'val_0.JPEG'), jpeg([120, 120, 120]));
  writeFileSync(join(folder, 'val', 'val_annotations.txt'), 'val_0.JPEG\tn01\t0\t0\t62\t62\n');
});

it('TinyImageNet is read by class, images in the order of their numbers', () => {
  for (const dir of [folder, parent]) {
    const data = openDataset('tinyimagenet', 'train', dir);
    expect([data.count, ...data.labels, ...data.shape]).toEqual([3, 0, 0, 1, 64, 64, 3]);
    const middle = data.images([1, 0, 2]);
    const colours = [0, 1, 2].map((n) => [...middle.subarray(n * 12288 + 6000, n * 12288 + 6003)]);
    for (const [n, wanted] of [
      [200, 30, 90],
      [20, 180, 40],
      [0, 0, 255],
    ].entries()) {
      // JPEG is off by a little.
      for (const [c, value] of wanted.entries()) expect(Math.abs(255 * colours[n]![c]! - value)).toBeLessThan(8);
    }
    const test = openDataset('tinyimagenet', 'test', dir);
    expect([test.count, ...test.labels]).toEqual([1, 1]);
    expect(255 * test.images([0])[77]!).toBeCloseTo(120, -1);
  }
});

it('a TinyImageNet that is not there, incomplete or strange is refused', () => {
  expect(expectCode('SW4001', () => openDataset('tinyimagenet', 'train'))).toContain('tiny-imagenet-200.zip');
  expectCode('SW4001', () => openDataset('tinyimagenet', 'train', join(parent, 'none')));
  writeFileSync(join(folder, 'val', 'val_annotations.txt'), 'val_0.JPEG\tn77\t0\t0\n');
  expect(expectCode('SW4002', () => openDataset('tinyimagenet', 'test', folder))).toContain('line 1');
  writeFileSync(join(folder, 'val', 'val_annotations.txt'), '../val_0.JPEG\tn01\n');
  expectCode('SW4002', () => openDataset('tinyimagenet', 'test', folder));
});

it('an image of another size or damaged is refused, and cannot ask for much memory', () => {
  const data = openDataset('tinyimagenet', 'train', folder);
  const sound = jpeg([20, 180, 40]);
  const read = (bytes: Uint8Array) => () => {
    writeFileSync(train('n02', 'n02_2.JPEG'), bytes);
    return data.images([0]);
  };
  expect(expectCode('SW4002', read(jpeg([1, 2, 3], 32)))).toContain('32 × 32');
  expectCode('SW4002', read(jpeg([1, 2, 3], 96)));
  expectCode('SW4002', read(new Uint8Array(40)));
  // The frame header (marker C0) claims 65,535 × 65,535 pixels.
  const huge = sound.slice();
  const frame = huge.findIndex((byte, k) => byte === 0xff && huge[k + 1] === 0xc0);
  huge.fill(0xff, frame + 5, frame + 9);
  expectCode('SW4002', read(huge));
  for (const cut of [2, 100, 300, sound.length - 40]) expectDiagnosticOrValue(read(sound.slice(0, cut)));
  fc.assert(
    fc.property(damaged(sound), (bytes) => expectDiagnosticOrValue(read(bytes))),
    { numRuns: 300 },
  );
});
