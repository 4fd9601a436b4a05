import type {
  LevelName,
  ReportBlackBox,
  ReportComparison,
  ReportMember,
  ReportTransfer,
} from '../../schemas/report.js';
import type { BudgetRow } from '../verify/budget.js';
import { differenceText, levelTitle, pValueText, verdictText } from './comparison-text.js';
import { levels, proportionText } from './level-text.js';
import { countText, figureText, shareText } from './number-text.js';
import { textTable } from './text-table.js';

/** Accuracy of every level that was measured, clean and under its own adversary. */
export function levelTable(
  results: Readonly<
    Record<
      LevelName,
      { clean: Parameters<typeof proportionText>[0]; robust: Parameters<typeof proportionText>[0] } | null
    >
  >,
): string {
  return textTable(
    [{ title: 'Level' }, { title: 'Clean accuracy', align: 'right' }, { title: 'Robust accuracy', align: 'right' }],
    levels.flatMap(({ name, title }) => {
      const result = results[name];
      return result === null ? [] : [[title, proportionText(result.clean), proportionText(result.robust)]];
    }),
  );
}

/** Paired comparisons with their verdicts. */
export function comparisonTable(comparisons: readonly ReportComparison[]): string {
  return textTable(
    [{ title: 'Compared' }, { title: 'Images' }, { title: 'Points', align: 'right' }, { title: 'p' }, { title: '' }],
    comparisons.map((comparison) => [
      comparison.levels.map(levelTitle).join(' – '),
      comparison.images,
      differenceText(comparison),
      pValueText(comparison.pValue),
      verdictText(comparison),
    ]),
  );
}

/** Every adversary against every level. */
export function transferTable(transfer: readonly ReportTransfer[]): string {
  const shown = levels.filter(({ name }) => transfer.some(({ level }) => level === name));
  const sources = [...new Set(transfer.map(({ source }) => source))];
  return textTable(
    [{ title: 'Crafted against' }, ...shown.map(({ title }) => ({ title, align: 'right' as const }))],
    sources.map((source) => [
      levelTitle(source),
      ...shown.map(({ name }) => {
        const found = transfer.find((entry) => entry.source === source && entry.level === name);
        return found === undefined ? '–' : shareText(found.robust.correct / found.robust.total);
      }),
    ]),
  );
}

/** The ensemble, member by member. */
export function memberTable(members: readonly ReportMember[]): string {
  return textTable(
    [
      { title: 'Member' },
      { title: 'Against' },
      { title: 'Tried', align: 'right' },
      { title: 'Fooled', align: 'right' },
    ],
    members.map(({ name, source, tried, fooled }) => [name, levelTitle(source), countText(tried), countText(fooled)]),
  );
}

/** Accuracy by queries of the chip. */
export function queryTable({ curve }: ReportBlackBox): string {
  return textTable(
    [
      { title: 'Queries of the chip', align: 'right' },
      { title: 'Accuracy', align: 'right' },
    ],
    curve.map(({ queries, robust }) => [countText(queries), proportionText(robust)]),
  );
}

/** Limits, and what was measured. */
export function budgetTable(rows: readonly BudgetRow[]): string {
  return textTable(
    [
      { title: 'Budget' },
      { title: 'Limit', align: 'right' },
      { title: 'Measured', align: 'right' },
      { title: 'Margin', align: 'right' },
      { title: '' },
      { title: '' },
    ],
    rows.map(({ name, limit, measured, margin, pass, note }) => [
      name,
      figureText(limit),
      figureText(measured),
      figureText(margin),
      pass ? '✓' : '✗',
      note,
    ]),
  );
}
