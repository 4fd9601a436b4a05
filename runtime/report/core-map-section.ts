import type { Report, ReportCore, ReportFilling, ReportMesh, ReportUse } from '../../schemas/report.js';
import { chipPlaceText } from '../../targets/board-grid.js';
import { type Html, html } from './html.js';
import { boardDrawing, meshDrawing, type Shade } from './mesh-drawing.js';
import { countText, meanText, percentText, quantityText } from './number-text.js';
import { type Column, table } from './table.js';

/** The chips' meshes three times: how full each core is, how many messages pass it, where the energy goes. */
export function coreMapSection({ coreMap }: Pick<Report, 'coreMap'>): Html {
  const traffic = ({ messagesIn, messagesOut }: ReportCore): number => messagesIn + messagesOut;
  const most = Math.max(...coreMap.cores.map(traffic));
  const hottest = Math.max(...coreMap.cores.map(({ energyJoules }) => energyJoules));
  const maps = (chip: number): Html[] => [
    fillingDrawing(coreMap, chip),
    scaled(coreMap, chip, 'Traffic', `messages in and out per sample; full colour: ${meanText(most)}`, (core) => ({
      colour: 'var(--third)',
      strength: share(traffic(core), most),
      words: `${meanText(core.messagesIn)} messages in, ${meanText(core.messagesOut)} out`,
    })),
    scaled(coreMap, chip, 'Heat', `energy per sample; full colour: ${quantityText(hottest, 'J')}`, (core) => ({
      colour: 'var(--second)',
      strength: share(core.energyJoules, hottest),
      words: quantityText(core.energyJoules, 'J'),
    })),
  ];
  return html`<section id="cores"><h2>Core map</h2>
${meshWords(coreMap)}
<div class="chips">${Array.from({ length: coreMap.chips }, (_, chip) => maps(chip))}</div>
<details><summary>The numbers</summary>
${table(
  'Cores in use, activity as means per sample',
  [
    ...fillingColumns,
    { title: 'Messages in', cell: ({ messagesIn }) => meanText(messagesIn), numeric: true },
    { title: 'Messages out', cell: ({ messagesOut }) => meanText(messagesOut), numeric: true },
    { title: 'Synaptic operations', cell: ({ synopsPerSample }) => meanText(synopsPerSample), numeric: true },
    { title: 'Busy', cell: (core) => (core.busyPercent === null ? '–' : percentText(core.busyPercent)), numeric: true },
    { title: 'Energy', cell: ({ energyJoules }) => quantityText(energyJoules, 'J'), numeric: true },
  ] as const satisfies readonly Column<ReportCore>[],
  coreMap.cores,
)}</details></section>
`;
}

/** What a program occupies, before anything has run on it. */
export function fillingSection(mesh: ReportMesh & { readonly cores: readonly ReportFilling[] }): Html {
  return html`<section id="cores"><h2>Core map</h2>
${meshWords(mesh)}
<div class="chips">${Array.from({ length: mesh.chips }, (_, chip) => fillingDrawing(mesh, chip))}</div>
<details><summary>The numbers</summary>
${table('Cores in use', fillingColumns, mesh.cores)}</details></section>
`;
}

const fillingColumns: readonly Column<ReportFilling>[] = [
  { title: 'Core', cell: ({ chip, core }) => `${chip}/${core}` },
  { title: 'Layers', cell: ({ layers }) => layers.join(', ') },
  { title: 'Compartments', cell: ({ compartments }) => useText(compartments), numeric: true },
  { title: 'Synapse words', cell: ({ synapseWords }) => useText(synapseWords), numeric: true },
  { title: 'Input axons', cell: ({ axonsIn }) => useText(axonsIn), numeric: true },
  { title: 'Output axons', cell: ({ axonsOut }) => useText(axonsOut), numeric: true },
];

function meshWords(mesh: ReportMesh & { readonly cores: readonly ReportFilling[] }) {
  const { chips, columns, rows, coresPerTile, cores } = mesh;
  const total = chips * columns * rows * coresPerTile;
  return html`<p>${countText(cores.length)} of ${countText(total)} cores on ${countText(chips)} ${chips === 1 ? 'chip' : 'chips'}
(${countText(columns)} × ${countText(rows)} tiles of ${countText(coresPerTile)} cores). Utilisation is that of the fullest of a core’s
resources: compartments, synapse memory, input axons, output axons.${boardWords(mesh)}</p>
${boardDrawing(mesh)}`;
}

function boardWords({ chipsPerRow }: ReportMesh): string {
  return chipsPerRow === undefined
    ? ''
    : ` Chips stand in rows of ${countText(chipsPerRow)}, each joined to its neighbours.`;
}

function chipName({ chips, chipsPerRow }: ReportMesh, chip: number): string {
  return `Chip ${chip}${chipPlaceText(chip, chips, chipsPerRow)}`;
}

function fillingDrawing(mesh: ReportMesh & { readonly cores: readonly ReportFilling[] }, chip: number): Html {
  const colourOf = layerColours(mesh.cores);
  const used = mesh.cores.filter((core) => core.chip === chip).length;
  const drawing = meshDrawing(mesh, chip, `${chipName(mesh, chip)}, utilisation: ${used} cores in use`, (core) => {
    const full = fullest(core);
    return {
      colour: colourOf.get(core.layers[0] ?? '') ?? 'var(--first)',
      strength: full,
      words: `${core.layers.join(', ')}, ${percentText(full * 100)} full`,
    };
  });
  const keys = [...colourOf].map(
    ([name, colour]) => html` <span class="key"><span style="background:${colour}"></span>${name}</span>`,
  );
  return html`<figure>${drawing}<figcaption>${chipName(mesh, chip)}, utilisation${keys}</figcaption></figure>
`;
}

function scaled(
  mesh: Report['coreMap'],
  chip: number,
  title: string,
  scale: string,
  shadeOf: (core: ReportCore) => Shade,
): Html {
  const label = `${chipName(mesh, chip)}, ${title.toLowerCase()}: ${scale}`;
  return html`<figure>${meshDrawing(mesh, chip, label, shadeOf)}<figcaption>${label}</figcaption></figure>
`;
}

/** One hue per layer, spread evenly. */
function layerColours(cores: readonly ReportFilling[]): Map<string, string> {
  const names = [...new Set(cores.flatMap(({ layers }) => layers))];
  return new Map(
    names.map((name, index) => [name, `hsl(${Math.round((index * 360) / names.length + 210) % 360} 70% 48%)`]),
  );
}

function fullest({ compartments, synapseWords, axonsIn, axonsOut }: ReportFilling): number {
  return Math.max(
    ...[compartments, synapseWords, axonsIn, axonsOut].map(({ used, limit }) => Math.min(1, share(used, limit))),
  );
}

/** A part of a whole; 0 where there is no whole. */
function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

function useText({ used, limit }: ReportUse): string {
  return `${countText(used)} of ${countText(limit)}`;
}
