import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { place } from '../../compiler/place.js';
import { type Flow, hops, spikeHops, trafficOf } from '../../compiler/route.js';
import type { WiredCore } from '../../compiler/wire.js';
import type { Target } from '../../schemas/target.js';
import { loadTarget } from '../../targets/load.js';

const loihi1 = loadTarget('loihi1');
const tiny = loadTarget('tiny');
const options = { seed: 0, moves: null, occupied: [] };

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
    // Chip 8 begins the second row of chips: its first tile lies south of tile 24, the first in this chip's last row.
    expect(hops({ chip: 0, core: 96 }, { chip: 8, core: 0 }, loihi1.mesh)).toBe(1);
    // Chips 0 and 17 are a column and two rows of chips apart.
    expect(hops({ chip: 0, core: 0 }, { chip: 17, core: 0 }, loihi1.mesh)).toBe(8 + 2 * 4);
  });

  it('weighs output axons by the rate of their layer', () => {
    // Core 0 of layer 0 sends two axons to core 1 and one to core 2; core 1 of layer 1 sends one to core 2.
    const cores = [
      { layer: 0, toCore: Int32Array.of(2, 1, 1) },
      { layer: 1, toCore: Int32Array.of(2) },
      { layer: 2, toCore: new Int32Array(0) },
    ] as unknown as readonly WiredCore[];
    expect(trafficOf(cores, [0.5, 3, 1])).toEqual([
      { from: 0, to: 1, messages: 1 },
      { from: 0, to: 2, messages: 0.5 },
      { from: 1, to: 2, messages: 3 },
    ]);
  });

  it('folds a chain of cores so that neighbours stay neighbours', () => {
    const cores = 128;
    const chain = Array.from({ length: cores - 1 }, (_, n): Flow => ({ from: n, to: n + 1, messages: 10 }));
    const placement = place(cores, chain, loihi1, options);
    // 31 of the 127 steps leave a tile, one hop each. Row by row three of them go back over 7 columns and down: 8 hops.
    expect(placement.spikeHops).toBe(310);
    expect(placement.spikeHopsRowMajor).toBe(280 + 3 * 80);
    expect(placement.chips).toBe(1);
  });

  it('finds the middle for a core that all others send to', () => {
    // 12 cores on 3 × 2 tiles of 2: the best tile is the upper or lower middle one. From there one core is 0 hops away,
    // 6 (west, east, other row) 1 hop, 4 (the far corners) 2 hops; every other core sends one message.
    const cores = 12;
    const star = Array.from({ length: cores - 1 }, (_, n): Flow => ({ from: n + 1, to: 0, messages: 1 }));
    expect(place(cores, star, tiny, options).spikeHops).toBe(6 * 1 + 4 * 2);
  });

  it('brings scattered partners together: half of the hops of row-major order and fewer', () => {
    // 256 pairs, the partners 256 cores apart; 2 of a pair fit in one tile, where they are 0 hops apart.
    const pairs = Array.from({ length: 256 }, (_, n): Flow => ({ from: n, to: n + 256, messages: 1 + (n % 3) }));
    const { spikeHops: cost, spikeHopsRowMajor } = place(512, pairs, loihi1, options);
    expect(cost).toBeLessThan(spikeHopsRowMajor / 20);
  });

  it('crosses fewer chips where a crossing costs more', () => {
    // Two groups of 12 cores, each all-to-all and interleaved; tiny has 12 cores a chip.
    const traffic: Flow[] = [];
    for (let from = 0; from < 24; from += 1) {
      for (let to = from % 2; to < 24; to += 2) if (to !== from) traffic.push({ from, to, messages: 1 });
    }
    const { slots } = place(24, traffic, tiny, options);
    expect(traffic.filter(({ from, to }) => slots[from]!.chip !== slots[to]!.chip)).toEqual([]);
  });

  const flows = fc.integer({ min: 1, max: 40 }).chain((cores) => {
    const core = fc.integer({ min: 0, max: cores - 1 });
    const flow = fc.record({ from: core, to: core, messages: fc.integer({ min: 0, max: 9 }) });
    return fc.record({ cores: fc.constant(cores), traffic: fc.array(flow, { maxLength: 80 }), seed: fc.integer() });
  });
  const slot = fc.record({ chip: fc.integer({ min: 0, max: 2 }), core: fc.integer({ min: 0, max: 11 }) });

  it('gives every core a free slot of its own, on the fewest chips, never with more hops than row-major order', () => {
    const flat: Target = { ...tiny, timing: { ...tiny.timing, chipToChip: { value: null, unit: 'ns', note: 'test' } } };
    fc.assert(
      fc.property(flows, fc.array(slot, { maxLength: 20 }), ({ cores, traffic, seed }, occupied) => {
        const given = { seed, moves: 2000, occupied };
        const placement = place(cores, traffic, flat, given);
        const names = placement.slots.map(({ chip, core }) => `${chip}/${core}`);
        expect(new Set(names).size).toBe(cores);
        for (const { chip, core } of occupied) expect(names).not.toContain(`${chip}/${core}`);
        const taken = new Set(occupied.map(({ chip, core }) => 12 * chip + core));
        const freeBelow = (chips: number): number => 12 * chips - [...taken].filter((slot) => slot < 12 * chips).length;
        expect(placement.slots.every(({ core }) => core < 12)).toBe(true);
        expect(freeBelow(placement.chips - 1)).toBeLessThan(cores);
        expect(placement.spikeHops).toBe(spikeHops(traffic, placement.slots, flat.mesh));
        expect(placement.spikeHops).toBeLessThanOrEqual(placement.spikeHopsRowMajor);
        expect(place(cores, traffic, flat, given)).toEqual(placement);
      }),
      { numRuns: 200 },
    );
  });

  it('says what a board lacks whose cores belong to others', () => {
    const board: Target = {
      ...tiny,
      limits: { ...tiny.limits, chips: { value: 1, unit: 'chips', source: 'test' } },
    };
    const occupied = Array.from({ length: 10 }, (_, core) => ({ chip: 0, core }));
    expect(() => place(3, [], board, { ...options, occupied })).toThrow(
      /SW2102 tiny: 3 cores are needed; its 1 chips of 12 have 2 left/,
    );
  });
});
