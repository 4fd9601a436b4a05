import { describe, expect, it } from 'vitest';
import { wilson } from '../../runtime/wilson.js';
import { difference, fewer, judgeEffects } from '../bench/judge-effects.js';

describe('differences of shares', () => {
  it('have the interval of Newcombe 1998, table II: 56 of 70 against 48 of 80 by method 10', () => {
    const { value, low, high } = difference(wilson(56, 70), wilson(48, 80));
    expect(value).toBeCloseTo(0.2, 12);
    expect(low).toBeCloseTo(0.0524, 4);
    expect(high).toBeCloseTo(0.3339, 4);
  });

  it('of a part of the same images are the share in between', () => {
    expect(fewer(wilson(60, 100), wilson(50, 100))).toEqual({
      value: 0.1,
      low: wilson(10, 100).low,
      high: wilson(10, 100).high,
    });
  });
});

describe('effects', () => {
  const evaluation = (robust: number) => ({ clean: wilson(9000, 10_000), robust: wilson(robust, 10_000) });
  const evaluations = (changes: Record<string, ReturnType<typeof evaluation>> = {}) => ({
    'at-trainable-by-member': {
      ...evaluation(4000),
      byMember: [
        { name: 'weak', robust: wilson(6000, 10_000) },
        { name: 'strong', robust: wilson(4500, 10_000) },
      ],
    },
    'hire-style-ensemble': evaluation(1000),
    'at-fixed-ensemble': evaluation(3900),
    'at-trainable-fgsm': evaluation(6000),
    'at-trainable-rfgsm': evaluation(7000),
    'at-trainable-pgd20': evaluation(4600),
    ...changes,
  });

  it('are shown where the interval lies beyond the bound', () => {
    const effects = judgeEffects(evaluations());
    expect(effects.map(({ verdict }) => verdict)).toEqual(['shown', 'shown', 'shown', 'shown', 'shown']);
    expect(effects[2]!.effect).toContain('strong');
    expect(effects[0]!.measured).toMatch(/^30\.0 points \[/);
  });

  it('are contradicted where it lies on the other side, and not shown where it covers the bound', () => {
    const verdicts = (changes: Record<string, ReturnType<typeof evaluation>>) =>
      judgeEffects(evaluations(changes)).map(({ verdict }) => verdict);
    expect(verdicts({ 'at-fixed-ensemble': evaluation(5000) })[1]).toBe('contradicted');
    expect(verdicts({ 'at-fixed-ensemble': evaluation(4100) })[1]).toBe('not shown');
    expect(verdicts({ 'hire-style-ensemble': evaluation(3000) })[0]).toBe('not shown');
  });
});
