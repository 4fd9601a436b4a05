import type { EChartsOption } from 'echarts';
import type { LevelName, Report, ReportStrength } from '../../schemas/report.js';
import { axisStyle, chart, gridStyle, ink, leftName, legendStyle } from './chart.js';
import { type Html, html } from './html.js';
import { epsilonText, levels, methodName, proportionText } from './level-text.js';
import { countText } from './number-text.js';
import { figure, table } from './table.js';

/** Levels that are drawn: the spike graph lies on the SNN, the twin on the chip. */
const drawn: readonly { readonly name: LevelName; readonly title: string; readonly colour: string }[] = [
  { name: 'ann', title: 'ANN', colour: ink.first },
  { name: 'snn', title: 'SNN', colour: ink.second },
  { name: 'chip', title: 'Chip', colour: ink.third },
];
const dashes = ['solid', 'dashed', 'dotted'] as const;

/** Accuracy of the levels by attack and radius, the main attack among them; nothing where no other was asked for. */
export function strengthsPart(report: Report): Html {
  const others = report.strengths;
  if (others.length === 0) return html``;
  const { attack, samples } = report;
  const robust = Object.fromEntries(levels.map(({ name }) => [name, report.levels[name].robust]));
  const rows = [...others, { ...attack, samples, robust: robust as ReportStrength['robust'] }].sort(
    (a, b) => a.method.localeCompare(b.method) || a.epsilon - b.epsilon || a.steps - b.steps,
  );
  return html`<h3>By attack and radius</h3>
<p>Each level under examples crafted against itself. Points on few images have wide intervals, which the table gives; between
points on different numbers of images a difference may be one of images alone.</p>
${figure(
  chart('Lines: accuracy of ANN, SNN and chip by radius, for each attack', 360, plot(rows)),
  table(
    'Accuracy by attack and radius, with 95 % intervals',
    [
      { title: 'Attack', cell: ({ method }) => methodName(method) },
      { title: 'ε', cell: ({ epsilon }) => epsilonText(epsilon), numeric: true },
      { title: 'Steps', cell: ({ steps }) => countText(steps), numeric: true },
      { title: 'Images', cell: (row) => countText(row.samples), numeric: true },
      ...levels.map(({ name, title }) => ({
        title,
        numeric: true as const,
        cell: (row: ReportStrength) => proportionText(row.robust[name]),
      })),
    ],
    rows,
  ),
)}`;
}

function plot(rows: readonly ReportStrength[]): EChartsOption {
  const kindOf = ({ method, steps }: ReportStrength): string =>
    `${methodName(method)}, ${countText(steps)} ${steps === 1 ? 'step' : 'steps'}`;
  const kinds = [...new Set(rows.map(kindOf))];
  const percent = ({ correct, total }: { readonly correct: number; readonly total: number }): number =>
    (100 * correct) / total;
  return {
    grid: { ...gridStyle, top: 64, bottom: 30, right: 24 },
    legend: { ...legendStyle, left: 150, itemWidth: 34 },
    xAxis: {
      type: 'value',
      name: 'Radius ε (255ths)',
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: { color: ink.faint, fontSize: 13 },
      min: 0,
      ...axisStyle,
    },
    yAxis: { type: 'value', name: 'Accuracy (%)', min: 0, max: 100, ...leftName, ...axisStyle },
    series: kinds.flatMap((kind, index) =>
      drawn.map(({ name, title, colour }) => ({
        type: 'line' as const,
        name: `${title}, ${kind}`,
        symbolSize: 7,
        lineStyle: { color: colour, width: 2, type: dashes[index % dashes.length]! },
        itemStyle: { color: colour },
        data: [
          ...rows.filter((row) => kindOf(row) === kind).map((row) => [255 * row.epsilon, percent(row.robust[name])]),
        ],
      })),
    ),
  };
}
