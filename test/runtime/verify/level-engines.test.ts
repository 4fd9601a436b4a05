import { describe, expect, it } from 'vitest';
import { startTwin } from '../../../runtime/twin/start-twin.js';
import { chooseLevelEngines } from '../../../runtime/verify/level-engines.js';
import type { IntegerSpikeGraph } from '../../../schemas/spike.js';
import { startTested } from '../engine/engines.js';

const one = (value: number) => ({ rows: 1, columns: 1, data: Int32Array.of(value) });
const noPadding = { top: 0, bottom: 0, left: 0, right: 0 };

/** Three pixels drive three neurons, whose spikes meet in one readout neuron with a weight each; T = 2. */
function threeNeurons(parts: {
  weights: readonly number[];
  membraneMax: number;
  threshold: number;
}): IntegerSpikeGraph {
  const common = { phase: 0, reset: 'soft', decay: one(0), bias: one(0), scale: 10 } as const;
  return {
    kind: 'spike',
    name: 'three neurons',
    timesteps: 2,
    populations: [
      { ...common, name: 'neurons', kind: 'spiking', shape: [1, 1, 3], threshold: one(parts.threshold) },
      { ...common, name: 'logits', kind: 'readout', shape: [1, 1, 1], phase: 1, threshold: one(0) },
    ],
    projections: [
      {
        name: 'dense',
        from: 'neurons',
        to: 'logits',
        delay: 1,
        pool: [1, 1],
        kernel: { shape: [1, 1, 3, 1], data: Int32Array.from(parts.weights) },
        stride: [1, 1],
        padding: noPadding,
      },
    ],
    drives: [
      {
        population: 'neurons',
        inputShape: [1, 1, 3],
        mean: [0, 0, 0],
        std: [1, 1, 1],
        kernel: { shape: [1, 1, 3, 3], data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) },
        bias: new Float32Array(3),
        stride: [1, 1],
        padding: noPadding,
        scale: 10,
        grid: { mantissaMax: 1000, exponent: 0 },
      },
    ],
    membraneMax: parts.membraneMax,
  };
}

/** The readout after two steps in which every neuron fires. */
async function readoutOf(graph: IntegerSpikeGraph): Promise<number> {
  const twin = await startTwin(graph, await startTested('compiled'));
  const [record] = await twin.recordSpikes(Float32Array.of(1, 1, 1));
  twin.dispose();
  return record!.readout[0]!;
}

const automatic = { engine: 'auto', backend: 'auto' } as const;
const small = { weights: [1, 2, 4], membraneMax: 1000, threshold: 10 };

describe('the engine of the twin', () => {
  it('is the compiled one where float32 holds every integer', async () => {
    const { engines, diagnostics } = await chooseLevelEngines(threeNeurons(small), automatic);
    expect(engines).toMatchObject({ networks: 'compiled', twin: 'compiled' });
    expect(diagnostics).toEqual([]);
  });

  it('is the eager one where a membrane could go past 2^24, by warning', async () => {
    // (2^23 + 2^22 + 1)·2 steps = 25,165,826, past 2^24 = 16,777,216 and below where membranes saturate.
    const far = threeNeurons({ ...small, weights: [2 ** 23, 2 ** 22, 1], membraneMax: 2 ** 25 });
    const { engines, diagnostics } = await chooseLevelEngines(far, automatic);
    expect(engines).toMatchObject({ networks: 'compiled', twin: 'eager' });
    expect(diagnostics).toMatchObject([{ code: 'SW4020', severity: 'warning' }]);
    expect(diagnostics[0]!.where).toBe('population logits of three neurons');
    expect(diagnostics[0]!.what).toMatch(/membrane can reach 25,165,826/);
  });

  it.each([
    ['a threshold', { ...small, threshold: 2 ** 24 + 1 }, /population neurons.*a threshold is 16,777,217/],
    ['a step', { ...small, weights: [2 ** 23, 2 ** 22, 2 ** 22 - 1] }, null],
    ['a membrane', { ...small, weights: [2 ** 23, 1, 0], membraneMax: 2 ** 24 + 1 }, /can reach 16,777,217/],
  ] as const)('is refused by name for %s that float32 does not hold', async (_, parts, message) => {
    const choice = chooseLevelEngines(threeNeurons(parts), { engine: 'compiled', backend: 'auto' });
    // (2^23 + 2^22 + 2^22 − 1) is 2^24 − 1, which a saturating membrane still meets in exact steps.
    if (message === null) expect((await choice).engines.twin).toBe('compiled');
    else await expect(choice).rejects.toThrow(message);
  });

  it('saturates to the unit, however far a step would go', async () => {
    // Two steps of 2^24 − 1 would be 2^25 − 2; membranes stop at 2^24 − 3.
    expect(
      await readoutOf(threeNeurons({ ...small, weights: [2 ** 23, 2 ** 22, 2 ** 22 - 1], membraneMax: 2 ** 24 - 3 })),
    ).toBe(2 ** 24 - 3);
    // Below saturation the largest odd sum stays odd: 2·(2^22 + 2^21 + 1) = 12,582,914.
    expect(await readoutOf(threeNeurons({ ...small, weights: [2 ** 22, 2 ** 21, 1], membraneMax: 2 ** 24 }))).toBe(
      12_582_914,
    );
  });
});
