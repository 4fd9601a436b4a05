import { describe, expect, it } from 'vitest';
import { place } from '../../compiler/place.js';
import { type Flow, hops, spikeHops } from '../../compiler/route.js';
import { loadTarget } from '../../targets/load.js';

const loihi1 = loadTarget('loihi1');
const tiny = loadTarget('tiny');

describe('placement', () => {
  it('counts hops between tiles: 4 cores a tile, 8 tiles a row', () => {
    const between = (a: number, b: number): number => hops({ chip: 0, core: a }, { chip: 0, core: b }, loihi1.mesh);
    expect(between(0, 3)).toBe(0);
    expect(between(0, 4)).toBe(1);
    // Tile 0 to tile 9: a column and a row on.
    expect(between(0, 36)).toBe(2);
    // Tile 31, in row 3 and column 7.
    expect(between(0, 127)).toBe(10);
    // The next chip's first tile lies one column beyond this chip's last.
    expect(hops({ chip: 0, core: 28 }, { chip: 1, core: 0 }, loihi1.mesh)).toBe(1);
  });

  it('folds a chain of cores so that neighbours stay neighbours', () => {
    const cores = 128;
    const chain = Array.from({ length: cores - 1 }, (_, n): Flow => ({ from: n, to: n + 1, messages: 10 }));
    const placement = place(cores, chain, loihi1);
    // 31 of the 127 steps leave a tile, one hop each. Row by row three of them go back over 7 columns and down: 8 hops.
    expect(placement.spikeHops).toBe(310);
    expect(placement.spikeHopsRowMajor).toBe(280 + 3 * 80);
    expect(placement.chips).toBe(1);
  });

  it('gives every core a slot of its own that exists, and goes on to the next chip', () => {
    const cores = 29;
    const traffic = Array.from(
      { length: cores },
      (_, n): Flow => ({ from: n, to: (n * 11 + 3) % cores, messages: 1 + (n % 4) }),
    );
    const { slots, chips, spikeHops: cost, spikeHopsRowMajor } = place(cores, traffic, tiny);
    // 12 cores a chip.
    expect(chips).toBe(3);
    expect(new Set(slots.map(({ chip, core }) => chip * 12 + core)).size).toBe(cores);
    expect(slots.every(({ chip, core }) => chip >= 0 && chip < 3 && core >= 0 && core < 12)).toBe(true);
    expect(cost).toBe(spikeHops(traffic, slots, tiny.mesh));
    expect(cost).toBeLessThan(spikeHopsRowMajor);
  });
});
