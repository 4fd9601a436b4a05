import type { Report, ReportCore, ReportUse } from '../../schemas/report.js';
import { type Html, html } from './html.js';
import { countText, percentText } from './number-text.js';
import { table } from './table.js';

const CELL = 17;
const GAP = 6;

/** The chips' meshes: each tile a box, each core in it a square, darker the fuller it is. */
export function coreMapSection(report: Report): Html {
  const { chips, cores, columns, rows, coresPerTile } = report.coreMap;
  const total = chips * columns * rows * coresPerTile;
  return html`<section id="cores"><h2>Core map</h2>
<p>${countText(cores.length)} of ${countText(total)} cores on ${countText(chips)} ${chips === 1 ? 'chip' : 'chips'}
(${countText(columns)} × ${countText(rows)} tiles of ${countText(coresPerTile)} cores). Filling shows the fullest of a core's
resources: compartments, synapse memory, input axons, output axons.</p>
<div class="chips">${Array.from({ length: chips }, (_, chip) => chipMap(report, chip))}</div>
<details><summary>The numbers</summary>
${table(
  'Cores in use',
  [
    { title: 'Chip', cell: ({ chip }) => countText(chip), numeric: true },
    { title: 'Core', cell: ({ core }) => countText(core), numeric: true },
    { title: 'Layers', cell: ({ layers }) => layers.join(', ') },
    { title: 'Compartments', cell: ({ compartments }) => useText(compartments), numeric: true },
    { title: 'Synapse words', cell: ({ synapseWords }) => useText(synapseWords), numeric: true },
    { title: 'Input axons', cell: ({ axonsIn }) => useText(axonsIn), numeric: true },
    { title: 'Output axons', cell: ({ axonsOut }) => useText(axonsOut), numeric: true },
  ],
  cores,
)}</details></section>
`;
}

function chipMap(report: Report, chip: number): Html {
  const { columns, rows, coresPerTile } = report.coreMap;
  const across = Math.ceil(Math.sqrt(coresPerTile));
  const down = Math.ceil(coresPerTile / across);
  const tileWidth = across * CELL + GAP;
  const tileHeight = down * CELL + GAP;
  const used = new Map(report.coreMap.cores.filter((core) => core.chip === chip).map((core) => [core.core, core]));
  const colourOf = layerColours(report);
  const squares: Html[] = [];
  for (let core = 0; core < columns * rows * coresPerTile; core += 1) {
    const tile = Math.floor(core / coresPerTile);
    const inTile = core % coresPerTile;
    const x = (tile % columns) * tileWidth + (inTile % across) * CELL + GAP / 2;
    const y = Math.floor(tile / columns) * tileHeight + Math.floor(inTile / across) * CELL + GAP / 2;
    squares.push(coreSquare(x, y, core, used.get(core), colourOf));
  }
  const width = columns * tileWidth;
  const height = rows * tileHeight;
  return html`<figure><svg class="cores" role="img" viewBox="0 0 ${width} ${height}" style="max-width:${width * 2}px"
aria-label="Chip ${chip}: ${used.size} cores in use">
${squares}</svg><figcaption>Chip ${chip}${legend(report, colourOf)}</figcaption></figure>
`;
}

function coreSquare(
  x: number,
  y: number,
  core: number,
  used: ReportCore | undefined,
  colourOf: ReadonlyMap<string, string>,
): Html {
  const box = html`x="${x}" y="${y}" width="${CELL - 2}" height="${CELL - 2}" rx="2"`;
  if (used === undefined)
    return html`<rect ${box} class="free"><title>core ${core}: free</title></rect>
`;
  const share = fullest(used);
  const colour = colourOf.get(used.layers[0] ?? '') ?? 'var(--first)';
  return html`<rect ${box} class="free"/><rect ${box} fill="${colour}" fill-opacity="${(0.2 + 0.8 * share).toFixed(3)}"><title>core ${core}: ${used.layers.join(', ')}, ${percentText(share * 100)} full</title></rect>
`;
}

/** One hue per layer, spread evenly; the fullness is in the opacity. */
function layerColours(report: Report): Map<string, string> {
  const count = report.layers.length;
  return new Map(
    report.layers.map(({ name }, index) => [name, `hsl(${Math.round((index * 360) / count + 210) % 360} 70% 48%)`]),
  );
}

function legend(report: Report, colourOf: ReadonlyMap<string, string>): Html[] {
  return report.layers.map(
    ({ name }) => html` <span class="key"><span style="background:${colourOf.get(name) ?? ''}"></span>${name}</span>`,
  );
}

function fullest({ compartments, synapseWords, axonsIn, axonsOut }: ReportCore): number {
  const shares = [compartments, synapseWords, axonsIn, axonsOut].map(({ used, limit }) =>
    limit > 0 ? used / limit : 0,
  );
  return Math.min(1, Math.max(...shares));
}

function useText({ used, limit }: ReportUse): string {
  return `${countText(used)} of ${countText(limit)}`;
}
