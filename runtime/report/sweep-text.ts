import type { SweepPoint, SweepResult } from '../../schemas/sweep.js';
import { proportionText } from './level-text.js';
import { quantityText } from './number-text.js';
import { textTable } from './text-table.js';

/** The points of a sweep as a table for terminals, those on the front marked, and why others were refused. */
export function sweepText({ points }: SweepResult): string {
  const table = textTable(
    [
      { title: '' },
      { title: 'Point' },
      { title: 'Clean', align: 'right' },
      { title: 'Attacked', align: 'right' },
      { title: 'Energy', align: 'right' },
      { title: 'Latency', align: 'right' },
    ],
    Object.entries(points).map(([name, point]) => [point.onFront ? '*' : '', name, ...figures(point)]),
  );
  const reasons = Object.values(points).flatMap(({ refused }) =>
    refused.map(({ code, where, what }) => `${code} ${where}: ${what}`),
  );
  return [table, ...new Set(reasons)].join('\n');
}

/** What was measured of a point in one line, or why there is nothing. */
export function pointText(point: SweepPoint): string {
  const [first, attacked, energy, latency] = figures(point);
  return point.robust === null ? first! : `clean ${first}, attacked ${attacked}, ${energy}, ${latency}`;
}

/** A point's figures: what was measured, or why there is nothing. */
function figures({ clean, robust, energyJoules, latencySeconds, refused }: SweepPoint): string[] {
  if (clean === null || robust === null) return [refused.map(({ code }) => code).join(', '), '', '', ''];
  return [
    proportionText(clean),
    proportionText(robust),
    quantityText(energyJoules, 'J'),
    quantityText(latencySeconds, 's'),
  ];
}
