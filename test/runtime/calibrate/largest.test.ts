import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Largest } from '../../../runtime/calibrate/largest.js';

const plain = { scale: Float64Array.of(1), shift: Float64Array.of(0) };
const streams = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 400 });

describe('the largest values of a stream', () => {
  it('have the same smallest as a full sort, however many are kept', () => {
    fc.assert(
      fc.property(streams, fc.nat(), (values, pick) => {
        const capacity = 1 + (pick % values.length);
        const largest = new Largest(capacity);
        // In two parts, so that what is kept crosses calls.
        const half = Math.floor(values.length / 2);
        largest.offer(Float32Array.from(values.slice(0, half)), plain);
        largest.offer(Float32Array.from(values.slice(half)), plain);
        const sorted = Float32Array.from(values).sort();
        expect(largest.smallest()).toBe(sorted[values.length - capacity]! + 0);
      }),
    );
  });

  it('are of values scaled and shifted by their channel', () => {
    const largest = new Largest(2);
    // Channel 0: −2·x + 1 of 1, 3, 5 is −1, −5, −9; channel 1: x/2 of −100, −6, −200 is −50, −3, −100. Second: −3.
    const affine = { scale: Float64Array.of(-2, 0.5), shift: Float64Array.of(1, 0) };
    largest.offer(Float32Array.of(1, -100, 3, -6, 5, -200), affine);
    expect(largest.smallest()).toBe(-3);
  });

  it('cannot be told of a stream that is too short', () => {
    const largest = new Largest(3);
    largest.offer(Float32Array.of(1, 2), plain);
    expect(() => largest.smallest()).toThrow(RangeError);
  });
});
