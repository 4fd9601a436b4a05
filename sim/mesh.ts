import type { Board } from './board.js';

/** How far a message travels: links of each kind on its way. Those that leave a chip are counted among the others, too. */
export interface Distance {
  readonly eastWest: number;
  readonly northSouth: number;
  readonly chipCrossings: number;
}

/** Outgoing links of a tile, in the order of their numbers: link = tile·4 + direction. */
const east = 0;
const west = 1;
const south = 2;
const north = 3;
const linksPerTile = 4;

/** Their directions, in the same order. */
export const linkDirections = ['east', 'west', 'south', 'north'] as const;

/** A link by the tile that it leaves, and its direction. */
export interface LinkPlace {
  readonly column: number;
  readonly row: number;
  readonly direction: (typeof linkDirections)[number];
}

/** Dimension-order routing over the tiles of a board: east-west until the column is right, then north-south. */
export class Mesh {
  readonly board: Board;
  /** Directed links, those at the rim of the board included (no route uses them). */
  readonly linkCount: number;
  /** Row of each tile; and the tile that each link leads to: the ways of messages are asked for millions of times. */
  readonly #row: Int32Array;
  readonly #end: Int32Array;

  constructor(board: Board) {
    this.board = board;
    const { columns, rows } = board;
    this.linkCount = columns * rows * linksPerTile;
    this.#row = Int32Array.from({ length: columns * rows }, (_, tile) => Math.floor(tile / columns));
    const steps = [1, -1, columns, -columns];
    this.#end = Int32Array.from({ length: this.linkCount }, (_, link) => {
      return Math.floor(link / linksPerTile) + steps[link % linksPerTile]!;
    });
  }

  distance(from: number, to: number): Distance {
    const { x, y, chipColumns, chipRows } = this.board;
    const chipCrossings =
      Math.abs(Math.floor(x[from]! / chipColumns) - Math.floor(x[to]! / chipColumns)) +
      Math.abs(Math.floor(y[from]! / chipRows) - Math.floor(y[to]! / chipRows));
    return { eastWest: Math.abs(x[from]! - x[to]!), northSouth: Math.abs(y[from]! - y[to]!), chipCrossings };
  }

  /** The link that a message for core `to` takes out of the tile, or −1 where that tile is its own. */
  nextLink(tile: number, to: number): number {
    const { columns, x, y } = this.board;
    const row = this.#row[tile]!;
    const column = tile - row * columns;
    const dx = x[to]! - column;
    if (dx !== 0) return tile * linksPerTile + (dx > 0 ? east : west);
    const dy = y[to]! - row;
    if (dy !== 0) return tile * linksPerTile + (dy > 0 ? south : north);
    return -1;
  }

  /**
   * The way between two cores as a stretch of a row and one of a column: the link at which each begins, and the first in the
   * same direction that is no longer of it (at once, where the stretch has no links).
   */
  stretches(from: number, to: number): readonly [row: number, afterRow: number, column: number, afterColumn: number] {
    const { columns, x, y } = this.board;
    const corner = y[from]! * columns + x[to]!;
    const inRow = x[to]! > x[from]! ? east : west;
    const inColumn = y[to]! > y[from]! ? south : north;
    const [first, turn, last] = [this.tileOf(from), corner, this.tileOf(to)].map((tile) => tile * linksPerTile);
    return [first! + inRow, turn! + inRow, turn! + inColumn, last! + inColumn];
  }

  tileOf(core: number): number {
    return this.board.y[core]! * this.board.columns + this.board.x[core]!;
  }

  /** The tile that a link leads to. */
  linkEnd(link: number): number {
    return this.#end[link]!;
  }

  /** The links out of a tile that lead to another. */
  linksOf(tile: number): number[] {
    const { columns, rows } = this.board;
    const row = this.#row[tile]!;
    const column = tile - row * columns;
    const isThere = [column < columns - 1, column > 0, row < rows - 1, row > 0];
    return isThere.flatMap((there, direction) => (there ? [tile * linksPerTile + direction] : []));
  }

  /** The link between the same two tiles in the other direction. */
  opposite(link: number): number {
    const back = [west, east, north, south][link % linksPerTile]!;
    return this.linkEnd(link) * linksPerTile + back;
  }

  /** The link out of a tile in one direction. */
  linkAt({ column, row, direction }: LinkPlace): number {
    return (row * this.board.columns + column) * linksPerTile + linkDirections.indexOf(direction);
  }

  isNorthSouth(link: number): boolean {
    return link % linksPerTile >= south;
  }

  /** True of a link whose ends are on two chips. */
  leavesChip(link: number): boolean {
    const { columns, chipColumns, chipRows } = this.board;
    const [from, to] = [Math.floor(link / linksPerTile), this.linkEnd(link)];
    if (this.isNorthSouth(link)) {
      return Math.floor(this.#row[from]! / chipRows) !== Math.floor(this.#row[to]! / chipRows);
    }
    return Math.floor((from % columns) / chipColumns) !== Math.floor((to % columns) / chipColumns);
  }

  /** "(3, 0) east": tile column and row, and direction. */
  linkName(link: number): string {
    const tile = Math.floor(link / linksPerTile);
    const { columns } = this.board;
    const direction = linkDirections[link % linksPerTile];
    return `(${tile % columns}, ${Math.floor(tile / columns)}) ${direction}`;
  }
}
