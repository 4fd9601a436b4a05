import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { duration } from '../../../runtime/duration.js';
import {
  countText,
  figureText,
  meanText,
  percentText,
  quantityText,
  shareText,
} from '../../../runtime/report/number-text.js';

/** With plain spaces. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ');

describe('quantities', () => {
  test.each([
    [0, 'J', '0 J'],
    [1, 's', '1.00 s'],
    [0.00596, 's', '5.96 ms'],
    [1.02e-3, 'J', '1.02 mJ'],
    [23.6e-12, 'J', '23.6 pJ'],
    [9.996e-4, 'J', '1.00 mJ'],
    [9.9949e-4, 'J', '999 µJ'],
    [5e-14, 'J', '0.0500 pJ'],
    [12_345, 's', '12,345 s'],
  ])('%d %s is "%s"', (value, unit, text) => {
    expect(plain(quantityText(value, unit))).toBe(text);
  });

  test('that nobody knows are unknown', () => {
    expect(quantityText(null, 'J')).toBe('unknown');
  });

  test('keep three figures', () => {
    const prefix: Record<string, number> = { '': 1, m: 1e-3, µ: 1e-6, n: 1e-9, p: 1e-12 };
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 900, noNaN: true }), (value) => {
        const [number = '', unit = ''] = plain(quantityText(value, 's')).split(' ');
        const read = Number(number) * prefix[unit.slice(0, -1)]!;
        expect(Math.abs(read - value) / value).toBeLessThanOrEqual(0.0051);
      }),
    );
  });
});

test('counts, means, shares and figures read as people write them', () => {
  expect(countText(61_440.4)).toBe('61,440');
  expect(meanText(0)).toBe('0.0');
  expect(meanText(4.56789)).toBe('4.57');
  expect(meanText(1536.25)).toBe('1,536.3');
  expect(meanText(61_440.25)).toBe('61,440');
  expect(plain(shareText(0.632))).toBe('63.2 %');
  expect(plain(percentText(6.4671))).toBe('6.47 %');
  expect(figureText(null)).toBe('–');
  expect(figureText(0.00000456789)).toBe('4.568e-6');
  expect(figureText(1234.5678)).toBe('1,235');
  expect(figureText(8_388_607)).toBe('8,388,607');
});

test.each([
  [0, '0.0 s'],
  [9.94, '9.9 s'],
  [9.95, '10 s'],
  [59.4, '59 s'],
  [59.5, '1 min 00 s'],
  [185, '3 min 05 s'],
  [7800, '2 h 10 min'],
])('%d s last "%s"', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
