import { describe, expect, it } from 'vitest';
import type { BudgetFigures } from '../../../runtime/verify/budget.js';
import { budgetDiagnostics, checkBudget } from '../../../runtime/verify/budget.js';
import { wilson } from '../../../runtime/wilson.js';
import type { Budget } from '../../../schemas/budget.js';
import { SpikewrightError } from '../../../schemas/diagnostic.js';

const level = { clean: wilson(8, 10), robust: wilson(5, 10) };

const figures: BudgetFigures = {
  levels: { ann: null, snn: level, spike: null, twin: level, chip: level },
  agreement: [{ levels: ['snn', 'chip'], clean: wilson(9, 10), adversarial: wilson(5, 10) }],
  spikeMismatches: 2,
  readoutMismatches: 1,
  chip: {
    spikesPerSample: 1200,
    activeNeuronsPercent: 40,
    synopsPerSample: 5000,
    latencySeconds: 2e-3,
    energyJoules: 4e-6,
    cores: 7,
    chips: 1,
  },
  unknownFigures: { timing: [], energy: ['barrier', 'staticPower'] },
};

function rowsOf(parts: Partial<Budget>) {
  return checkBudget({ formatVersion: 1, atMost: {}, atLeast: {}, ...parts }, figures);
}

describe('a budget', () => {
  it('gives a row per limit with the room that is left', () => {
    const rows = rowsOf({
      atMost: { energyJoules: 5e-6, latencySeconds: 2e-3, cores: 6, mismatches: 0 },
      atLeast: { accuracy: { chip: { clean: 0.8, robust: 0.6 } }, agreement: 0.85 },
    });
    expect(rows.map(({ name, measured, pass }) => [name, measured, pass])).toEqual([
      ['atMost.energyJoules', 4e-6, true],
      ['atMost.latencySeconds', 2e-3, true],
      ['atMost.cores', 7, false],
      ['atMost.mismatches', 3, false],
      ['atLeast.accuracy.chip.clean', 0.8, true],
      ['atLeast.accuracy.chip.robust', 0.5, false],
      ['atLeast.agreement', 0.9, true],
    ]);
    const margins = rows.map(({ margin }) => margin!);
    for (const [index, margin] of [1e-6, 0, -1, -3, 0, -0.1, 0.05].entries()) {
      expect(margins[index]).toBeCloseTo(margin, 12);
    }
    expect(rows[0]?.note).toBe('a lower bound: barrier, staticPower unknown');
  });

  it('fails with exit code 1 and names limit and measurement', () => {
    const told = budgetDiagnostics(rowsOf({ atMost: { cores: 6, chips: 1 } }));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      code: 'SW5007',
      where: 'budget atMost.cores',
      what: '7 was measured, at most 6 is allowed.',
    });
    expect(new SpikewrightError(told).exitCode).toBe(1);
    expect(budgetDiagnostics(rowsOf({ atMost: { cores: 7 } }))).toEqual([]);
  });

  it('fails a limit on what was not measured', () => {
    const untimed = { ...figures, chip: { ...figures.chip, latencySeconds: null } };
    const budget: Budget = {
      formatVersion: 1,
      atMost: { latencySeconds: 1 },
      atLeast: { accuracy: { ann: { clean: 0.1 } } },
    };
    const rows = checkBudget(budget, untimed);
    expect(rows.map(({ measured, margin, pass }) => [measured, margin, pass])).toEqual([
      [null, null, false],
      [null, null, false],
    ]);
    expect(budgetDiagnostics(rows).map(({ code }) => code)).toEqual(['SW5008', 'SW5008']);
  });
});
