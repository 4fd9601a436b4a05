import type { LineSeriesOption } from 'echarts';
import type { Report } from '../../schemas/report.js';
import { axisStyle, chart, gridStyle, ink, leftName, legendStyle } from './chart.js';
import { type Html, html } from './html.js';
import { countText, figureText } from './number-text.js';
import { figure, table } from './table.js';

type Epoch = Report['finetuning'][number];

const colours = [ink.first, ink.second, ink.third, ink.fourth] as const;
const strokes = ['solid', 'dashed', 'dotted'] as const;

/** The thresholds of every neuron layer by epoch, from where calibration left them; nothing where no epoch has them. */
export function thresholdCurves(epochs: readonly Epoch[], calibrated: ReadonlyMap<string, number>): Html {
  const rows = epochs.flatMap(({ epoch, thresholds }) => (thresholds === undefined ? [] : [{ epoch, thresholds }]));
  const layers = Object.keys(rows[0]?.thresholds ?? {});
  if (layers.length === 0) return html``;
  const isCalibrated = layers.every((layer) => calibrated.has(layer));
  const all = isCalibrated
    ? [{ epoch: 0, thresholds: Object.fromEntries(layers.map((layer) => [layer, calibrated.get(layer)!])) }, ...rows]
    : rows;
  return figure(
    chart('Lines: thresholds by epoch of finetuning', 280, {
      grid: { ...gridStyle, bottom: 30 },
      legend: { ...legendStyle, left: 'center', right: 'auto', type: 'plain' },
      xAxis: { type: 'category', data: all.map(({ epoch }) => title(epoch)), ...axisStyle },
      yAxis: { type: 'value', name: 'Threshold', scale: true, ...leftName, ...axisStyle },
      series: layers.map((layer, index): LineSeriesOption => {
        const colour = colours[index % colours.length]!;
        const type = strokes[Math.floor(index / colours.length) % strokes.length]!;
        return {
          type: 'line',
          name: layer,
          symbolSize: all.length > 50 ? 3 : 7,
          lineStyle: { color: colour, width: 2, type },
          itemStyle: { color: colour },
          data: all.map(({ thresholds }) => thresholds[layer] ?? null),
        };
      }),
    }),
    table(
      'Thresholds by epoch; epoch 0 is the calibration',
      [
        { title: 'Epoch', cell: ({ epoch }: (typeof all)[number]) => countText(epoch), numeric: true },
        ...layers.map((layer) => ({
          title: layer,
          cell: ({ thresholds }: (typeof all)[number]) => figureText(thresholds[layer]!),
          numeric: true as const,
        })),
      ],
      all,
    ),
  );
}

function title(epoch: number): string {
  return epoch === 0 ? 'calibrated' : `epoch ${epoch}`;
}
