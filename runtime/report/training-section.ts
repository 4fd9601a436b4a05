import type { EChartsOption } from 'echarts';
import type { Report } from '../../schemas/report.js';
import { axisStyle, chart } from './chart.js';
import { type Html, html } from './html.js';
import { countText, figureText, optionalPercent, percentText, shareText } from './number-text.js';
import { figure, table } from './table.js';
import { thresholdCurves } from './threshold-curve.js';
import { trainingPlot } from './training-curve.js';

/** How finetuning went, and what it and quantisation made of thresholds and weights. */
export function trainingSection(report: Report): Html {
  return html`<section id="training"><h2>Finetuning, thresholds, quantisation</h2>
${report.finetuning.length === 0 ? html`<p>This run did not finetune.</p>` : html`<p>Means over the training images of each epoch, clean and as the training attack changed them.</p>${curves(report)}${thresholdCurves(report.finetuning, calibratedOf(report))}`}
${table(
  'Firing thresholds: calibrated, finetuned, and in membrane units of the chip',
  [
    { title: 'Layer', cell: ({ layer }) => layer },
    { title: 'Calibrated', cell: ({ calibrated }) => figureText(calibrated), numeric: true },
    { title: 'Finetuned', cell: ({ finetuned }) => figureText(finetuned), numeric: true },
    { title: 'Integer', cell: ({ integer }) => countText(integer), numeric: true },
  ],
  report.thresholds,
)}${table(
  'Quantisation of weights: membrane units per unit of the network, largest and distinct values, error; what the integers do on calibration images',
  [
    { title: 'Layer', cell: ({ layer }) => layer },
    { title: 'Units per unit', cell: ({ scale }) => figureText(scale), numeric: true },
    { title: 'Largest', cell: ({ weightMax }) => countText(weightMax), numeric: true },
    { title: 'Distinct', cell: ({ distinctWeights }) => countText(distinctWeights), numeric: true },
    { title: 'Rounding error', cell: ({ weightErrorRms }) => percentText(weightErrorRms * 100), numeric: true },
    {
      title: 'Input SQNR',
      cell: ({ inputSqnrDecibels: decibels }) => (decibels == null ? '–' : `${decibels.toFixed(1)} dB`),
      numeric: true,
    },
    {
      title: 'Spikes as float',
      cell: ({ spikeAgreementPercent }) => optionalPercent(spikeAgreementPercent ?? null),
      numeric: true,
    },
    {
      title: 'Saturated',
      cell: ({ saturationPercent }) => optionalPercent(saturationPercent ?? null),
      numeric: true,
    },
  ],
  report.quantisation,
)}</section>
`;
}

function calibratedOf({ thresholds }: Report): ReadonlyMap<string, number> {
  return new Map(thresholds.map(({ layer, calibrated }) => [layer, calibrated]));
}

/** Loss and accuracy by epoch. */
export function curves(report: Pick<Report, 'finetuning'>): Html {
  return figure(
    chart('Lines: loss and accuracy by epoch of finetuning', 280, plot(report)),
    table(
      'Finetuning by epoch',
      [
        { title: 'Epoch', cell: ({ epoch }) => countText(epoch), numeric: true },
        { title: 'Learning rate', cell: ({ learningRate }) => figureText(learningRate), numeric: true },
        { title: 'Loss', cell: ({ loss }) => figureText(loss), numeric: true },
        { title: 'Clean', cell: ({ cleanAccuracy }) => optionalShare(cleanAccuracy), numeric: true },
        { title: 'Attacked', cell: ({ robustAccuracy }) => optionalShare(robustAccuracy), numeric: true },
      ],
      report.finetuning,
    ),
  );
}

function optionalShare(share: number | null): string {
  return share === null ? '–' : shareText(share);
}

function plot({ finetuning }: Pick<Report, 'finetuning'>): EChartsOption {
  const title = (epoch: number): string => `epoch ${epoch}`;
  return trainingPlot(
    { type: 'category', data: finetuning.map(({ epoch }) => title(epoch)), ...axisStyle },
    finetuning.map(({ epoch, loss, cleanAccuracy: clean, robustAccuracy: attacked }) => {
      return { epoch, loss, clean, attacked };
    }),
    ({ epoch }) => title(epoch),
  );
}
