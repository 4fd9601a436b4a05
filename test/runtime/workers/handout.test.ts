import { describe, expect, it } from 'vitest';
import { Handout } from '../../../runtime/workers/handout.js';

describe('handing out inputs', () => {
  it('blames the input at work for the death of its thread, not those at hand', () => {
    const handout = new Handout(3, 3);
    const taken = () => [handout.next(), handout.next(), handout.next()];
    expect(taken()).toEqual([0, 1, 2]);
    handout.finish();
    for (let death = 0; death < 2; death++) {
      handout.lose([1, 2], new Error('died'));
      expect([handout.failure, handout.left, handout.isOver]).toEqual([null, 2, false]);
      expect(taken()).toEqual([1, 2, null]);
    }
    handout.lose([1, 2], new Error('died'));
    expect(handout.failure).toEqual({ index: 1, error: new Error('died') });
    expect([handout.isOver, ...taken()]).toEqual([false, 2, null, null]);
    handout.finish();
    expect(handout.isOver).toBe(true);
  });
});
