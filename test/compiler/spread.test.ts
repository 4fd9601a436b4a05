import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PlacedPopulation } from '../../compiler/partition.js';
import { type Served, spread } from '../../compiler/spread.js';
import { loadTarget } from '../../targets/load.js';

const loihi2 = loadTarget('loihi2');

/** A population of `neurons` on so many cores, each of which has `axons` input axons from `from`. */
function layer(name: string, neurons: number, cores: number, from: string | null, axons = 0): PlacedPopulation {
  const plan = { incoming: { projection: { pool: [1, 1] } } };
  const blocks = from === null ? [] : [{ plan, axonOf: new Int32Array(axons) }];
  return {
    population: { name, shape: [1, 1, neurons] },
    incoming: from === null ? [] : [{ projection: { from } }],
    relayOf: null,
    served: null,
    cores: Array.from({ length: cores }, () => ({ blocks })),
  } as unknown as PlacedPopulation;
}

/** Copies of one core each. */
function oneCore(source: PlacedPopulation, parts: readonly Served[]): readonly PlacedPopulation[] {
  const { name, shape } = source.population;
  return parts.map((served, n): PlacedPopulation => {
    return { ...layer(`${name} ${n}`, shape[2], 1, name), relayOf: name, served };
  });
}

/** 500 neurons on 2 cores, heard by a population on `first` cores and one on `second`: 1,000 neurons each. */
function network(first: number, second: number, axons = 500): readonly PlacedPopulation[] {
  const [a, b] = [layer('a', 500, 2, null), layer('b', 1000, first, 'a', axons)];
  return [a, b, ...(second === 0 ? [] : [layer('c', 1000, second, 'a', axons)])];
}

const copiesOf = (placed: readonly PlacedPopulation[]): readonly PlacedPopulation[] => {
  return placed.filter(({ relayOf }) => relayOf !== null);
};

it('copies serve every core that hears their source, each once, and the parts differ by no more than a core', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 400 }), fc.integer({ min: 0, max: 400 }), (first, second) => {
      const copies = copiesOf(spread(network(first, second), loihi2, oneCore));
      expect(copies.length).toBeGreaterThan(1);
      const served = new Map([...Array(first).keys()].map((core) => [`b${core}`, 0]));
      for (let core = 0; core < second; core += 1) served.set(`c${core}`, 0);
      const sizes = copies.map((copy) => {
        let size = 0;
        for (const [name, [from, end]] of copy.served!) {
          for (let core = from; core < end; core += 1) served.set(`${name}${core}`, served.get(`${name}${core}`)! + 1);
          size += end - from;
        }
        return size;
      });
      expect([...served.values()].every((times) => times === 1)).toBe(true);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

it('there are as many copies as are worth their cores', () => {
  // In all 302 cores: distances are (2/3)·√(n/8), and with k copies all messages cross
  // 150,000·(2/3)·√(300/8k) + 500·k·(2/3)·√(302/8) links; the cost is 10·ln(302 + k) + ln(links), less than with none
  // for some k, and least at the k that this loop finds.
  const links = (k: number): number => {
    const room = (2 / 3) * Math.sqrt(302 / 8);
    return k === 0 ? 150_000 * room : 150_000 * (2 / 3) * Math.sqrt(300 / (8 * k)) + 500 * k * room;
  };
  const cost = (k: number): number => 10 * Math.log(302 + k) + Math.log(links(k));
  const counts = [0, ...Array.from({ length: 15 }, (_, n) => n + 2)];
  const best = counts.reduce((least, k) => (cost(k) < cost(least) ? k : least));
  expect(copiesOf(spread(network(300, 0), loihi2, oneCore))).toHaveLength(best);
  expect(best).toBeGreaterThan(2);
});

it.each([
  ['few cores hear a population: 16 of 18 cores', network(16, 0)],
  ['most of the cores hear a part of it, as tiles of a grid do', network(300, 0, 200)],
])('there are none where %s', (_, placed) => {
  expect(spread(placed, loihi2, oneCore)).toEqual(placed);
});

it('there are none where the chip cannot hold them', () => {
  const placed = network(300, 0);
  expect(spread(placed, loihi2, () => null)).toEqual(placed);
});
