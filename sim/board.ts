import { failure } from '../schemas/diagnostic.js';
import type { Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { boardTiles, tilePlace } from '../targets/board-grid.js';

/**
 * Where the cores of a Program stand. Chips stand side by side in the order of their numbers, row after row of as many as
 * the target says, each joined to its neighbours on all four sides: the tiles of all chips make one mesh.
 * Cores are numbered by their place in `program.cores`.
 */
export interface Board {
  readonly chips: number;
  /** Tiles of the whole board from west to east, and from north to south. */
  readonly columns: number;
  readonly rows: number;
  /** Tiles of one chip. */
  readonly chipColumns: number;
  readonly chipRows: number;
  /** Tile column and row of each core. */
  readonly x: Int32Array;
  readonly y: Int32Array;
  /** Chips and tiles that hold at least one core. */
  readonly chipsInUse: number;
  readonly tilesInUse: number;
  /** Number of the core `core` on chip `chip`, which must be there. */
  readonly indexOf: (chip: number, core: number) => number;
}

/** Tiles of the largest board: 768 Loihi chips have 24,576. */
const tilesMax = 1 << 20;

/** Places the cores of a sound Program. Throws SW3002 for a chip or core that the target lacks, SW3004 for too many tiles. */
export function layOut(program: Program, target: Target): Board {
  const { columns, rows, coresPerTile } = target.mesh;
  const chipMax = target.limits.chips.value ?? program.cores.length;
  const coreMax = Math.min(target.limits.coresPerChip.value ?? Number.POSITIVE_INFINITY, columns * rows * coresPerTile);
  const { chips } = program;
  if (chips > chipMax) {
    throw failure('SW3002', { where: program.name, what: `${chips} chips; ${target.name} has ${chipMax}.` });
  }
  const tilesOfBoard = boardTiles(chips, target.mesh);
  if (!(tilesOfBoard.columns * tilesOfBoard.rows <= tilesMax)) {
    const what = `${chips} chips of ${columns} × ${rows} tiles; the simulator handles ${tilesMax.toLocaleString('en')} tiles.`;
    throw failure('SW3004', { where: target.name, what });
  }
  const x = new Int32Array(program.cores.length);
  const y = new Int32Array(program.cores.length);
  const index = new Map<number, number>();
  const tiles = new Set<number>();
  const chipsInUse = new Set<number>();
  for (const [number, { chip, core }] of program.cores.entries()) {
    const where = `chip ${chip}, core ${core}`;
    if (core >= coreMax) {
      throw failure('SW3002', { where, what: `a chip of ${target.name} has ${coreMax} cores, numbered from 0.` });
    }
    const key = chip * coreMax + core;
    index.set(key, number);
    const { column, row } = tilePlace(chip, core, target.mesh);
    x[number] = column;
    y[number] = row;
    tiles.add(row * tilesOfBoard.columns + column);
    chipsInUse.add(chip);
  }
  return {
    chips,
    ...tilesOfBoard,
    chipColumns: columns,
    chipRows: rows,
    x,
    y,
    chipsInUse: chipsInUse.size,
    tilesInUse: tiles.size,
    indexOf: (chip, core) => index.get(chip * coreMax + core)!,
  };
}

/** "chip 0, core 5": how diagnostics and reports name a core. */
export function coreName(program: Program, core: number): string {
  const image = program.cores[core]!;
  return `chip ${image.chip}, core ${image.core}`;
}

/** "0/5, 0/7, …": the first of the cores that a Program uses, CHIP/CORE, and how many there are. */
export function coresInUse({ cores }: Program): string {
  const sorted = cores.toSorted((a, b) => a.chip - b.chip || a.core - b.core);
  const names = sorted.slice(0, 8).map(({ chip, core }) => `${chip}/${core}`);
  return names.length < sorted.length
    ? `${names.join(', ')} and ${sorted.length - names.length} more`
    : names.join(', ');
}
