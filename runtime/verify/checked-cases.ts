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
  const [first] = found.mismatched;
  return [
    {
      group: 'equivalence',
      name: 'chip = twin, every spike and every readout',
      failure: first === undefined ? null : `${first.where}: ${first.what}`,
    },
    ...budgetCases(rows, found.violated),
    ...changes
      .filter(({ better }) => better !== null)
      .map(({ name }) => ({ group: 'baseline', name, failure: whyOf(found.worse, `figure ${name}`) })),
  ];
}

/** The limits of a budget, with why those that failed did. */
export function budgetCases(rows: readonly BudgetRow[], violated: readonly Diagnostic[]): CheckedCase[] {
  return rows.map(({ name }) => ({ group: 'budget', name, failure: whyOf(violated, `budget ${name}`) }));
}

function whyOf(diagnostics: readonly Diagnostic[], where: string): string | null {
  return diagnostics.find((entry) => entry.where === where)?.what ?? null;
}
