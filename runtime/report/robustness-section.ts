import type { EChartsOption } from 'echarts';
import type { LevelName, Report, ReportMember, SourceName } from '../../schemas/report.js';
import { axisStyle, chart, gridStyle, ink, leftName, legendStyle } from './chart.js';
import { differenceText, levelTitle, pValueText, verdictText } from './comparison-text.js';
import { type Html, html } from './html.js';
import { epsilonText, levels, proportionText } from './level-text.js';
import { countText, shareText } from './number-text.js';
import { strengthsPart } from './strengths-part.js';
import { figure, table } from './table.js';

/** Whether robustness survives the way to the chip: paired verdicts, transfer, the ensemble's members, random search. */
export function robustnessSection(report: Report): Html {
  return html`<section id="robustness"><h2>Does the chip keep the robustness?</h2>
${comparisonTable(report)}${strengthsPart(report)}${transferPart(report)}${membersPart(report)}${blackBoxPart(report)}</section>
`;
}

function comparisonTable({ comparisons }: Report): Html {
  const [first] = comparisons;
  if (first === undefined) return html``;
  return html`<p>The same images at two levels, each attacked by its own adversary. Equivalent: the 90 % interval of the
difference lies within ±${shareText(first.margin)} (two one-sided score tests); different: McNemar’s exact test says so at 5 %.</p>
${table(
  'Paired comparisons of levels; differences in percentage points with 95 % intervals',
  [
    { title: 'Levels', cell: ({ levels: [a, b] }) => `${levelTitle(a)} – ${levelTitle(b)}` },
    { title: 'Images', cell: ({ images }) => images },
    { title: 'Difference', cell: differenceText, numeric: true },
    { title: 'First alone right', cell: ({ firstOnly }) => countText(firstOnly), numeric: true },
    { title: 'Second alone right', cell: ({ secondOnly }) => countText(secondOnly), numeric: true },
    { title: 'p', cell: ({ pValue }) => pValueText(pValue), numeric: true },
    { title: 'Verdict', cell: verdictText },
  ],
  comparisons,
)}`;
}

function transferPart(report: Report): Html {
  const { transfer } = report;
  const sources = [...new Set(transfer.map(({ source }) => source))];
  if (sources.length === 0) return html``;
  const at = (source: SourceName, level: LevelName) =>
    transfer.find((entry) => entry.source === source && entry.level === level)?.robust;
  const shown = levels.filter(({ name }) => transfer.some(({ level }) => level === name));
  return html`<h3>Transfer of attacks</h3>
<p>Accuracy of each level on images that were crafted against the ANN, the SNN and the twin (ε = ${epsilonText(report.attack.epsilon)}). An attack
that works better from elsewhere than from the level itself would mean that the level hides its gradients.</p>
${figure(
  chart('Bars: accuracy of each level on images crafted against ANN, SNN and twin', 320, {
    grid: gridStyle,
    legend: { ...legendStyle, data: sources.map((source) => `against ${levelTitle(source)}`) },
    xAxis: { type: 'category', data: shown.map(({ title }) => title), ...axisStyle },
    yAxis: { type: 'value', name: 'Accuracy (%)', min: 0, max: 100, ...leftName, ...axisStyle },
    series: sources.map((source, index) => ({
      type: 'bar' as const,
      name: `against ${levelTitle(source)}`,
      itemStyle: { color: [ink.first, ink.second, ink.third][index]! },
      data: shown.map(({ name }) => percent(at(source, name))),
    })),
  }),
  table(
    'Accuracy of each level by whose gradients made the images, with 95 % intervals',
    [
      { title: 'Crafted against', cell: (source) => levelTitle(source) },
      ...shown.map(({ name, title }) => ({
        title,
        numeric: true as const,
        cell: (source: SourceName) => {
          const found = at(source, name);
          return found === undefined ? '–' : proportionText(found);
        },
      })),
    ],
    sources,
  ),
)}`;
}

function percent(share: { readonly correct: number; readonly total: number } | undefined): number | string {
  return share === undefined || share.total === 0 ? '-' : Number(((100 * share.correct) / share.total).toFixed(1));
}

function membersPart({ members, samples }: Report): Html {
  if (members.length === 0) return html``;
  const sources = [...new Set(members.map(({ source }) => source))];
  const names = [...new Set(members.map(({ name }) => name))];
  const [only, another] = names;
  if (another === undefined) {
    return html`<h3>Gradient models</h3>
<p>One gradient model was used, ${only!}: no ensemble, and so no worst case over several.</p>
${membersTable(members, samples)}`;
  }
  return html`<h3>Gradient models of the ensemble</h3>
<p>Each is tried on the samples that those before it have not fooled; what stands at the end is the robust accuracy.</p>
${figure(
  chart('Steps: samples that still stand after each gradient model of the ensemble', 340, {
    grid: gridStyle,
    legend: { ...legendStyle, data: sources.map(levelTitle) },
    xAxis: { type: 'category', data: names, ...axisStyle, axisLabel: { ...axisStyle.axisLabel, rotate: 40 } },
    yAxis: { type: 'value', name: 'Still right (%)', min: 0, max: 100, ...leftName, ...axisStyle },
    series: sources.map((source, index) => ({
      type: 'line' as const,
      step: 'middle' as const,
      name: levelTitle(source),
      lineStyle: {
        color: [ink.second, ink.third][index]!,
        type: index === 0 ? ('solid' as const) : ('dashed' as const),
      },
      itemStyle: { color: [ink.second, ink.third][index]! },
      data: members
        .filter((member) => member.source === source)
        .map((member) => Number(((100 * standing(member)) / samples).toFixed(1))),
    })),
  }),
  membersTable(members, samples),
)}`;
}

/** Samples that still stand after a member. */
function standing({ tried, fooled }: ReportMember): number {
  return tried - fooled;
}

function membersTable(members: readonly ReportMember[], samples: number): Html {
  return table(
    'Gradient models, in the order in which they are tried',
    [
      { title: 'Member', cell: ({ name }) => name },
      { title: 'Against', cell: ({ source }) => levelTitle(source) },
      { title: 'Tried on', cell: ({ tried }) => countText(tried), numeric: true },
      { title: 'Fooled', cell: ({ fooled }) => countText(fooled), numeric: true },
      { title: 'Still right', cell: (member) => shareText(standing(member) / samples), numeric: true },
    ],
    members,
  );
}

function blackBoxPart({ blackBox }: Report): Html {
  if (blackBox === null) return html``;
  const option: EChartsOption = {
    grid: gridStyle,
    xAxis: { type: 'log', name: 'Queries', nameLocation: 'middle', nameGap: 28, ...axisStyle },
    yAxis: { type: 'value', name: 'Accuracy (%)', min: 0, max: 100, ...leftName, ...axisStyle },
    series: [
      {
        type: 'line',
        itemStyle: { color: ink.second },
        lineStyle: { color: ink.second },
        data: blackBox.curve.map(({ queries, robust }) => [queries, percent(robust)]),
      },
    ],
  };
  return html`<h3>Without gradients</h3>
<p>The Square attack with the simulated chip as its oracle, ${countText(blackBox.samples)} images, up to ${countText(blackBox.queries)} queries each: it sees
nothing but what the chip answers.</p>
${figure(
  chart('Line: accuracy of the chip by queries of the Square attack', 280, {
    ...option,
    grid: { ...gridStyle, bottom: 34, right: 40 },
  }),
  table(
    'Accuracy of the chip by queries, with 95 % intervals',
    [
      { title: 'Queries', cell: ({ queries }) => countText(queries), numeric: true },
      { title: 'Accuracy', cell: ({ robust }) => proportionText(robust), numeric: true },
    ],
    blackBox.curve,
  ),
)}`;
}
