import type { Report } from '../../schemas/report.js';
import { epsilonText, levels, methodName, proportionText } from './level-text.js';
import { countText, figureTitle, meanText, percentText, quantityText } from './number-text.js';
import { textTable } from './text-table.js';

/** The result of a run as tables for a terminal: accuracy by level, activity by layer, the chip's figures per inference. */
export function summaryText(report: Report): string {
  const { method, epsilon, steps } = report.attack;
  const attack = `${methodName(method)} ε = ${epsilonText(epsilon)}, ${countText(steps)} steps`;
  return [
    `${report.name} on ${report.target}, ${countText(report.samples)} ${report.dataset} test images, 95 % intervals`,
    accuracyTable(report, attack),
    `Per inference, by layer (T = ${report.timesteps}, energy profile ${report.energyProfile})`,
    layerTable(report),
    [chipLine(report), ...unknownLines(report)].join('\n'),
    verdictLine(report),
  ].join('\n\n');
}

function accuracyTable(report: Report, attack: string): string {
  return textTable(
    [
      { title: 'Level' },
      { title: 'Clean accuracy', align: 'right' },
      { title: `Robust accuracy (${attack})`, align: 'right' },
    ],
    levels.map(({ name, title }) => [
      title,
      proportionText(report.levels[name].clean),
      proportionText(report.levels[name].robust),
    ]),
  );
}

/** What a table by layer tells; the means are per sample. */
export const layerColumns = [
  { title: 'Layer' },
  { title: 'Neurons', align: 'right' },
  { title: 'Cores', align: 'right' },
  { title: 'Spikes', align: 'right' },
  { title: 'Active neurons', align: 'right' },
  { title: 'Synaptic ops', align: 'right' },
  { title: 'Energy', align: 'right' },
] as const;

function layerTable({ layers, chip }: Report): string {
  const known = layers.map(({ energyJoules }) => energyJoules ?? 0).reduce((sum, energy) => sum + energy, 0);
  const shared = chip.energyJoules === null ? null : chip.energyJoules - known;
  return textTable(layerColumns, [
    ...layers.map((layer) => [
      layer.name,
      countText(layer.neurons),
      countText(layer.cores),
      meanText(layer.spikesPerSample),
      percentText(layer.activeNeuronsPercent),
      meanText(layer.synopsPerSample),
      quantityText(layer.energyJoules, 'J'),
    ]),
    ['barriers, static', '', '', '', '', '', quantityText(shared, 'J')],
    [
      'chip',
      countText(layers.reduce((sum, { neurons }) => sum + neurons, 0)),
      countText(chip.cores),
      meanText(chip.spikesPerSample),
      percentText(chip.activeNeuronsPercent),
      meanText(chip.synopsPerSample),
      quantityText(chip.energyJoules, 'J'),
    ],
  ]);
}

function chipLine({ chip, timing }: Report): string {
  const parts = [
    `${countText(chip.timestepsPerSample)} timesteps`,
    `latency ${quantityText(chip.latencySeconds, 's')} (${timing})`,
    `energy ${quantityText(chip.energyJoules, 'J')}`,
    `${countText(chip.cores)} cores on ${countText(chip.chips)} ${chip.chips === 1 ? 'chip' : 'chips'}`,
  ];
  return `Per inference: ${parts.join(', ')}`;
}

/** Which events cost nothing for want of a published figure. */
function unknownLines({ unknownFigures, chip }: Report): string[] {
  const line = (what: string, names: readonly string[]): string[] =>
    names.length === 0
      ? []
      : [`${what} is a lower bound: no published figure for ${names.map(figureTitle).join(', ')}`];
  return [
    ...(chip.latencySeconds === null ? [] : line('Latency', unknownFigures.timing)),
    ...line('Energy', unknownFigures.energy),
  ];
}

function verdictLine({ spikeMismatches, readoutMismatches, samples }: Report): string {
  return spikeMismatches + readoutMismatches === 0
    ? `✓ chip = twin: no spike and no readout differs on ${countText(samples)} clean and ${countText(samples)} attacked images`
    : `✗ chip ≠ twin: ${countText(spikeMismatches)} spikes and ${countText(readoutMismatches)} readouts differ`;
}
