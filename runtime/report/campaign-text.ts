import type { ReportProportion } from '../../schemas/report.js';
import type { FaultOutcome, Statistics } from '../../schemas/stats.js';
import { proportionText } from './level-text.js';
import { countText, meanText } from './number-text.js';
import { textTable } from './text-table.js';

/** A fault campaign as a table, the unfaulted chip first, and what no message can reach. */
export function campaignText(
  whole: Pick<Statistics, 'samples' | 'spikes' | 'messages' | 'hops'>,
  accuracy: ReportProportion,
  outcomes: readonly FaultOutcome[],
): string {
  const first = ['none', '', '', proportionText(accuracy), countText(whole.samples), meanText(whole.spikes)];
  const rows = outcomes.map((outcome) => [
    outcome.fault,
    outcome.rate === null ? '' : String(outcome.rate),
    struckText(outcome),
    proportionText(outcome.accuracy),
    countText(outcome.samePredictions),
    meanText(outcome.spikes),
    meanText(outcome.messages),
    meanText(outcome.lost),
    meanText(outcome.hops),
  ]);
  const table = textTable(
    [
      { title: 'Fault' },
      { title: 'Rate', align: 'right' },
      { title: 'Struck', align: 'right' },
      { title: 'Accuracy', align: 'right' },
      { title: 'Same class', align: 'right' },
      { title: 'Spikes', align: 'right' },
      { title: 'Messages', align: 'right' },
      { title: 'Lost', align: 'right' },
      { title: 'Hops', align: 'right' },
    ],
    [[...first, meanText(whole.messages), meanText(0), meanText(whole.hops)], ...rows],
  );
  const cut = outcomes.flatMap(({ fault, unreachable }) => {
    const shown = unreachable.slice(0, 4).map(({ from, to }) => `${from} → ${to}`);
    const more = unreachable.length > shown.length ? ` and ${countText(unreachable.length - shown.length)} more` : '';
    return unreachable.length === 0 ? [] : [`${fault}: no message arrives ${shown.join(', ')}${more}`];
  });
  return [table, ...cut].join('\n');
}

function struckText({ fault, flippedBits, neurons, late }: FaultOutcome): string {
  if (fault === 'bitflip') return `${countText(flippedBits)} bits`;
  if (fault === 'dead' || fault === 'stuck') return `${countText(neurons)} neurons`;
  return fault === 'delay' ? `${meanText(late)} late` : '';
}
