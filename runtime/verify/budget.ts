import type { Budget, BudgetCeilings } from '../../schemas/budget.js';
import type { Diagnostic } from '../../schemas/diagnostic.js';
import { diagnostic } from '../../schemas/diagnostic.js';
import type { Result } from '../../schemas/result.js';
import { levelNames } from './levels.js';

/** One limit of a budget held against what was measured. */
export interface BudgetRow {
  /** As the budget file names it, e.g. "atMost.cores", "atLeast.accuracy.chip.robust". */
  readonly name: string;
  readonly limit: number;
  /** null where it was not measured. */
  readonly measured: number | null;
  /** The room that is left, in the limit's unit; negative where it is violated, null where nothing was measured. */
  readonly margin: number | null;
  readonly pass: boolean;
  /** What to know about the measured value; empty where there is nothing. */
  readonly note: string;
}

/** The part of a result that budgets look at. */
export type BudgetFigures = Omit<Result, 'samples' | 'seconds'>;

/**
 * A row for each limit that the budget sets, ceilings first. Ceilings are held against the chip's means over the clean
 * samples; floors against the measured shares themselves, not the bounds of their intervals. A limit passes with
 * equality and fails where nothing was measured. Times and energies that lack a figure of the target say so in `note`:
 * they are lower bounds.
 */
export function checkBudget(budget: Budget, figures: BudgetFigures): BudgetRow[] {
  const rows: BudgetRow[] = [];
  const measured = ceilingFigures(figures);
  for (const name of Object.keys(measured) as (keyof BudgetCeilings)[]) {
    const limit = budget.atMost[name];
    if (limit === undefined) continue;
    const { value, note } = measured[name];
    const margin = value === null ? null : limit - value;
    rows.push({ name: `atMost.${name}`, limit, measured: value, margin, pass: margin !== null && margin >= 0, note });
  }
  const addFloor = (name: string, limit: number | undefined, share: number | null): void => {
    if (limit === undefined) return;
    const margin = share === null ? null : share - limit;
    rows.push({
      name: `atLeast.${name}`,
      limit,
      measured: share,
      margin,
      pass: margin !== null && margin >= 0,
      note: '',
    });
  };
  for (const level of levelNames) {
    const floors = budget.atLeast.accuracy?.[level];
    const result = figures.levels[level] ?? null;
    for (const images of ['clean', 'robust'] as const) {
      addFloor(`accuracy.${level}.${images}`, floors?.[images], result === null ? null : shareOf(result[images]));
    }
  }
  const agreement = figures.agreement?.find(({ levels }) => levels[0] === 'snn' && levels[1] === 'chip');
  addFloor('agreement', budget.atLeast.agreement, agreement === undefined ? null : shareOf(agreement.clean));
  return rows;
}

/** SW5007 for each violated limit, SW5008 for each that cannot be judged. */
export function budgetDiagnostics(rows: readonly BudgetRow[]): Diagnostic[] {
  return rows
    .filter(({ pass }) => !pass)
    .map(({ name, limit, measured }) =>
      measured === null
        ? diagnostic('SW5008', 'error', { where: `budget ${name}`, what: 'this figure was not measured.' })
        : diagnostic('SW5007', 'error', {
            where: `budget ${name}`,
            what: `${figure(measured)} was measured, ${name.startsWith('atMost') ? 'at most' : 'at least'} ${figure(limit)} is allowed.`,
          }),
    );
}

type Measured = Readonly<Record<keyof BudgetCeilings, { readonly value: number | null; readonly note: string }>>;

function ceilingFigures({ chip, unknownFigures, spikeMismatches, readoutMismatches }: BudgetFigures): Measured {
  const lowerBound = (unknown: readonly string[] = []): string =>
    unknown.length === 0 ? '' : `a lower bound: ${unknown.join(', ')} unknown`;
  const plain = (value: number) => ({ value, note: '' });
  return {
    energyJoules: { value: chip.energyJoules, note: lowerBound(unknownFigures?.energy) },
    latencySeconds: { value: chip.latencySeconds, note: lowerBound(unknownFigures?.timing) },
    spikesPerSample: plain(chip.spikesPerSample),
    activeNeuronsPercent: plain(chip.activeNeuronsPercent),
    synopsPerSample: plain(chip.synopsPerSample),
    cores: plain(chip.cores),
    chips: plain(chip.chips),
    mismatches: plain(spikeMismatches + readoutMismatches),
  };
}

function shareOf({ correct, total }: { readonly correct: number; readonly total: number }): number {
  return correct / total;
}

/** Six significant digits, without trailing zeros. */
function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}
