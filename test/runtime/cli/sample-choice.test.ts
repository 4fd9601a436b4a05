import { describe, expect, it } from 'vitest';
import { chooseSamples } from '../../../runtime/cli/sample-choice.js';

describe('the samples chosen', () => {
  it('are the first of the data set, or a range of it', () => {
    expect([...chooseSamples('3', 10, undefined)]).toEqual([0, 1, 2]);
    expect([...chooseSamples('99', 4, undefined)]).toEqual([0, 1, 2, 3]);
    expect([...chooseSamples('2:5', 10, undefined)]).toEqual([2, 3, 4]);
    expect([...chooseSamples('9:10', 10, undefined)]).toEqual([9]);
  });

  it('come, shuffled, from one order of all images, which the seed decides', () => {
    const all = chooseSamples('1000', 1000, 7);
    expect(new Set(all).size).toBe(1000);
    expect(all).not.toEqual(chooseSamples('1000', 1000, undefined));
    expect(all).not.toEqual(chooseSamples('1000', 1000, 8));
    expect(chooseSamples('100:200', 1000, 7)).toEqual(all.slice(100, 200));
  });

  it.each([
    '',
    '0',
    '5:5',
    '6:5',
    '5:11',
    '-1',
    '1:2:3',
    'all',
    '1e3',
    '4:',
  ])('are refused where “%s” names none', (text) => {
    expect(() => chooseSamples(text, 10, undefined)).toThrow(/SW6002 --samples/);
  });
});
