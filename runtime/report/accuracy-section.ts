import type { CustomSeriesRenderItem, EChartsOption } from 'echarts';
import type { LevelName, Report, ReportProportion } from '../../schemas/report.js';
import { axisStyle, chart, gridStyle, ink, leftName, legendStyle } from './chart.js';
import { type Html, html } from './html.js';
import { epsilonText, levels, methodName, proportionText } from './level-text.js';
import { countText } from './number-text.js';
import { figure, table } from './table.js';

/** Accuracy of every level, clean and attacked, with 95 % intervals. */
export function accuracySection(report: Report): Html {
  const { method, epsilon, steps } = report.attack;
  const rows = levels.map((level) => ({ ...level, ...report.levels[level.name] }));
  return html`<section id="accuracy"><h2>Accuracy and robustness by level</h2>
<p>The first ${countText(report.samples)} test images of ${report.dataset}, clean and attacked with ${methodName(method)}
(ε = ${epsilonText(epsilon)}, ${countText(steps)} steps). Each level meets adversarial images made against itself; the spike graph
those made against the SNN and the chip those made against its integer twin, which compute the same. Whiskers are 95 % Wilson intervals.</p>
${figure(
  chart(
    'Bars: accuracy of ANN, SNN, spike graph, twin and chip, clean and attacked, with 95 % intervals',
    340,
    plot(report),
  ),
  table(
    'Accuracy by level, with 95 % intervals',
    [
      { title: 'Level', cell: ({ title, meaning }) => html`${title} <small>${meaning}</small>` },
      { title: 'Clean', cell: ({ clean }) => proportionText(clean), numeric: true },
      { title: 'Correct', cell: ({ clean }) => countsText(clean), numeric: true },
      { title: 'Attacked', cell: ({ robust }) => proportionText(robust), numeric: true },
      { title: 'Correct', cell: ({ robust }) => countsText(robust), numeric: true },
    ],
    rows,
  ),
)}</section>
`;
}

function countsText({ correct, total }: ReportProportion): string {
  return `${countText(correct)} of ${countText(total)}`;
}

function plot(report: Report): EChartsOption {
  const kinds = [
    { name: 'Clean', colour: ink.first, of: (level: LevelName) => report.levels[level].clean },
    { name: 'Attacked', colour: ink.second, of: (level: LevelName) => report.levels[level].robust },
  ];
  return {
    grid: gridStyle,
    legend: { ...legendStyle, data: kinds.map(({ name }) => name) },
    xAxis: { type: 'category', data: levels.map(({ title }) => title), ...axisStyle },
    yAxis: { type: 'value', name: 'Accuracy (%)', min: 0, max: 100, ...leftName, ...axisStyle },
    series: kinds.flatMap(({ name, colour, of }, index) => [
      {
        type: 'bar',
        name,
        barGap: '12%',
        barCategoryGap: '30%',
        itemStyle: { color: colour },
        data: levels.map((level) => percent(of(level.name))),
        label: { show: true, position: 'insideBottom', color: ink.paper, fontSize: 13, formatter: '{c}' },
      },
      {
        type: 'custom',
        name: `${name} interval`,
        renderItem: whisker(index, kinds.length),
        data: levels.map((level, column) => [column, of(level.name).low * 100, of(level.name).high * 100]),
        z: 3,
      },
    ]),
  };
}

function percent({ correct, total }: ReportProportion): number {
  return total === 0 ? 0 : Number(((100 * correct) / total).toFixed(1));
}

/** Draws the interval of bar `index` of `count` in each group. */
function whisker(index: number, count: number): CustomSeriesRenderItem {
  return (_params, api) => {
    const offset = api.barLayout({ barGap: '12%', barCategoryGap: '30%', count })?.[index]?.offsetCenter ?? 0;
    const [x = 0, low = 0] = api.coord([api.value(0), api.value(1)]);
    const [, high = 0] = api.coord([api.value(0), api.value(2)]);
    const centre = x + offset;
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: 'line' as const,
      shape: { x1, y1, x2, y2 },
      style: { stroke: ink.text, lineWidth: 1.5 },
    });
    return {
      type: 'group',
      children: [
        line(centre, low, centre, high),
        line(centre - 6, low, centre + 6, low),
        line(centre - 6, high, centre + 6, high),
      ],
    };
  };
}
