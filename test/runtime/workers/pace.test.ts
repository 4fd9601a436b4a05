import { describe, expect, it } from 'vitest';
import { Pace } from '../../../runtime/workers/pace.js';

/** A start of so many milliseconds, then inputs. */
function paced(start: number, inputs: readonly number[]): Pace {
  let now = 1000;
  const pace = new Pace(() => now);
  now += start;
  pace.started();
  for (const input of inputs) pace.finished(input);
  return pace;
}

describe('whether others should start', () => {
  it('is so where what is left takes more than four starts', () => {
    const pace = paced(100, [20]);
    expect([20, 21].map((left) => pace.isWorth(left))).toEqual([false, true]);
  });

  it('is not told by the first inputs, which take longer, until an eighth of a start has gone by', () => {
    expect(paced(100, [12]).isWorth(1000)).toBe(false);
    expect(paced(100, [12, 1]).isWorth(1000)).toBe(true);
    expect(paced(100, [12, 1]).isWorth(400)).toBe(false);
  });

  it('is not so before it has started', () => {
    const now = 0;
    expect(new Pace(() => now).isWorth(1e9)).toBe(false);
  });
});
