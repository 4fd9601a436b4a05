import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkTimes } from '../../sim/analytic-clock.js';
import { layOut } from '../../sim/board.js';
import { Detours } from '../../sim/detours.js';
import type { Machine } from '../../sim/machine.js';
import { Mesh } from '../../sim/mesh.js';
import { readTimingFigures } from '../../sim/timing-figures.js';
import { buildProgram, population, range, readoutProfile } from './program-builder.js';
import { figure, tinyTarget } from './tiny-target.js';

/** Four chips of 4 × 2 tiles of 2 cores, all 64 cores in use, one readout neuron each: core number = chip·16 + core. */
const cores = Array.from({ length: 64 }, (_, k) => k);
const program = buildProgram({
  timesteps: 1,
  chips: 4,
  populations: [population('out', 64, 0, 'readout')],
  cores: cores.map((k) => ({
    chip: Math.floor(k / 16),
    core: k % 16,
    ranges: [range(0, [k])],
    profiles: [readoutProfile()],
  })),
});

function meshOf(chipsPerRow: number): Mesh {
  const target = tinyTarget({ mesh: { chipsPerRow: figure(chipsPerRow, 'chips') } });
  return new Mesh(layOut(program, { ...target, limits: { ...target.limits, chips: figure(4, 'chips') } }));
}

/** All in a row; two rows of two; two rows of three, of which the second is begun. */
const meshes = [meshOf(4), meshOf(2), meshOf(3)];
const [inRow, square] = meshes as [Mesh, Mesh];
const anyMesh = fc.constantFrom(...meshes);
const anyCore = fc.constantFrom(...cores);

/** The links of the way from one core to another. */
function route(mesh: Mesh, from: number, to: number): number[] {
  const links: number[] = [];
  for (let link = mesh.nextLink(mesh.tileOf(from), to); link >= 0; link = mesh.nextLink(mesh.linkEnd(link), to)) {
    links.push(link);
  }
  return links;
}

describe('a route', () => {
  it('ends at its core’s tile, on as many links of each kind as the distance says', () => {
    fc.assert(
      fc.property(anyMesh, anyCore, anyCore, (mesh, from, to) => {
        const links = route(mesh, from, to);
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
      fc.property(anyMesh, anyCore, anyCore, (mesh, from, to) => {
        const turns = route(mesh, from, to).map((link) => mesh.isNorthSouth(link));
        expect(turns).toEqual(turns.toSorted((a, b) => Number(a) - Number(b)));
      }),
      { seed: 8 },
    );
  });
});

it('chips stand side by side: core 15 of chip 0 and core 8 of chip 1 are on neighbouring tiles', () => {
  // Tile 7 is (3, 1) on chip 0; tile 4 is (0, 1) on chip 1, column 4 of the board.
  const names = (from: number, to: number): string[] => route(inRow, from, to).map((link) => inRow.linkName(link));
  expect(names(15, 16 + 8)).toEqual(['(3, 1) east']);
  expect(names(16 + 8, 15)).toEqual(['(4, 1) west']);
  expect(inRow.board.tilesInUse).toBe(32);
  expect(inRow.board.chipsInUse).toBe(4);
});

it('rows of chips stand one south of the other: core 8 of chip 0 and core 0 of chip 2 are on neighbouring tiles', () => {
  // Tile 4 is (0, 1) on chip 0; tile 0 of chip 2 is (0, 0) there, row 2 of the board.
  const links = route(square, 8, 2 * 16);
  expect(links.map((link) => square.linkName(link))).toEqual(['(0, 1) south']);
  expect(links.map((link) => square.leavesChip(link))).toEqual([true]);
  expect([square.board.columns, square.board.rows]).toEqual([8, 4]);
  expect(square.board.tilesInUse).toBe(32);
});

it('a link between chips takes its hop and the crossing, whichever way it goes', () => {
  const times = linkTimes({ mesh: square, board: square.board } as Machine, readTimingFigures(tinyTarget(), 1));
  const time = (column: number, row: number, direction: 'east' | 'south'): number => {
    return times[square.linkAt({ column, row, direction })]!;
  };
  // 20 ns east, 30 ns south, 100 ns from chip to chip.
  expect([time(2, 0, 'east'), time(3, 0, 'east')]).toEqual([20_000, 120_000]);
  expect([time(0, 0, 'south'), time(0, 1, 'south')]).toEqual([30_000, 130_000]);
});

it('a way round a dead link between rows of chips crosses the border elsewhere', () => {
  const dead = square.linkAt({ column: 0, row: 1, direction: 'south' });
  // From (0, 1) to (0, 2): east, south over the border, west.
  expect(new Detours(square, dead).distance(8, 2 * 16)).toEqual({ eastWest: 2, northSouth: 1, chipCrossings: 1 });
});
