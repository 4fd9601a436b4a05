import type { Diagnostic } from '../../schemas/diagnostic.js';
import type { MetricChange } from '../history/compare-results.js';
import type { BudgetRow } from './budget.js';
import type { CheckedCase } from './junit.js';

/** Everything that can fail, with why it did. */
export function checkedCases(
  found: Readonly<Record<'mismatched' | 'violated' | 'worse', readonly Diagnostic[]>>,
  rows: readonly BudgetRow[],
  changes: readonly MetricChange[],
): CheckedCase[] {
  const whyOf = (diagnostics: readonly Diagnostic[], where: string): string | null =>
    diagnostics.find((entry) => entry.where === where)?.what ?? null;
  const [first] = found.mismatched;
  return [
    {
      group: 'equivalence',
      name: 'chip = twin, every spike and every readout',
      failure: first === undefined ? null : `${first.where}: ${first.what}`,
    },
    ...rows.map(({ name }) => ({ group: 'budget', name, failure: whyOf(found.violated, `budget ${name}`) })),
    ...changes
      .filter(({ better }) => better !== null)
      .map(({ name }) => ({ group: 'baseline', name, failure: whyOf(found.worse, `figure ${name}`) })),
  ];
}
