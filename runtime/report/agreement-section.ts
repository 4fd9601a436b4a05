import type { Report, ReportSpikeAgreement } from '../../schemas/report.js';
import { axisStyle, chart, gridStyle, ink, leftName, legendStyle } from './chart.js';
import { levelTitle } from './comparison-text.js';
import { type Html, html } from './html.js';
import { countText, figureText, percentText, shareText } from './number-text.js';
import { figure, table } from './table.js';

/** Where the levels fire alike and where they part, layer by layer and timestep by timestep. */
export function agreementSection({ spikeAgreement }: Report): Html {
  return html`<section id="agreement"><h2>Where levels part</h2>
<p>Spikes of neighbouring levels on the same clean images. Folding the norms changes nothing but rounding; quantisation
changes weights, thresholds and drives. Between twin and chip not one spike may differ.</p>
${spikeAgreement.map(pair)}</section>
`;
}

function pair(agreement: ReportSpikeAgreement): Html {
  const { levels, samples, samplesParted, layers, logitErrorMean, logitErrorMax, firstDivergence } = agreement;
  const [first, second] = [levelTitle(levels[0]), levelTitle(levels[1])];
  const timesteps = layers[0]?.differing.length ?? 0;
  const share = (differing: number, compared: number): number => (compared === 0 ? 0 : differing / compared);
  const colours = [ink.first, ink.second, ink.third, ink.fourth];
  return html`<h3>${first} and ${second}</h3>
<p>${samplesParted === 0 ? `Every spike of ${countText(samples)} images agrees.` : `In ${countText(samplesParted)} of ${countText(samples)} images some spike differs.`}
Logits differ by ${figureText(logitErrorMean)} on average, ${figureText(logitErrorMax)} at most.${
    firstDivergence === null
      ? ''
      : ` First of all in image ${countText(firstDivergence.sample)}, timestep ${firstDivergence.timestep}: layer ${firstDivergence.layer}, neuron ${countText(firstDivergence.neuron)}.`
  }</p>
${figure(
  chart(`Lines: differing spikes of ${first} and ${second} by timestep, one line per layer`, 280, {
    grid: { ...gridStyle, bottom: 34 },
    legend: { ...legendStyle, data: layers.map(({ layer }) => layer) },
    xAxis: {
      type: 'category',
      name: 'Timestep',
      nameLocation: 'middle',
      nameGap: 28,
      data: Array.from({ length: timesteps }, (_, t) => t),
      ...axisStyle,
    },
    yAxis: { type: 'value', name: 'Differing (%)', min: 0, ...leftName, ...axisStyle },
    series: layers.map(({ layer, comparedPerTimestep, differing }, index) => ({
      type: 'line' as const,
      name: layer,
      itemStyle: { color: colours[index % colours.length]! },
      lineStyle: {
        color: colours[index % colours.length]!,
        type: index < colours.length ? ('solid' as const) : ('dashed' as const),
      },
      data: differing.map((count) => 100 * share(count, comparedPerTimestep)),
    })),
  }),
  table(
    `Spikes of ${first} and ${second} that differ, in percent of those compared`,
    [
      { title: 'Layer', cell: ({ layer }) => layer },
      ...Array.from({ length: timesteps }, (_, t) => ({
        title: `t = ${t}`,
        numeric: true as const,
        cell: ({ differing, comparedPerTimestep }: ReportSpikeAgreement['layers'][number]) =>
          percentText(100 * share(differing[t]!, comparedPerTimestep)),
      })),
      {
        title: 'All agree',
        numeric: true as const,
        cell: ({ differing, comparedPerTimestep }) =>
          shareText(
            1 -
              share(
                differing.reduce((sum, count) => sum + count, 0),
                comparedPerTimestep * timesteps,
              ),
          ),
      },
    ],
    layers,
  ),
)}`;
}
