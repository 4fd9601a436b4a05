import { describe, expect, it } from 'vitest';
import { onTarget } from '../../runtime/program-target.js';
import type { Target } from '../../schemas/target.js';
import { readTarget } from '../../schemas/target-file.js';
import { loadTarget } from '../../targets/load.js';
import { buildProgram, population, range, readoutProfile } from '../sim/program-builder.js';

function compiledFor(target: Target) {
  const program = buildProgram({
    timesteps: 1,
    populations: [population('out', 1, 0, 'readout')],
    cores: [{ core: 0, ranges: [range(0, [0])], profiles: [readoutProfile()] }],
  });
  return { ...program, targetJson: JSON.stringify(target) };
}

describe('the target that a program runs on', () => {
  const loihi = loadTarget('loihi1');
  const slower: Target = {
    ...loihi,
    timing: { ...loihi.timing, synapticOperation: { value: 9, unit: 'ns', source: 'made for tests' } },
  };

  it('is the one written in it, without a word where nothing has changed', async () => {
    const program = compiledFor(loihi);
    expect(await onTarget(program, undefined)).toEqual({ value: program, diagnostics: [] });
    // Weights narrowed by whoever compiled are no change of the chip's figures.
    const { arithmetic } = loihi;
    const narrow = compiledFor({ ...loihi, arithmetic: { ...arithmetic, weight: { ...arithmetic.weight, bits: 4 } } });
    expect((await onTarget(narrow, undefined)).diagnostics).toEqual([]);
    expect((await onTarget(compiledFor({ ...slower, name: 'mine' }), undefined)).diagnostics).toEqual([]);
  });

  it('is still that one where the chip’s figures have changed, which is said, with the way out', async () => {
    const program = compiledFor(slower);
    const { value, diagnostics } = await onTarget(program, undefined);
    expect(value).toBe(program);
    expect(diagnostics).toMatchObject([{ code: 'SW3012', severity: 'warning' }]);
    expect(diagnostics[0]!.what).toMatch(/loihi1 have changed .*: timing\.synapticOperation\.$/);
    expect(diagnostics[0]!.fix).toContain('--target loihi1');
  });

  it('is the one that is asked for', async () => {
    const { value, diagnostics } = await onTarget(compiledFor(slower), 'loihi1');
    expect(readTarget(value.targetJson, 'target')).toEqual(loihi);
    expect(diagnostics).toEqual([]);
    await expect(onTarget(compiledFor(loihi), 'loihi9')).rejects.toThrow(/SW2201/);
  });
});
