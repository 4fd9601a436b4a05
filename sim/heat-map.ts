import type { TargetMesh } from '../schemas/target.js';
import { chipPlaceText } from '../targets/board-grid.js';

/** A core's value: its utilisation, its synaptic operations, its messages… */
export interface HeatMapCell {
  readonly chip: number;
  readonly core: number;
  readonly value: number;
}

/** From nothing to the largest value. */
const ramp = ['.', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/**
 * Draws the cores of each chip in use as text: tiles as they lie on the mesh, one character a core, 9 the largest value,
 * `.` a tenth of it or less, a space where the program has no core. `unit` says what is shown.
 */
export function heatMap(cells: readonly HeatMapCell[], mesh: TargetMesh, unit: string): string {
  const largest = cells.reduce((most, { value }) => Math.max(most, value), 0);
  const chips = [...new Set(cells.map(({ chip }) => chip))].sort((a, b) => a - b);
  const legend = `${unit} by core: 9 is ${largest.toLocaleString('en', { maximumSignificantDigits: 4 })}`;
  const blocks = chips.map((chip) => {
    const values = new Map(cells.filter((cell) => cell.chip === chip).map(({ core, value }) => [core, value]));
    return [
      `chip ${chip}${chipPlaceText(chip, chips.at(-1)! + 1, mesh.chipsPerRow?.value)}`,
      ...drawChip(values, mesh, largest),
    ].join('\n');
  });
  return [legend, ...blocks].join('\n');
}

function drawChip(values: ReadonlyMap<number, number>, mesh: TargetMesh, largest: number): string[] {
  const { columns, rows, coresPerTile } = mesh;
  const drawCore = (core: number): string => {
    const value = values.get(core);
    if (value === undefined) return ' ';
    return largest === 0 ? ramp[0]! : ramp[Math.min(ramp.length - 1, Math.floor((value / largest) * ramp.length))]!;
  };
  return Array.from({ length: rows }, (_, row) => {
    const tiles = Array.from({ length: columns }, (_, column) => {
      const first = (row * columns + column) * coresPerTile;
      return Array.from({ length: coresPerTile }, (_, core) => drawCore(first + core)).join('');
    });
    return `|${tiles.join('|')}|`;
  });
}
