import type { TargetMesh } from '../schemas/target.js';

/** A column and a row of a grid, counted from its north-west corner. */
export interface GridPlace {
  readonly column: number;
  readonly row: number;
}

/** Where a chip stands on its board: row after row of `chipsPerRow`, or all in one row where the target names none. */
export function chipPlace(chip: number, { chipsPerRow }: TargetMesh): GridPlace {
  const perRow = chipsPerRow?.value ?? Number.POSITIVE_INFINITY;
  return { column: chip % perRow, row: Math.floor(chip / perRow) };
}

/** Where a core's tile lies on the mesh of all chips, each joined to its neighbours on all four sides. */
export function tilePlace(chip: number, core: number, mesh: TargetMesh): GridPlace {
  const { columns, rows, coresPerTile } = mesh;
  const place = chipPlace(chip, mesh);
  const tile = Math.floor(core / coresPerTile);
  return { column: place.column * columns + (tile % columns), row: place.row * rows + Math.floor(tile / columns) };
}

/**
 * Tiles of a board of `chips` chips from west to east and from north to south. A row that has been begun is there as a
 * whole: messages pass through chips that hold no core of the Program.
 */
export function boardTiles(chips: number, mesh: TargetMesh): { readonly columns: number; readonly rows: number } {
  const across = Math.min(chips, mesh.chipsPerRow?.value ?? chips);
  return { columns: across * mesh.columns, rows: Math.ceil(chips / across) * mesh.rows };
}

/**
 * What a drawing of a chip's mesh says of where it stands: " (row 1, column 1 of chips)"; nothing where all `chips` stand in
 * one row, as they do where no number of chips in a row is known.
 */
export function chipPlaceText(chip: number, chips: number, chipsPerRow: number | null | undefined): string {
  const perRow = chipsPerRow ?? chips;
  return chips <= perRow ? '' : ` (row ${Math.floor(chip / perRow)}, column ${chip % perRow} of chips)`;
}
