import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Membranes, SpikeTrain } from '../../../runtime/calibrate/spike-train.js';

describe('a spike train', () => {
  it('gives back the bits that were marked, and no others', () => {
    const marks = fc.array(fc.tuple(fc.nat(4), fc.nat(18)), { maxLength: 60 });
    fc.assert(
      fc.property(marks, fc.nat(4), (list, first) => {
        const train = new SpikeTrain(5, 19);
        for (const [step, position] of list) train.mark(step, position);
        const expected = new Float32Array((5 - first) * 19);
        for (const [step, position] of list) if (step >= first) expected[(step - first) * 19 + position] = 1;
        expect(train.read(first, 5)).toEqual(expected);
      }),
    );
  });
});

/** The spikes of one neuron per channel that is fed `input` (already scaled by 1, shifted by 0) for 5 steps. */
function spikesOf(neuron: { leak: number; reset: 'hard' | 'soft'; threshold: number }, input: number): number[] {
  const train = new SpikeTrain(5, 1);
  const membranes = new Membranes(1, neuron);
  const identity = { scale: Float64Array.of(1), shift: Float64Array.of(0) };
  for (let step = 0; step < 5; step += 1) membranes.advance(Float32Array.of(input), 0, identity, train, step);
  return [...train.read(0, 5)];
}

describe('membranes', () => {
  it('integrate, fire at the threshold itself and reset to zero', () => {
    // 0.5, 1.0 fires → 0, 0.5, 1.0 fires → 0, 0.5.
    expect(spikesOf({ leak: 1, reset: 'hard', threshold: 1 }, 0.5)).toEqual([0, 1, 0, 1, 0]);
  });

  it('keep what is above the threshold with soft reset', () => {
    // 0.75, 1.5 fires → 0.5, 1.25 fires → 0.25, 1.0 fires → 0, 0.75.
    expect(spikesOf({ leak: 1, reset: 'soft', threshold: 1 }, 0.75)).toEqual([0, 1, 1, 1, 0]);
    // Hard: 0.75, 1.5 fires → 0, 0.75, 1.5 fires → 0, 0.75.
    expect(spikesOf({ leak: 1, reset: 'hard', threshold: 1 }, 0.75)).toEqual([0, 1, 0, 1, 0]);
  });

  it('leak between steps', () => {
    // 0.5, 0.75, 0.875, 0.9375 … never reach 1 with λ = ½.
    expect(spikesOf({ leak: 0.5, reset: 'hard', threshold: 1 }, 0.5)).toEqual([0, 0, 0, 0, 0]);
    // With 0.5625: 0.5625, 0.84375, 0.984375, 1.0546875 fires → 0, 0.5625.
    expect(spikesOf({ leak: 0.5, reset: 'hard', threshold: 1 }, 0.5625)).toEqual([0, 0, 0, 1, 0]);
  });

  it('scale and shift their input per channel', () => {
    const train = new SpikeTrain(1, 4);
    const membranes = new Membranes(4, { leak: 1, reset: 'hard', threshold: 1 });
    // Channels (0, 1, 0, 1): 2·0.5 + 0 = 1 fires, 1·0.5 + 0.25 = 0.75, 2·0.25 = 0.5, 1·1 + 0.25 = 1.25 fires.
    const affine = { scale: Float64Array.of(2, 1), shift: Float64Array.of(0, 0.25) };
    membranes.advance(Float32Array.of(9, 9, 0.5, 0.5, 0.25, 1), 2, affine, train, 0);
    expect([...train.read(0, 1)]).toEqual([1, 0, 0, 1]);
  });
});
