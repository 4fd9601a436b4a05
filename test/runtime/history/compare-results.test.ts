import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareWithBaseline, regressionDiagnostics } from '../../../runtime/history/baseline.js';
import { metricsOf } from '../../../runtime/history/metrics.js';
import { wilson } from '../../../runtime/wilson.js';

const identity = { dataset: 'mnist', data: 'd', samples: 40, seed: 7, target: 'tiny', attack: 'pgd', program: 'p' };

/** A result whose chip has the first `right` of 40 samples right, except those in `lost`. */
function resultOf(right: number, energyJoules: number, { paired = true, lost = 0 } = {}) {
  const digits = Array.from({ length: 40 }, (_, n) => (n < right && n >= lost ? '1' : '0')).join('');
  return {
    identity,
    levels: { chip: { robust: wilson(right - lost, 40) } },
    chip: { energyJoules, cores: 4 },
    ...(paired ? { outcomes: { chip: { robust: digits } } } : {}),
    seconds: Math.PI,
  };
}

const verdicts = (a: unknown, b: unknown, tolerance = 0.01) =>
  Object.fromEntries(compareWithBaseline(a, b, tolerance).map(({ name, verdict }) => [name, verdict]));

describe('figures of a result', () => {
  it('are its numbers by path, shares as one each; lists and settings are none', () => {
    const metrics = metricsOf({ ...resultOf(20, 1e-3), list: [1, 2], deep: { a: { b: 2 } }, none: null, text: 'x' });
    expect(metrics.map(({ name }) => name)).toEqual([
      'levels.chip.robust',
      'chip.energyJoules',
      'chip.cores',
      'seconds',
      'deep.a.b',
    ]);
    expect(metrics[0]).toMatchObject({ value: 0.5, correct: 20, total: 40 });
  });

  it('are found in any JSON without fault', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        for (const { value } of metricsOf(json)) expect(Number.isFinite(value)).toBe(true);
      }),
    );
  });
});

describe('a result held against a baseline', () => {
  it('is worse in costs that grow by more than the tolerance, better in those that fall, else the same', () => {
    const before = resultOf(20, 1e-3);
    expect(verdicts(before, before)).toEqual({
      'levels.chip.robust': 'same',
      'chip.energyJoules': 'same',
      'chip.cores': 'same',
    });
    expect(verdicts(before, resultOf(20, 1.009e-3))['chip.energyJoules']).toBe('same');
    expect(verdicts(before, resultOf(20, 1.011e-3))['chip.energyJoules']).toBe('worse');
    expect(verdicts(before, resultOf(20, 0.5e-3))['chip.energyJoules']).toBe('better');
  });

  it('is worse in a share only where the paired test says so: six samples lost and none won, not five', () => {
    const before = resultOf(20, 1);
    expect(verdicts(before, resultOf(20, 1, { lost: 5 }))['levels.chip.robust']).toBe('unclear');
    expect(verdicts(before, resultOf(20, 1, { lost: 6 }))['levels.chip.robust']).toBe('worse');
    expect(verdicts(resultOf(20, 1, { lost: 6 }), before)['levels.chip.robust']).toBe('better');
    // Without the samples themselves six of forty are not enough, fifteen are.
    const alone = { paired: false };
    expect(verdicts(resultOf(20, 1, alone), resultOf(20, 1, { lost: 6, paired: false }))['levels.chip.robust']).toBe(
      'unclear',
    );
    expect(verdicts(resultOf(20, 1, alone), resultOf(20, 1, { lost: 15, paired: false }))['levels.chip.robust']).toBe(
      'worse',
    );
  });

  it('tells every regression as a failed check', () => {
    const told = regressionDiagnostics(compareWithBaseline(resultOf(20, 1), resultOf(20, 2, { lost: 10 }), 0.01));
    expect(told.map(({ code, where }) => [code, where])).toEqual([
      ['SW5036', 'figure levels.chip.robust'],
      ['SW5036', 'figure chip.energyJoules'],
    ]);
    expect(told[0]!.what).toMatch(/^0\.5 before, 0\.25 now \(p = 0\.0020\)/);
  });

  it.each(['dataset', 'data', 'samples', 'seed', 'target', 'attack'])('of another %s is refused', (key) => {
    const other = {
      ...resultOf(20, 1),
      identity: { ...identity, [key]: key === 'samples' || key === 'seed' ? 1 : 'x' },
    };
    expect(() => compareWithBaseline(resultOf(20, 1), other, 0)).toThrow(/SW5035/);
  });

  it('is compared across programs, and refused where it does not say what it is', () => {
    const other = { ...resultOf(20, 1), identity: { ...identity, program: 'q' } };
    expect(compareWithBaseline(resultOf(20, 1), other, 0)).toHaveLength(3);
    for (const none of [null, 3, {}, { identity: null }, { identity: { ...identity, seed: 'x' } }]) {
      expect(() => compareWithBaseline(none, resultOf(20, 1), 0)).toThrow(/SW5037/);
    }
  });
});
