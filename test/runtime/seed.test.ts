import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deriveSeed, seededGenerator } from '../../runtime/seed.js';

it('seeds are 32-bit whole numbers that follow from purpose and indices', () => {
  const indices = fc.array(fc.nat(), { maxLength: 3 });
  fc.assert(
    fc.property(fc.integer(), fc.string(), indices, (seed, purpose, list) => {
      const derived = deriveSeed(seed, purpose, ...list);
      expect(derived).toBe(derived | 0);
      expect(deriveSeed(seed, purpose, ...list)).toBe(derived);
      expect(seededGenerator(seed, purpose, ...list).next()).toBe(seededGenerator(seed, purpose, ...list).next());
    }),
  );
});

it('seeds of different samples, epochs and purposes are all different', () => {
  const seen = new Set<number>();
  for (const purpose of ['augment', 'shuffle']) {
    for (let epoch = 0; epoch < 10; epoch += 1) {
      for (let sample = 0; sample < 500; sample += 1) seen.add(deriveSeed(1, purpose, epoch, sample));
    }
  }
  // 10,000 draws of 2³²: 10⁸/2³³ = 0.012 collisions are expected by chance.
  expect(seen.size).toBe(10_000);
});

it('the order of indices matters, and so do those past 32 bits', () => {
  expect(deriveSeed(1, 'a', 2, 3)).not.toBe(deriveSeed(1, 'a', 3, 2));
  expect(deriveSeed(2 ** 40, 'a')).not.toBe(deriveSeed(0, 'a'));
});
