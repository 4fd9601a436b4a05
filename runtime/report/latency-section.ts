import type { EChartsOption } from 'echarts';
import { axisStyle, chart, gridStyle, ink, leftName } from './chart.js';
import type { ChipPart } from './chip-part.js';
import { type Html, html } from './html.js';
import { countText, figureTitle, plotUnit, quantityText } from './number-text.js';
import { figure, table } from './table.js';

const BINS = 24;

/** Samples whose latency lies in [low, high) seconds; in the last bin also at `high`. */
interface Bin {
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

/** The distribution of the samples' latencies on the chip. */
export function latencySection(report: ChipPart): Html {
  if (report.latencies.length === 0) {
    return html`<section id="latency"><h2>Latency</h2><p>Not measured: this run had timing ${report.timing}.</p></section>
`;
  }
  const sorted = [...report.latencies].sort((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  const bins = histogram(sorted);
  const unknown = report.unknownFigures.timing.map(figureTitle);
  return html`<section id="latency"><h2>Latency per inference</h2>
<p>From loading a sample to reading its result, ${report.timing} timing: median ${quantityText(quantile(0.5), 's')},
fastest ${quantityText(quantile(0), 's')}, 95 % within ${quantityText(quantile(0.95), 's')}, slowest ${quantityText(quantile(1), 's')}.
${unknown.length === 0 ? '' : `The target has no figure for ${unknown.join(', ')}: these are lower bounds.`}</p>
${figure(
  chart('Histogram: number of samples by latency', 260, plot(bins)),
  table(
    'Samples by latency',
    [
      { title: 'From', cell: ({ low }) => quantityText(low, 's'), numeric: true },
      { title: 'To', cell: ({ high }) => quantityText(high, 's'), numeric: true },
      { title: 'Samples', cell: ({ samples }) => countText(samples), numeric: true },
    ],
    bins,
  ),
)}</section>
`;
}

/** Equal bins over the range of `sorted`, which is not empty. */
function histogram(sorted: readonly number[]): Bin[] {
  const low = sorted[0]!;
  const width = (sorted[sorted.length - 1]! - low) / BINS;
  if (width === 0) return [{ low, high: low, samples: sorted.length }];
  const counts = new Array<number>(BINS).fill(0);
  for (const latency of sorted) {
    const bin = Math.min(BINS - 1, Math.floor((latency - low) / width));
    counts[bin] = counts[bin]! + 1;
  }
  return counts.map((samples, bin) => ({ low: low + bin * width, high: low + (bin + 1) * width, samples }));
}

function plot(bins: readonly Bin[]): EChartsOption {
  const { factor, prefix } = plotUnit(bins.map(({ high }) => high));
  const middle = ({ low, high }: Bin): string => Number(((low + high) / 2 / factor).toPrecision(3)).toString();
  return {
    grid: { ...gridStyle, bottom: 30 },
    xAxis: {
      type: 'category',
      name: `Latency (${prefix}s)`,
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: { color: ink.faint, fontSize: 13 },
      data: bins.map(middle),
      ...axisStyle,
    },
    yAxis: { type: 'value', name: 'Samples', minInterval: 1, ...leftName, ...axisStyle },
    series: [
      {
        type: 'bar',
        barCategoryGap: '8%',
        itemStyle: { color: ink.first },
        data: bins.map(({ samples }) => samples),
      },
    ],
  };
}
