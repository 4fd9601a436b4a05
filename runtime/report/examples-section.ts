import type { BarSeriesOption } from 'echarts';
import type { Report, ReportExample } from '../../schemas/report.js';
import { axisStyle, chart, gridStyle, ink, legendStyle } from './chart.js';
import { type Html, html } from './html.js';
import { epsilonText, levels } from './level-text.js';
import { countText, figureText } from './number-text.js';
import { table } from './table.js';

/** About the width of a card of the gallery. */
const OUTPUTS_WIDTH = 400;

/** Test images with their adversarial twins, and what every level made of them. */
export function examplesSection(report: Report): Html {
  const { epsilon } = report.attack;
  return html`<section id="examples"><h2>Images and their adversarial twins</h2>
<p>The adversarial images are those that the chip met. The difference is drawn with ±${epsilonText(epsilon)} as black and white. The
bars are the chip’s readout of every class, as logits; the true class is ticked.</p>
<div class="examples">${report.examples.map((example) => card(report, example))}</div></section>
`;
}

function card(report: Report, example: ReportExample): Html {
  const name = (number: number): string => report.classNames[number] ?? `class ${number}`;
  const verdict = (number: number): Html =>
    html`<td class="${number === example.label ? 'right' : 'wrong'}">${number === example.label ? '✓' : '✗'} ${name(number)}</td>`;
  return html`<figure class="example">
<div>${picture(example.cleanPng, `Test image ${example.index}, ${name(example.label)}`)}${picture(
    example.adversarialPng,
    `The same, attacked`,
  )}${picture(example.differencePng, 'The difference, amplified')}</div>
<figcaption>Image ${countText(example.index)}: ${name(example.label)}
<table><thead><tr><th scope="col">Level</th><th scope="col">Clean</th><th scope="col">Attacked</th></tr></thead>
<tbody>${levels.map(
    (level) =>
      html`<tr><th scope="row">${level.title}</th>${verdict(example.predictions[level.name].clean)}${verdict(
        example.predictions[level.name].adversarial,
      )}</tr>`,
  )}</tbody></table></figcaption>
${outputs(report, example)}</figure>
`;
}

/** The chip's readout of every class, clean and attacked. */
function outputs(report: Report, { index, label, outputs: { clean, adversarial } }: ReportExample): Html {
  const names = clean.map((_, number) => report.classNames[number] ?? `class ${number}`);
  const series = (name: string, colour: string, data: readonly number[]): BarSeriesOption => ({
    type: 'bar',
    name,
    barGap: '10%',
    barCategoryGap: '30%',
    itemStyle: { color: colour },
    data: [...data],
  });
  return html`${chart(
    `Bars: the chip’s output for each class, image ${index}, clean and attacked`,
    60 + 24 * names.length,
    {
      grid: { ...gridStyle, top: 28 },
      legend: { ...legendStyle, itemWidth: 14 },
      xAxis: { type: 'value', ...axisStyle, splitNumber: 4 },
      yAxis: {
        type: 'category',
        inverse: true,
        data: names.map((name, number) => (number === label ? `${name} ✓` : name)),
        ...axisStyle,
        axisLabel: { ...axisStyle.axisLabel, width: 110, overflow: 'truncate', interval: 0 },
      },
      series: [series('Clean', ink.first, clean), series('Attacked', ink.second, adversarial)],
    },
    OUTPUTS_WIDTH,
  )}<details><summary>The numbers</summary>
${table(
  `The chip’s output for each class, image ${index}`,
  [
    { title: 'Class', cell: (number) => names[number]! },
    { title: 'Clean', cell: (number) => figureText(clean[number]!), numeric: true },
    { title: 'Attacked', cell: (number) => figureText(adversarial[number]!), numeric: true },
  ],
  names.map((_, number) => number),
)}</details>`;
}

function picture(png: string, description: string): Html {
  return html`<img src="data:image/png;base64,${png}" alt="${description}" width="96" height="96">`;
}
