import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectToHyperplane } from '../../../runtime/attack/hyperplane.js';

const value = fc.double({ min: 0, max: 1, noNaN: true });
const weight = fc.oneof(fc.double({ min: -3, max: 3, noNaN: true }), fc.constant(0));
const scenes = fc.record({
  pixels: fc.array(fc.tuple(value, weight), { minLength: 1, maxLength: 8 }),
  offset: fc.double({ min: -6, max: 6, noNaN: true }),
});

describe('the projection to a hyperplane within the box', () => {
  it('reaches the plane, or the corner nearest to it, by the least largest change', () => {
    fc.assert(
      fc.property(scenes, ({ pixels, offset }) => {
        const point = Float32Array.from(pixels, ([x]) => x);
        const normal = Float32Array.from(pixels, ([, w]) => w);
        const found = projectToHyperplane(point, normal, offset);
        const dot = (x: ArrayLike<number>): number => normal.reduce((sum, w, k) => sum + w * x[k]!, 0);
        const way = Math.sign(offset - dot(point));
        /** As far towards the plane as a change of `distance` brings the sum. */
        const reach = (distance: number): number =>
          dot(point.map((x, k) => Math.min(1, Math.max(0, x + way * Math.sign(normal[k]!) * distance))));
        for (const x of found) expect(x >= 0 && x <= 1).toBe(true);
        const change = found.reduce((most, x, k) => Math.max(most, Math.abs(x - point[k]!)), 0);
        if (way * (reach(1) - offset) < 0) expect(dot(found)).toBeCloseTo(reach(1), 4);
        else expect(dot(found)).toBeCloseTo(offset, 4);
        // A smaller change falls short of what was reached.
        if (change > 1e-4) expect(way * (dot(found) - reach(change - 1e-4))).toBeGreaterThan(-1e-6);
      }),
    );
  });

  it('moves every value alike until a bound stops it', () => {
    // From (0.5, 0.9) to x + y = 1.8: 0.1 each would do with room for both, and does: (0.7, 1) needs 0.2 of the first.
    expect([...projectToHyperplane(Float32Array.of(0.5, 0.5), Float32Array.of(1, 1), 1.2)]).toEqual([
      Math.fround(0.6),
      Math.fround(0.6),
    ]);
    const stopped = projectToHyperplane(Float32Array.of(0.5, 0.9), Float32Array.of(1, 1), 1.7);
    expect(stopped[0]).toBeCloseTo(0.7, 6);
    expect(stopped[1]).toBeCloseTo(1, 6);
  });
});
