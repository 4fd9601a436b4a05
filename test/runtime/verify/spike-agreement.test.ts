import { expect, it } from 'vitest';
import { compareSpikes, mergeAgreements, reportAgreement } from '../../../runtime/verify/spike-agreement.js';

const record = (logits: number[], spikes: Record<string, number[]>) => ({
  logits: Float32Array.from(logits),
  spikes: new Map(Object.entries(spikes).map(([name, bits]) => [name, Uint8Array.from(bits)])),
});

it('differences are counted by layer and timestep, and the first is that of the first sample', () => {
  // Two samples, two timesteps; layer a of 2 neurons, layer b of 1: [t0 n0, t0 n1, t1 n0, t1 n1].
  const first = record([1, 2, 3, 4], { a: [0, 1, 0, 0, 1, 1, 0, 0], b: [0, 0, 1, 1] });
  const second = record([1, 2.5, 3, 2], { a: [0, 1, 0, 1, 1, 0, 0, 1], b: [0, 1, 1, 1] });
  const found = compareSpikes(['spike', 'twin'], ['a', 'b'], 2, [40, 41], first, second);
  expect(reportAgreement(found)).toEqual({
    levels: ['spike', 'twin'],
    samples: 2,
    samplesParted: 2,
    layers: [
      { layer: 'a', comparedPerTimestep: 4, differing: [1, 2] },
      { layer: 'b', comparedPerTimestep: 2, differing: [1, 0] },
    ],
    logitErrorMean: 2.5 / 4,
    logitErrorMax: 2,
    // Sample 40 parts at timestep 1 only; 41 earlier, but it comes later.
    firstDivergence: { sample: 40, layer: 'a', neuron: 1, timestep: 1 },
  });
});

it('two sets of samples merge into what both together give', () => {
  const parts = [0, 1].map((k) => record([k], { a: [k, 1] }));
  const other = [0, 1].map(() => record([0], { a: [0, 1] }));
  const each = parts.map((part, k) => compareSpikes(['snn', 'spike'], ['a'], 2, [k], part, other[k]!));
  const together = compareSpikes(
    ['snn', 'spike'],
    ['a'],
    2,
    [0, 1],
    record([0, 1], { a: [0, 1, 1, 1] }),
    record([0, 0], { a: [0, 0, 1, 1] }),
  );
  expect(mergeAgreements(each[0]!, each[1]!)).toEqual(together);
  expect(together.parted).toBe(1);
});
