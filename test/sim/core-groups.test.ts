import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CoreImage, Program } from '../../schemas/program.js';
import { coreGroups } from '../../sim/core-groups.js';

const POPULATIONS = 3;
const CORES = 12;

/** By core: its populations, and the cores that it sends to. */
const machine = fc.array(
  fc.record({
    held: fc.uniqueArray(fc.nat(POPULATIONS - 1), { minLength: 1, maxLength: 2 }),
    to: fc.array(fc.nat(CORES - 1), { maxLength: 4 }),
  }),
  { minLength: CORES, maxLength: CORES },
);

/** All that can be reached from `start` by ways that lead both to and fro. */
function reached(start: number, ways: readonly (readonly number[])[]): Set<number> {
  const found = new Set([start]);
  for (const one of found) for (const next of ways[one]!) found.add(next);
  return found;
}

it('puts cores of a population together that have a sender in common, and no others', () => {
  let parted = 0;
  fc.assert(
    fc.property(machine, (images) => {
      const cores = images.map(({ held }) => ({
        ranges: held.map((population) => ({ population, first: 0, neurons: Int32Array.of(0) })),
      })) as unknown as readonly CoreImage[];
      const populations = Array.from({ length: POPULATIONS }, () => ({})) as unknown as Program['populations'];
      const groups = coreGroups(
        { cores, populations },
        images.map(({ to }) => ({ core: Int32Array.from(to) })),
      );
      expect(groups.flat().sort((a, b) => a - b)).toEqual([...images.keys()]);

      const kind = images.map(({ held }) => (held.length > 1 ? POPULATIONS : held[0]!));
      const isHeard = images.map((_, core) => images.some(({ to }) => to.includes(core)));
      const ways = images.map((_, a) =>
        [...images.keys()].filter((b) => {
          if (kind[a] !== kind[b]) return false;
          const isRest = kind[a] === POPULATIONS || (!isHeard[a] && !isHeard[b]);
          return isRest || images.some(({ to }) => to.includes(a) && to.includes(b));
        }),
      );
      for (const group of groups) expect(new Set(group)).toEqual(reached(group[0]!, ways));
      const order = groups.map(([first]) => kind[first!]!);
      expect(order).toEqual([...order].sort((a, b) => a - b));
      if (groups.length > new Set(kind).size) parted += 1;
    }),
  );
  expect(parted).toBeGreaterThan(10);
});
