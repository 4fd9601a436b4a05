import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut } from '../../sim/board.js';
import { Mesh } from '../../sim/mesh.js';
import { buildProgram, population, range, readoutProfile } from './program-builder.js';
import { tinyTarget } from './tiny-target.js';

/** Two chips of 4 × 2 tiles of 2 cores, all 32 cores in use, one readout neuron each: core number = chip·16 + core. */
const cores = Array.from({ length: 32 }, (_, k) => k);
const program = buildProgram({
  timesteps: 1,
  chips: 2,
  populations: [population('out', 32, 0, 'readout')],
  cores: cores.map((k) => ({
    chip: Math.floor(k / 16),
    core: k % 16,
    ranges: [range(0, [k])],
    profiles: [readoutProfile()],
  })),
});
const mesh = new Mesh(layOut(program, tinyTarget()));
const anyCore = fc.constantFrom(...cores);

/** The links of the way from one core to another. */
function route(from: number, to: number): number[] {
  const links: number[] = [];
  for (let link = mesh.nextLink(mesh.tileOf(from), to); link >= 0; link = mesh.nextLink(mesh.linkEnd(link), to)) {
    links.push(link);
  }
  return links;
}

describe('a route', () => {
  it('ends at its core’s tile, on as many links of each kind as the distance says', () => {
    fc.assert(
      fc.property(anyCore, anyCore, (from, to) => {
        const links = route(from, to);
        const { eastWest, northSouth, chipCrossings } = mesh.distance(from, to);
        expect(links.length === 0 ? mesh.tileOf(from) : mesh.linkEnd(links.at(-1)!)).toBe(mesh.tileOf(to));
        expect(links.filter((link) => !mesh.isNorthSouth(link))).toHaveLength(eastWest);
        expect(links.filter((link) => mesh.isNorthSouth(link))).toHaveLength(northSouth);
        expect(links.filter((link) => mesh.leavesChip(link))).toHaveLength(chipCrossings);
      }),
      { seed: 7 },
    );
  });

  it('goes east or west before north or south, so that no ring of links can wait for one another', () => {
    fc.assert(
      fc.property(anyCore, anyCore, (from, to) => {
        const turns = route(from, to).map((link) => mesh.isNorthSouth(link));
        expect(turns).toEqual(turns.toSorted((a, b) => Number(a) - Number(b)));
      }),
      { seed: 8 },
    );
  });
});

it('chips stand in a row: core 15 of chip 0 and core 8 of chip 1 are on neighbouring tiles', () => {
  // Tile 7 is (3, 1) on chip 0; tile 4 is (0, 1) on chip 1, column 4 of the board.
  expect(route(15, 16 + 8).map((link) => mesh.linkName(link))).toEqual(['(3, 1) east']);
  expect(route(16 + 8, 15).map((link) => mesh.linkName(link))).toEqual(['(4, 1) west']);
  expect(mesh.board.tilesInUse).toBe(16);
  expect(mesh.board.chipsInUse).toBe(2);
});
