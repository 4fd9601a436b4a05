import type { BarSeriesOption, EChartsOption } from 'echarts';
import { axisStyle, chart, gridStyle, ink, leftName, legendStyle, rightName } from './chart.js';
import type { ChipPart } from './chip-part.js';
import { type Html, html } from './html.js';
import { countText, figureTitle, meanText, percentText, quantityText } from './number-text.js';
import { figure, table } from './table.js';

/** Spikes, synaptic operations and energy, by layer and by kind of event. */
export function activitySection(report: ChipPart): Html {
  const byLayers = report.layers.reduce((sum, { energyJoules }) => sum + (energyJoules ?? 0), 0);
  const unknown = report.unknownFigures.energy.map(figureTitle);
  return html`<section id="activity"><h2>Spikes and energy by layer</h2>
<p>Means per sample over the clean images. Energy profile ${report.energyProfile}: ${quantityText(report.chip.energyJoules, 'J')} in all,
of which ${quantityText(byLayers, 'J')} belong to layers and the rest to barriers and static power.${unknown.length === 0 ? '' : ` The profile has no figure for ${unknown.join(', ')}: the total is a lower bound.`}</p>
${figure(
  chart('Bars: spikes per sample and synaptic operations per sample of each layer', 320, activityPlot(report)),
  table(
    'Activity by layer, means per sample',
    [
      { title: 'Layer', cell: ({ name }) => name },
      { title: 'Shape', cell: ({ shape }) => shape.join(' × ') },
      { title: 'Neurons', cell: ({ neurons }) => countText(neurons), numeric: true },
      { title: 'Cores', cell: ({ cores }) => countText(cores), numeric: true },
      { title: 'Spikes', cell: ({ spikesPerSample }) => meanText(spikesPerSample), numeric: true },
      { title: 'Active neurons', cell: (layer) => percentText(layer.activeNeuronsPercent), numeric: true },
      { title: 'Spike rate', cell: ({ spikeRatePercent }) => percentText(spikeRatePercent), numeric: true },
      { title: 'Synaptic operations', cell: (layer) => meanText(layer.synopsPerSample), numeric: true },
      { title: 'Energy', cell: ({ energyJoules }) => quantityText(energyJoules, 'J'), numeric: true },
    ],
    report.layers,
  ),
)}${figure(
  chart('Bars: energy per sample of each layer', 280, energyPlot(report)),
  table(
    'Energy by kind of event, means per sample',
    [
      { title: 'Kind', cell: ({ kind }) => figureTitle(kind) },
      { title: 'Energy', cell: ({ joules }) => quantityText(joules, 'J'), numeric: true },
    ],
    report.energyByKind,
  ),
)}</section>
`;
}

function activityPlot(report: ChipPart): EChartsOption {
  const bar = (name: string, colour: string, yAxisIndex: number, data: readonly number[]): BarSeriesOption => ({
    type: 'bar',
    name,
    yAxisIndex,
    itemStyle: { color: colour },
    data: [...data],
  });
  return {
    grid: gridStyle,
    legend: { ...legendStyle, top: 0, left: 'center', right: 'auto' },
    xAxis: { type: 'category', data: report.layers.map(({ name }) => name), ...axisStyle },
    yAxis: [
      { type: 'value', name: 'Spikes', ...leftName, ...axisStyle },
      { type: 'value', name: 'Synaptic operations', ...rightName, ...axisStyle, splitLine: { show: false } },
    ],
    series: [
      bar(
        'Spikes',
        ink.first,
        0,
        report.layers.map(({ spikesPerSample }) => spikesPerSample),
      ),
      bar(
        'Synaptic operations',
        ink.third,
        1,
        report.layers.map(({ synopsPerSample }) => synopsPerSample),
      ),
    ],
  };
}

function energyPlot(report: ChipPart): EChartsOption {
  return {
    grid: gridStyle,
    xAxis: { type: 'category', data: report.layers.map(({ name }) => name), ...axisStyle },
    yAxis: { type: 'value', name: 'Energy (µJ)', ...leftName, ...axisStyle },
    series: [
      {
        type: 'bar',
        barMaxWidth: 60,
        itemStyle: { color: ink.second },
        data: report.layers.map(({ energyJoules }) => (energyJoules === null ? 0 : energyJoules * 1e6)),
      },
    ],
  };
}
