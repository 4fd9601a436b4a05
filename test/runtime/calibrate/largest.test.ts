import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Largest } from '../../../runtime/calibrate/largest.js';

const streams = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 400 });

describe('the largest values of a stream', () => {
  it('have the same smallest as a full sort, however many are kept', () => {
    fc.assert(
      fc.property(streams, fc.nat(), (values, pick) => {
        const capacity = 1 + (pick % values.length);
        const largest = new Largest(capacity);
        // In two parts, so that what is kept crosses calls.
        const half = Math.floor(values.length / 2);
        largest.offer(Float32Array.from(values.slice(0, half)), 0, 1, 1, 0);
        largest.offer(Float32Array.from(values.slice(half)), 0, 1, 1, 0);
        const sorted = Float32Array.from(values).sort();
        expect(largest.smallest()).toBe(sorted[values.length - capacity]! + 0);
      }),
    );
  });

  it('are of every stride-th value, scaled and shifted', () => {
    const largest = new Largest(2);
    // Values 1, 3, 5 of channel 0 become −2·x + 1: −1, −5, −9; the second largest is −5.
    largest.offer(Float32Array.of(1, 100, 3, 200, 5, 300), 0, 2, -2, 1);
    expect(largest.smallest()).toBe(-5);
  });

  it('cannot be told of a stream that is too short', () => {
    const largest = new Largest(3);
    largest.offer(Float32Array.of(1, 2), 0, 1, 1, 0);
    expect(() => largest.smallest()).toThrow(RangeError);
  });
});
