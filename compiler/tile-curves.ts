import type { TargetMesh } from '../schemas/target.js';
import { chipPlace } from '../targets/board-grid.js';
import type { Slot } from './route.js';

/** All tiles of a chip, each once, in some order; tile = row·columns + column. */
type TileOrder = readonly number[];

/** The curves along which cores are laid out before annealing: on all of them neighbours are neighbours on the mesh. */
export function tileCurves(mesh: TargetMesh): readonly TileOrder[] {
  return [serpentineRows(mesh), serpentineColumns(mesh), pairedRows(mesh)];
}

/** Row by row, each from west to east: what others do without placement. */
export function rowMajorTiles({ columns, rows }: TargetMesh): TileOrder {
  return Array.from({ length: columns * rows }, (_, tile) => tile);
}

/** Chips 0 … `chips` − 1 of a board row by row, every other row from east to west: each stands beside the one before. */
export function chipsAlong(chips: number, mesh: TargetMesh): readonly number[] {
  const places = Array.from({ length: chips }, (_, chip) => ({ chip, ...chipPlace(chip, mesh) }));
  const along = (column: number, row: number): number => (row % 2 === 0 ? column : -column);
  places.sort((a, b) => a.row - b.row || along(a.column, a.row) - along(b.column, b.row));
  return places.map(({ chip }) => chip);
}

/** All slots of the given chips of `perChip` cores, chip after chip, those of a tile together, tiles in the given order. */
export function slotsAlong(
  chips: readonly number[],
  tiles: TileOrder,
  perChip: number,
  { coresPerTile }: TargetMesh,
): readonly Slot[] {
  const slots: Slot[] = [];
  for (const chip of chips) {
    for (const tile of tiles) {
      for (let core = tile * coresPerTile; core < (tile + 1) * coresPerTile; core += 1) {
        if (core < perChip) slots.push({ chip, core });
      }
    }
  }
  return slots;
}

function serpentineRows({ columns, rows }: TargetMesh): TileOrder {
  return Array.from({ length: columns * rows }, (_, n) => {
    const row = Math.floor(n / columns);
    return row % 2 === 0 ? n : row * columns + (columns - 1 - (n % columns));
  });
}

function serpentineColumns({ columns, rows }: TargetMesh): TileOrder {
  return Array.from({ length: columns * rows }, (_, n) => {
    const column = Math.floor(n / rows);
    const row = column % 2 === 0 ? n % rows : rows - 1 - (n % rows);
    return row * columns + column;
  });
}

/** Two rows at a time, column by column: neighbours on the curve stay neighbours on the mesh, and strips stay short. */
function pairedRows({ columns, rows }: TargetMesh): TileOrder {
  const tiles: number[] = [];
  for (let row = 0, strip = 0; row < rows; row += 2, strip += 1) {
    for (let n = 0; n < columns; n += 1) {
      const column = strip % 2 === 0 ? n : columns - 1 - n;
      const pair = [row, row + 1].filter((candidate) => candidate < rows);
      for (const own of n % 2 === 0 ? pair : pair.toReversed()) tiles.push(own * columns + column);
    }
  }
  return tiles;
}
