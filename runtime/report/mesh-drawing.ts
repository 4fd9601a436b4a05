import type { ReportFilling, ReportMesh } from '../../schemas/report.js';
import { type Html, html } from './html.js';

const CELL = 17;
const GAP = 6;
/** Of a chip on its board, the gap included. */
const CHIP = 36;

/** How a core in use is drawn: a colour, how strongly in [0, 1], and what it means in words. */
export interface Shade {
  readonly colour: string;
  readonly strength: number;
  readonly words: string;
}

/** One chip's mesh: each tile a box, each core in it a square; `label` says in words what the shades show. */
export function meshDrawing<Core extends ReportFilling>(
  mesh: ReportMesh & { readonly cores: readonly Core[] },
  chip: number,
  label: string,
  shadeOf: (core: Core) => Shade,
): Html {
  const { columns, rows, coresPerTile } = mesh;
  const across = Math.ceil(Math.sqrt(coresPerTile));
  const down = Math.ceil(coresPerTile / across);
  const tileWidth = across * CELL + GAP;
  const tileHeight = down * CELL + GAP;
  const used = new Map(mesh.cores.filter((core) => core.chip === chip).map((core) => [core.core, core]));
  const squares: Html[] = [];
  for (let number = 0; number < columns * rows * coresPerTile; number += 1) {
    const tile = Math.floor(number / coresPerTile);
    const inTile = number % coresPerTile;
    const x = (tile % columns) * tileWidth + (inTile % across) * CELL + GAP / 2;
    const y = Math.floor(tile / columns) * tileHeight + Math.floor(inTile / across) * CELL + GAP / 2;
    const core = used.get(number);
    squares.push(square(x, y, number, core === undefined ? null : shadeOf(core)));
  }
  const width = columns * tileWidth;
  return html`<svg class="cores" role="img" viewBox="0 0 ${width} ${rows * tileHeight}" style="max-width:${width * 2}px" aria-label="${label}">
${squares}</svg>
`;
}

/** How the chips of a board stand, its begun rows whole, the chips in use filled; nothing where all are in one row. */
export function boardDrawing(mesh: ReportMesh & { readonly cores: readonly ReportFilling[] }): Html {
  const { chips, chipsPerRow } = mesh;
  if (chipsPerRow === undefined) return html``;
  const used = new Set(mesh.cores.map(({ chip }) => chip));
  const rows = Math.ceil(chips / chipsPerRow);
  const boxes = Array.from({ length: rows * chipsPerRow }, (_, chip) => {
    const x = (chip % chipsPerRow) * CHIP;
    const y = Math.floor(chip / chipsPerRow) * CHIP;
    const box = html`x="${x}" y="${y}" width="${CHIP - GAP}" height="${CHIP - GAP}" rx="2"`;
    const fill = used.has(chip) ? html`<rect ${box} fill="var(--first)" fill-opacity="0.4"/>` : html``;
    return html`<rect ${box} class="free"/>${fill}<text x="${x + (CHIP - GAP) / 2}" y="${y + (CHIP - GAP) / 2}" text-anchor="middle" dominant-baseline="central" fill="currentColor" font-size="12">${chip}</text>
`;
  });
  const width = chipsPerRow * CHIP;
  const label = `The board: ${rows} rows of ${chipsPerRow} chips, numbered from the north-west; those with cores in use filled`;
  return html`<figure><svg class="cores" role="img" viewBox="0 0 ${width} ${rows * CHIP}" style="max-width:${width}px" aria-label="${label}">
${boxes}</svg><figcaption>${label}</figcaption></figure>
`;
}

function square(x: number, y: number, number: number, shade: Shade | null): Html {
  const box = html`x="${x}" y="${y}" width="${CELL - 2}" height="${CELL - 2}" rx="2"`;
  if (shade === null) {
    return html`<rect ${box} class="free"><title>core ${number}: free</title></rect>
`;
  }
  const opacity = (0.12 + 0.88 * shade.strength).toFixed(3);
  return html`<rect ${box} class="free"/><rect ${box} fill="${shade.colour}" fill-opacity="${opacity}"><title>core ${number}: ${shade.words}</title></rect>
`;
}
