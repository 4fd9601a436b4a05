import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openCorrupted } from '../../../runtime/data/corrupted.js';
import { byteDataset } from '../../../runtime/data/dataset.js';
import { readNpy } from '../../../runtime/data/npy.js';
import { damaged, expectCode, expectDiagnosticOrValue, truncations } from '../../schemas/hostile.js';
import { npy } from './npy-builder.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-corrupted-'));
afterAll(() => rmSync(folder, { recursive: true }));

const clean = byteDataset({
  name: 'cifar10',
  split: 'test',
  classNames: Array.from({ length: 10 }, (_, label) => String(label)),
  shape: [32, 32, 3],
  labels: new Uint8Array(0),
  order: 'hwc',
  locate: (position) => ({ pixels: new Uint8Array(0), position }),
});

/** 5 severities of 2 images; every byte of image n is n. */
const total = 10;
const pixels = Uint8Array.from({ length: total * 3072 }, (_, k) => Math.floor(k / 3072));
const labels = BigInt64Array.from({ length: total }, (_, n) => BigInt(n % 2));

beforeEach(() => {
  writeFileSync(join(folder, 'fog.npy'), npy('|u1', [total, 32, 32, 3], pixels));
  writeFileSync(join(folder, 'labels.npy'), npy('<i8', [total], new Uint8Array(labels.buffer)));
});

describe('corrupted images', () => {
  it('come by severity, each with its own part of the file', () => {
    const sets = openCorrupted(folder, 'fog', clean);
    expect(sets.map(({ count }) => count)).toEqual([2, 2, 2, 2, 2]);
    expect([...sets[3]!.labels]).toEqual([0, 1]);
    // The second image of severity 4 is number 3·2 + 1 of the file.
    expect(sets[3]!.images([1])[100]).toBe(Math.fround(7 / 255));
  });

  it('with labels out of range or of another number, or of another shape, are refused', () => {
    writeFileSync(join(folder, 'labels.npy'), npy('|u1', [total], new Uint8Array(total).fill(10)));
    expect(expectCode('SW4002', () => openCorrupted(folder, 'fog', clean))).toContain('image 0: label 10');
    writeFileSync(join(folder, 'labels.npy'), npy('|u1', [4], new Uint8Array(4)));
    expect(expectCode('SW4002', () => openCorrupted(folder, 'fog', clean))).toContain('(10) were expected');
    writeFileSync(join(folder, 'fog.npy'), npy('|u1', [2, 32, 32, 3], new Uint8Array(2 * 3072)));
    expect(expectCode('SW4002', () => openCorrupted(folder, 'fog', clean))).toContain('(2, 32, 32, 3)');
    expectCode('SW4001', () => openCorrupted(folder, 'snow', clean));
  });
});

describe('a .npy file', () => {
  it('is read in either header version and each type', () => {
    const words = new Uint8Array(Int32Array.of(-1, 7).buffer);
    expect(readNpy(npy('<i4', [2], words), 'x')).toEqual({ shape: [2], data: Int32Array.of(-1, 7) });
    expect(readNpy(npy('|u1', [2, 1], Uint8Array.of(3, 4), 2), 'x')).toEqual({
      shape: [2, 1],
      data: Uint8Array.of(3, 4),
    });
    expect(readNpy(npy('|u1', [], Uint8Array.of(3)), 'x').shape).toEqual([]);
  });

  it('of other types, orders and sizes is refused', () => {
    expect(expectCode('SW4002', () => readNpy(npy('<f4', [1], new Uint8Array(4)), 'x'))).toContain('<f4');
    expect(expectCode('SW4002', () => readNpy(npy('|O', [1], new Uint8Array(4)), 'x'))).toContain('|O');
    expect(expectCode('SW4002', () => readNpy(npy('|u1', [5], new Uint8Array(4)), 'x'))).toContain(
      'needs 5 B, 4 B follow',
    );
    expectCode('SW4002', () => readNpy(npy('|u1', [2 ** 40, 2 ** 40], new Uint8Array(4)), 'x'));
  });

  it('that is damaged gets diagnostics alone', () => {
    const file = npy('<i8', [total], new Uint8Array(labels.buffer));
    for (const cut of truncations(file)) expectDiagnosticOrValue(() => readNpy(cut, 'x'));
    fc.assert(
      fc.property(damaged(file), (bytes) => expectDiagnosticOrValue(() => readNpy(bytes, 'x'))),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => expectDiagnosticOrValue(() => readNpy(bytes, 'x'))),
    );
  });
});
