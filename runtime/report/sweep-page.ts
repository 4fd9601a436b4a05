import type { CustomSeriesRenderItem, EChartsOption } from 'echarts';
import type { SweepPoint, SweepResult } from '../../schemas/sweep.js';
import { axisStyle, chart, gridStyle, ink, leftName, legendStyle } from './chart.js';
import { type Html, html } from './html.js';
import { proportionText } from './level-text.js';
import { countText, figureTitle, meanText, plotUnit, quantityText } from './number-text.js';
import { pageFrame } from './page-frame.js';
import { figure, table } from './table.js';

/** A point with its number in plots and tables. */
interface Row extends SweepPoint {
  readonly number: number;
}

/** A sweep as one HTML file: what the points on the front cost and give, every point as a table, and what was refused. */
export function sweepPage(result: SweepResult): string {
  const rows = Object.values(result.points).map((point, index): Row => ({ ...point, number: index + 1 }));
  const measured = rows.filter(({ robust }) => robust !== null);
  const refused = rows.filter(({ robust }) => robust === null);
  const targets = [...new Set(rows.map(({ target }) => target))];
  return pageFrame(
    `Sweep of ${result.name}`,
    html`<a class="skip" href="#front">Skip to the results</a>
<header>
<h1>Sweep of ${result.name} on ${targets.join(', ')}</h1>
<p class="subtitle">${countText(rows.length)} points; ${result.dataset}, ${countText(result.samples)} test images attacked with ${result.attack};
energy and latency on ${countText(result.simulatedSamples)} images; seed ${result.seed}</p>
<nav aria-label="Sections"><ul>${['front', 'points', 'refused'].map((id, index) => html`<li><a href="#${id}">${['Pareto front', 'All points', 'Refused'][index]!}</a></li>`)}</ul></nav>
</header>
<main>
${frontSection(measured)}${pointsSection(measured)}${refusedSection(refused)}</main>
`,
  );
}

function frontSection(rows: readonly Row[]): Html {
  const front = rows.filter((row) => row.onFront);
  const bounds = lowerBounds(rows);
  const costs = [
    { title: 'Energy', unit: 'J', of: (row: Row) => row.energyJoules },
    { title: 'Latency', unit: 's', of: (row: Row) => row.latencySeconds },
  ];
  const plots = costs
    .filter(({ of }) => rows.some((row) => of(row) !== null))
    .map(({ title, unit, of }) =>
      figure(
        chart(
          `Scatter: accuracy under attack by ${title.toLowerCase()} of each point, with 95 % intervals; the Pareto front is filled`,
          380,
          plot(rows, title, unit, of),
        ),
        table(
          `Accuracy under attack by ${title.toLowerCase()}, cheapest first`,
          [
            { title: 'Point', cell: ({ number }) => number, numeric: true },
            { title, cell: (row) => quantityText(of(row), unit), numeric: true },
            { title: 'Attacked', cell: ({ robust }) => proportionText(robust!), numeric: true },
            { title: 'On the front', cell: ({ onFront }) => (onFront ? 'yes' : 'no') },
          ],
          [...rows].sort((a, b) => (of(a) ?? Number.POSITIVE_INFINITY) - (of(b) ?? Number.POSITIVE_INFINITY)),
        ),
      ),
    );
  return html`<section id="front"><h2>Pareto front of energy, latency and robust accuracy</h2>
<p>${countText(front.length)} of ${countText(rows.length)} points are on the front: no other is at least as good in all three and better in one.
Whiskers are 95 % Wilson intervals; where they overlap, which of two points is more robust is not settled.${bounds}</p>
${plots}${table('Points on the front', columns, front)}</section>
`;
}

/** Which targets’ costs leave something out, and what follows from that. */
function lowerBounds(rows: readonly Row[]): string {
  const partial = new Map(rows.map(({ target, unknownFigures }) => [target, unknownFigures]));
  const texts = [...partial].flatMap(([target, figures]) =>
    figures.length === 0 ? [] : [`${target} has no figure for the ${figures.map(figureTitle).join(', ')}`],
  );
  if (texts.length === 0) return '';
  const several =
    partial.size > 1 ? '; costs that leave something out never push a point of another target off the front' : '';
  return ` Costs are lower bounds: ${texts.join('; ')}${several}.`;
}

const columns = [
  { title: 'Point', cell: ({ number }: Row) => number, numeric: true },
  { title: 'Target', cell: ({ target }: Row) => target },
  { title: 'Weight bits', cell: ({ weightBits }: Row) => weightBits, numeric: true },
  { title: 'T', cell: ({ timesteps }: Row) => timesteps, numeric: true },
  { title: 'Thresholds ×', cell: ({ thresholdScale }: Row) => thresholdScale, numeric: true },
  { title: 'Placement', cell: ({ placementSeed }: Row) => placementSeed, numeric: true },
  { title: 'Clean', cell: ({ clean }: Row) => proportionText(clean!), numeric: true },
  { title: 'Attacked', cell: ({ robust }: Row) => proportionText(robust!), numeric: true },
  { title: 'Energy', cell: ({ energyJoules }: Row) => quantityText(energyJoules, 'J'), numeric: true },
  { title: 'Latency', cell: ({ latencySeconds }: Row) => quantityText(latencySeconds, 's'), numeric: true },
  { title: 'Spikes', cell: ({ spikesPerSample }: Row) => meanText(spikesPerSample!), numeric: true },
  { title: 'Cores', cell: ({ cores }: Row) => countText(cores!), numeric: true },
] as const;

function pointsSection(rows: readonly Row[]): Html {
  const differing = rows.filter(({ mismatches }) => mismatches !== 0).length;
  const verdict =
    differing === 0
      ? html`<p class="verdict good">Chip = twin at every point</p>`
      : html`<p class="verdict bad">Chip ≠ twin at ${countText(differing)} points</p>`;
  return html`<section id="points"><h2>All points</h2>
${verdict}
${table(
  'Every point that was measured, means per sample',
  [...columns, { title: 'On the front', cell: ({ onFront }: Row) => (onFront ? 'yes' : 'no') }],
  rows,
)}</section>
`;
}

function refusedSection(rows: readonly Row[]): Html {
  if (rows.length === 0) {
    return html`<section id="refused"><h2>Refused</h2><p>Every point could be compiled.</p></section>
`;
  }
  return html`<section id="refused"><h2>Refused</h2>
${table(
  'Points that could not be compiled',
  [
    { title: 'Point', cell: ({ number }) => number, numeric: true },
    { title: 'Target', cell: ({ target }) => target },
    { title: 'Weight bits', cell: ({ weightBits }) => weightBits, numeric: true },
    { title: 'T', cell: ({ timesteps }) => timesteps, numeric: true },
    { title: 'Thresholds ×', cell: ({ thresholdScale }) => thresholdScale, numeric: true },
    {
      title: 'Why',
      cell: ({ refused }) => refused.map(({ code, where, what }) => `${code} ${where}: ${what}`).join(' '),
    },
  ],
  rows,
)}</section>
`;
}

/** Robust accuracy over a cost; points on the front filled and numbered. */
function plot(rows: readonly Row[], title: string, unit: string, of: (row: Row) => number | null): EChartsOption {
  const shown = rows.filter((row) => of(row) !== null);
  const { factor, prefix } = plotUnit(shown.map((row) => of(row)!));
  const at = (row: Row): number => of(row)! / factor;
  const percent = ({ robust }: Row): number => (100 * robust!.correct) / robust!.total;
  const marks = (isFront: boolean) => shown.filter(({ onFront }) => onFront === isFront);
  const scatter = (name: string, isFront: boolean) => ({
    type: 'scatter' as const,
    name,
    symbolSize: 11,
    itemStyle: isFront ? { color: ink.second } : { color: ink.paper, borderColor: ink.first, borderWidth: 2 },
    label: {
      show: isFront,
      position: 'right' as const,
      color: ink.text,
      fontSize: 12,
      formatter: ({ dataIndex }: { dataIndex: number }) => String(marks(isFront)[dataIndex]!.number),
    },
    data: marks(isFront).map((row) => [at(row), percent(row)]),
    z: 4,
  });
  return {
    grid: { ...gridStyle, right: 40, bottom: 30 },
    legend: { ...legendStyle, data: ['On the front', 'Dominated'] },
    xAxis: {
      type: 'value',
      name: `${title} (${prefix}${unit})`,
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: { color: ink.faint, fontSize: 13 },
      scale: true,
      ...axisStyle,
    },
    yAxis: { type: 'value', name: 'Accuracy under attack (%)', min: 0, max: 100, ...leftName, ...axisStyle },
    series: [
      scatter('Dominated', false),
      scatter('On the front', true),
      {
        type: 'custom',
        name: 'Interval',
        renderItem: whisker,
        data: shown.map((row) => [at(row), row.robust!.low * 100, row.robust!.high * 100]),
        z: 3,
      },
    ],
  };
}

const whisker: CustomSeriesRenderItem = (_params, api) => {
  const [x = 0, y1 = 0] = api.coord([api.value(0), api.value(1)]);
  const [, y2 = 0] = api.coord([api.value(0), api.value(2)]);
  return { type: 'line', shape: { x1: x, y1, x2: x, y2 }, style: { stroke: ink.faint, lineWidth: 1.2 } };
};
