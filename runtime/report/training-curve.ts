import type { EChartsOption, LineSeriesOption } from 'echarts';
import type { TrainingPoint } from '../../schemas/progress.js';
import { axisStyle, chart, gridStyle, ink, leftName, legendStyle, rightName } from './chart.js';
import type { Html } from './html.js';
import { countText, figureText, shareText } from './number-text.js';
import { figure, table } from './table.js';

/** Rows of the table: the latest steps. */
const ROWS = 20;

/** Loss and accuracies of a training that goes on, by step: means over the epoch that each step belongs to, so far. */
export function liveCurves(points: readonly TrainingPoint[]): Html {
  const share = (value: number | null): string => (value === null ? '–' : shareText(value));
  const rows = points.map(({ step, loss, cleanAccuracy: clean, adversarialAccuracy: attacked }) => {
    return { step, loss, clean, attacked };
  });
  return figure(
    chart(
      'Lines: loss and accuracy by step of finetuning',
      280,
      trainingPlot(stepAxis(points), rows, ({ step }) => step),
    ),
    table(
      'The latest steps: means over the epoch so far',
      [
        { title: 'Step', cell: ({ step, steps }) => `${countText(step)} of ${countText(steps)}`, numeric: true },
        { title: 'Loss', cell: ({ loss }) => figureText(loss), numeric: true },
        { title: 'Clean', cell: ({ cleanAccuracy }) => share(cleanAccuracy), numeric: true },
        { title: 'Attacked', cell: ({ adversarialAccuracy }) => share(adversarialAccuracy), numeric: true },
      ],
      points.slice(-ROWS).reverse(),
    ),
  );
}

function stepAxis(points: readonly TrainingPoint[]): NonNullable<EChartsOption['xAxis']> {
  return {
    type: 'value',
    name: 'Step',
    nameLocation: 'middle',
    nameGap: 30,
    nameTextStyle: { color: ink.faint, fontSize: 13 },
    min: 0,
    max: points.at(-1)?.steps ?? 1,
    ...axisStyle,
  };
}

/** What a plot of a training shows at one place of its horizontal axis. Shares in [0, 1]. */
export interface TrainingRow {
  readonly loss: number;
  readonly clean: number | null;
  readonly attacked: number | null;
}

/** Loss on the left axis, accuracies on the right one; `at` gives a row's place on the horizontal axis. */
export function trainingPlot<Row extends TrainingRow>(
  xAxis: NonNullable<EChartsOption['xAxis']>,
  rows: readonly Row[],
  at: (row: Row) => string | number,
): EChartsOption {
  const line = (
    name: string,
    colour: string,
    yAxisIndex: number,
    value: (row: Row) => number | null,
  ): LineSeriesOption => ({
    type: 'line',
    name,
    yAxisIndex,
    symbolSize: rows.length > 50 ? 3 : 7,
    lineStyle: { color: colour, width: 2 },
    itemStyle: { color: colour },
    data: rows.map((row): [string | number, number | null] => [at(row), value(row)]),
  });
  const inPercent = (share: number | null): number | null => (share === null ? null : share * 100);
  return {
    grid: { ...gridStyle, bottom: 30 },
    legend: { ...legendStyle, left: 'center', right: 'auto' },
    xAxis,
    yAxis: [
      { type: 'value', name: 'Loss', scale: true, ...leftName, ...axisStyle },
      { type: 'value', name: 'Accuracy (%)', min: 0, max: 100, ...rightName, ...axisStyle, splitLine: { show: false } },
    ],
    series: [
      line('Loss', ink.third, 0, ({ loss }) => loss),
      line('Clean', ink.first, 1, ({ clean }) => inPercent(clean)),
      line('Attacked', ink.second, 1, ({ attacked }) => inPercent(attacked)),
    ],
  };
}
