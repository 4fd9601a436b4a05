import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readMat } from '../../../runtime/data/mat.js';
import { openDataset } from '../../../runtime/data/open.js';
import { damaged, expectCode, expectDiagnosticOrValue, truncations } from '../../schemas/hostile.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-svhn-'));
afterAll(() => rmSync(folder, { recursive: true }));

const types = { int8: 1, uint8: 2, int32: 5, uint32: 6, double: 9, matrix: 14, compressed: 15 };

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A tag, the data and the bytes that fill them up to a multiple of 8. */
function element(kind: keyof typeof types, data: Uint8Array): Uint8Array {
  const tag = new Uint8Array(Uint32Array.of(types[kind], data.length).buffer);
  const fill = kind === 'compressed' ? 0 : (8 - (data.length % 8)) % 8;
  return joined(tag, data, new Uint8Array(fill));
}

function array(name: string, shape: readonly number[], values: Uint8Array | Float64Array): Uint8Array {
  const isBytes = values instanceof Uint8Array;
  return element(
    'matrix',
    joined(
      element('uint32', new Uint8Array(8)),
      element('int32', new Uint8Array(Int32Array.from(shape).buffer)),
      // Up to 4 bytes stand in the tag itself: size in its upper half.
      joined(Uint8Array.of(types.int8, 0, name.length, 0), new TextEncoder().encode(name.padEnd(4, '\0'))),
      element(isBytes ? 'uint8' : 'double', isBytes ? values : new Uint8Array(values.slice().buffer)),
    ),
  );
}

function file(...elements: readonly Uint8Array[]): Uint8Array {
  const header = new Uint8Array(128);
  header.set([0, 1, 0x49, 0x4d], 124);
  return joined(header, ...elements);
}

/** 2 images: the value at row y, column x, channel c of image n is y + 2·x + 50·c + 10·n, columns stored one by one. */
const pixels = Uint8Array.from({ length: 2 * 3072 }, (_, k) => {
  const [y, x, c, n] = [k % 32, Math.floor(k / 32) % 32, Math.floor(k / 1024) % 3, Math.floor(k / 3072)];
  return y + 2 * x + 50 * c + 10 * n;
});
const images = array('X', [32, 32, 3, 2], pixels);
const classes = array('y', [2, 1], Float64Array.of(10, 3));
const whole = file(element('compressed', deflateSync(images)), element('compressed', deflateSync(classes)));

function open(bytes: Uint8Array) {
  writeFileSync(join(folder, 'test_32x32.mat'), bytes);
  return openDataset('svhn', 'test', folder);
}

describe('SVHN', () => {
  it('is read compressed or not, columns turned into rows, class 10 into the digit 0', () => {
    for (const bytes of [whole, file(classes, images)]) {
      const data = open(bytes);
      expect([data.count, ...data.labels]).toEqual([2, 0, 3]);
      const second = data.images([1]);
      // Row 5, column 9, channel 2: 5 + 18 + 100 + 10 = 133.
      expect(second[(5 * 32 + 9) * 3 + 2]).toBe(Math.fround(133 / 255));
    }
  });

  it('with strange classes, shapes or without its arrays is refused', () => {
    const strange = file(images, array('y', [2, 1], Float64Array.of(1, 11)));
    expect(expectCode('SW4002', () => open(strange))).toContain('image 1: class 11');
    expectCode('SW4002', () => open(file(images)));
    expectCode('SW4002', () => open(file(classes, array('X', [3072, 2], pixels))));
    expectCode('SW4002', () => open(file(array('X', [32, 32, 3, 9], pixels), classes)));
    expectCode('SW4001', () => openDataset('svhn', 'train', folder));
    expectCode('SW4001', () => openDataset('svhn', 'test'));
  });
});

describe('a MAT-file', () => {
  it('cannot unfold beyond the bound', () => {
    const bomb = file(element('compressed', deflateSync(new Uint8Array(1_000_000))));
    expect(expectCode('SW4002', () => readMat(bomb, 1000, 'x'))).toContain('cannot be unfolded');
  });

  it('that is damaged gets diagnostics alone', () => {
    const small = file(element('compressed', deflateSync(classes)), classes);
    for (const bytes of [small, whole]) {
      for (const cut of truncations(bytes)) expectDiagnosticOrValue(() => readMat(cut, 1e6, 'x'));
    }
    fc.assert(
      fc.property(damaged(small), (bytes) => expectDiagnosticOrValue(() => readMat(bytes, 1e6, 'x'))),
      { numRuns: 3000 },
    );
  });
});
