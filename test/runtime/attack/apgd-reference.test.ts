import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Climb } from '../../../runtime/attack/apgd.js';
import { crossEntropyLoss } from '../../../runtime/attack/logit-loss.js';

/** A hill: f(x) = −Σ slope·(x − top)², and its gradient. */
interface Hill {
  readonly slope: readonly number[];
  readonly top: readonly number[];
}

const height = ({ slope, top }: Hill, x: readonly number[]): number =>
  -x.reduce((sum, value, k) => sum + slope[k]! * (value - top[k]!) ** 2, 0);
const ascent = ({ slope, top }: Hill, x: readonly number[]): number[] =>
  x.map((value, k) => 2 * slope[k]! * (top[k]! - value));

/**
 * Auto-PGD as its authors' program runs it, written down from the paper's algorithm 1 with the program's whole-numbered
 * periods: all points visited in N steps, rounded to single precision as images are.
 */
function reference(hill: Hill, start: readonly number[], epsilon: number, N: number): number[][] {
  const into = (x: readonly number[]): number[] =>
    x.map((value, k) => {
      return Math.fround(Math.min(1, start[k]! + epsilon, Math.max(0, start[k]! - epsilon, Math.fround(value))));
    });
  const move = (x: readonly number[], step: number): number[] => {
    const g = ascent(hill, x);
    return into(x.map((value, k) => value + step * Math.sign(g[k]!)));
  };
  let period = Math.max(1, Math.floor(0.22 * N));
  let step = 2 * epsilon;
  let before = [...start];
  let x = [...start];
  let best = { x, f: height(hill, x) };
  const losses = [best.f];
  const visited = [x];
  let [since, halved, bestThen] = [0, true, best.f];
  for (let k = 0; k < N; k += 1) {
    const z = move(x, step);
    const a = k === 0 ? 1 : 0.75;
    const next = into(x.map((value, i) => value + a * (z[i]! - value) + (1 - a) * (value - before[i]!)));
    [before, x] = [x, next];
    visited.push(x);
    losses.push(height(hill, x));
    if (losses.at(-1)! > best.f) best = { x, f: losses.at(-1)! };
    since += 1;
    if (since < period) continue;
    // Rises among the last `period` steps, each against the loss at the point that the step set out from.
    let rises = 0;
    for (let i = losses.length - period; i < losses.length; i += 1) if (losses[i]! > losses[i - 1]!) rises += 1;
    const isStuck = rises <= 0.75 * period || (!halved && bestThen >= best.f);
    halved = isStuck;
    bestThen = best.f;
    if (isStuck) {
      step /= 2;
      x = best.x;
      losses[losses.length - 1] = best.f;
    }
    since = 0;
    period = Math.max(period - Math.max(1, Math.floor(0.03 * N)), Math.floor(0.06 * N), 1);
  }
  return visited;
}

const inside = fc.integer({ min: 0, max: 997 }).map((k) => k / 997);
const scene = fc.record({
  slope: fc.tuple(...[0, 1, 2].map(() => fc.double({ min: 0.1, max: 3, noNaN: true }))),
  top: fc.tuple(inside, inside, inside),
  start: fc.tuple(inside, inside, inside),
  epsilon: fc.double({ min: 0.05, max: 0.5, noNaN: true }),
  steps: fc.integer({ min: 1, max: 60 }),
});

it('auto-PGD visits the points of an independent implementation, and comes near the top of a hill', () => {
  fc.assert(
    fc.property(scene, ({ slope, top, start, epsilon, steps }) => {
      const hill = { slope, top };
      const original = Float32Array.from(start);
      const climb = new Climb(0, 0, crossEntropyLoss, original, original, epsilon, steps);
      const wanted = reference(hill, [...original], epsilon, steps);
      for (let step = 0; step <= steps; step += 1) {
        for (const [k, value] of climb.current.entries()) expect(value).toBeCloseTo(wanted[step]![k]!, 4);
        const point = [...climb.current];
        climb.observe(height(hill, point), Float32Array.from(ascent(hill, point)));
        climb.advance();
      }
      // The optimum is the hill's top, or the point of the box nearest to it.
      if (steps < 40) return;
      for (const [k, value] of climb.best.entries()) {
        const nearest = Math.min(1, start[k]! + epsilon, Math.max(0, start[k]! - epsilon, top[k]!));
        expect(Math.abs(value - nearest)).toBeLessThan(epsilon / 4);
      }
    }),
    { numRuns: 100 },
  );
});
