import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { readPngSheet } from '../../../runtime/data/png-sheet.js';

/** A PNG of 8-bit RGB whose rows are already filtered; checksums are left 0: the reader leaves them to zlib's own. */
function png(width: number, height: number, rows: Uint8Array): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 2], 8);
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const bytes = Buffer.alloc(data.length + 12);
    bytes.writeUInt32BE(data.length, 0);
    bytes.write(type, 4, 'latin1');
    bytes.set(data, 8);
    return bytes;
  };
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ]);
}

describe('a PNG sheet', () => {
  it('comes back as another encoder wrote it', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(
        sizes.chain(([width, height]) =>
          fc.tuple(
            fc.constant(width),
            fc.constant(height),
            fc.uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 }),
          ),
        ),
        ([width, height, data]) => {
          const file = encode({ width, height, data, channels: 3, depth: 8 });
          expect(readPngSheet(file, width, height, 'sheet')).toEqual(data);
        },
      ),
    );
  });

  it('undoes each of the five filters', () => {
    // One row of two pixels per filter; predictions worked out by hand from the row above and the pixel to the left.
    const rows = Uint8Array.from([
      // none: 10 20 30 | 40 50 60
      ...[0, 10, 20, 30, 40, 50, 60],
      // sub: second pixel = first + 5 each
      ...[1, 1, 2, 3, 5, 5, 5],
      // up: + the row above (1 2 3 | 6 7 8)
      ...[2, 1, 1, 1, 1, 1, 1],
      // average: + ⌊(left + above)/2⌋ over (2 3 4 | 7 8 9): first 0 + ⌊2/2⌋ = 1, 1, 2; second ⌊(1+7)/2⌋ = 4, ⌊(1+8)/2⌋ = 4, ⌊(2+9)/2⌋ = 5
      ...[3, 0, 0, 0, 0, 0, 0],
      // Paeth over (1 1 2 | 4 4 5), left 0 at first: predicts above 1 1 2, so 3 3 4 with 2 added; then left 3, above 4,
      // corner 1: 3 + 4 − 1 = 6 is nearest to 4; blue: left 4, above 5, corner 2: 7, nearest to 5
      ...[4, 2, 2, 2, 0, 0, 0],
    ]);
    expect([...readPngSheet(png(2, 5, rows), 2, 5, 'sheet')]).toEqual([
      ...[10, 20, 30, 40, 50, 60],
      ...[1, 2, 3, 6, 7, 8],
      ...[2, 3, 4, 7, 8, 9],
      ...[1, 1, 2, 4, 4, 5],
      ...[3, 3, 4, 4, 4, 5],
    ]);
  });

  it('that is cut short, garbled or of another size is refused, never read past its end', () => {
    const whole = png(3, 3, new Uint8Array(30));
    for (let length = 0; length < whole.length - 4; length += 1) {
      expect(() => readPngSheet(whole.subarray(0, length), 3, 3, 'sheet'), `cut to ${length} B`).toThrow(/SW4002/);
    }
    expect(() => readPngSheet(whole, 3, 4, 'sheet')).toThrow(/SW4002 sheet: it is not 3 × 4 pixels/);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(() => readPngSheet(noise, 3, 3, 'sheet')).toThrow(/SW4002/);
      }),
    );
  });

  it('whose data inflate to more than its size says is refused before they are held', () => {
    expect(() => readPngSheet(png(3, 3, new Uint8Array(50_000_000)), 3, 3, 'sheet')).toThrow(
      /SW4002 .*does not inflate/,
    );
    expect(() => readPngSheet(png(3, 3, new Uint8Array(29)), 3, 3, 'sheet')).toThrow(/SW4002 .*holds 29 B, 30 B/);
  });
});
