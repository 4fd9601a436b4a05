import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEager } from '../../../runtime/engine/start.js';
import type { Surrogate } from '../../../runtime/engine/surrogate.js';
import { IntegerTwin } from '../../../runtime/twin/twin.js';
import { SpikewrightError } from '../../../schemas/diagnostic.js';
import type { IntegerSpikeGraph } from '../../../schemas/spike.js';
import { runReference } from '../../reference/reference-twin.js';

beforeAll(async () => {
  await startEager({ backend: 'cpu' });
});

const one = (value: number) => ({ rows: 1, columns: 1, data: Int32Array.of(value) });
const noPadding = { top: 0, bottom: 0, left: 0, right: 0 };

/**
 * One pixel (std 0.5) drives one neuron (scale 10, threshold 10), whose spikes go to one readout neuron with weight 5
 * (scale 5); T = 2. A pixel of 0.7 is a current of 10·0.7/0.5 = 14 at each step.
 */
function oneNeuron(parts: { reset: 'hard' | 'soft'; decay: number }): IntegerSpikeGraph {
  return {
    kind: 'spike',
    name: 'one neuron',
    timesteps: 2,
    populations: [
      {
        name: 'neuron',
        kind: 'spiking',
        shape: [1, 1, 1],
        phase: 0,
        reset: parts.reset,
        decay: one(parts.decay),
        threshold: one(10),
        bias: one(0),
        scale: 10,
      },
      {
        name: 'logits',
        kind: 'readout',
        shape: [1, 1, 1],
        phase: 1,
        reset: 'hard',
        decay: one(0),
        threshold: one(0),
        bias: one(0),
        scale: 5,
      },
    ],
    projections: [
      {
        name: 'dense',
        from: 'neuron',
        to: 'logits',
        delay: 1,
        pool: [1, 1],
        kernel: { shape: [1, 1, 1, 1], data: Int32Array.of(5) },
        stride: [1, 1],
        padding: noPadding,
      },
    ],
    drives: [
      {
        population: 'neuron',
        inputShape: [1, 1, 1],
        mean: [0],
        std: [0.5],
        kernel: { shape: [1, 1, 1, 1], data: Float32Array.of(1) },
        bias: Float32Array.of(0),
        stride: [1, 1],
        padding: noPadding,
        scale: 10,
        grid: { mantissaMax: 1000, exponent: 0 },
      },
    ],
    membraneMax: 1000,
  };
}

async function gradient(graph: IntegerSpikeGraph, surrogate: Surrogate): Promise<{ logit: number; input: number }> {
  const twin = new IntegerTwin(graph);
  const pass = await twin.forward(Float32Array.of(0.7), { mode: 'eval', surrogate });
  const { input } = await pass.backward(Float32Array.of(1), { parameters: false, input: true });
  pass.dispose();
  twin.dispose();
  return { logit: pass.logits[0]!, input: input![0]! };
}

const triangular: Surrogate = { form: 'triangular', width: 1 };

describe('the twin of one neuron', () => {
  it('passes gradient through the hard reset', async () => {
    // v⁻ = 14, 14: two spikes, logit (5 + 5)/(5·2) = 1; z = 0.4, h'(z) = 0.6; each spike carries 0.5 upstream.
    // t = 1: 0.5·0.6 = 0.3. t = 0: (0.5 − v⁻·0.3)·0.6 with v⁻ = 1.4: 0.048. Sum 0.348, through 1/std: 0.696.
    const { logit, input } = await gradient(oneNeuron({ reset: 'hard', decay: 0 }), triangular);
    expect(logit).toBe(1);
    expect(input).toBeCloseTo(0.696, 6);
  });

  it('passes gradient through the soft reset', async () => {
    // v⁻ = 14, 18: z = 0.4, 0.8, h' = 0.6, 0.2. t = 1: 0.1. t = 0: (0.5 − θ·0.1)·0.6 + 0.1 = 0.34. 0.44/0.5 = 0.88.
    const { logit, input } = await gradient(oneNeuron({ reset: 'soft', decay: 0 }), triangular);
    expect(logit).toBe(1);
    expect(input).toBeCloseTo(0.88, 6);
  });

  it('passes gradient through the decay', async () => {
    // λ = 0.5: v⁻ = 14, 4/2 + 14 = 16; h' = 0.6, 0.4. t = 1: 0.2, carried 0.1. t = 0: (0.5 − 0.1)·0.6 + 0.1 = 0.34.
    const { input } = await gradient(oneNeuron({ reset: 'soft', decay: 2048 }), triangular);
    expect(input).toBeCloseTo(0.54 / 0.5, 6);
  });

  it('knows every other form of gradient', async () => {
    const hard = oneNeuron({ reset: 'hard', decay: 0 });
    // With one slope h at both steps: t = 1: h/2; t = 0: (1/2 − 1.4·h/2)·h.
    const bptt = (h: number): number => (h / 2 + (0.5 - 0.7 * h) * h) / 0.5;
    const of = async (surrogate: Surrogate): Promise<number> => (await gradient(hard, surrogate)).input;
    expect(await of({ form: 'straightThrough' })).toBeCloseTo(bptt(1), 6);
    expect(await of({ form: 'rectangular', width: 1 })).toBeCloseTo(bptt(1), 6);
    expect(await of({ form: 'rectangular', width: 0.5 })).toBe(0);
    expect(await of({ form: 'triangular', width: 2 })).toBeCloseTo(bptt(1.6 / 4), 6);
    const damped: Surrogate = { form: 'exponential', slope: 2, dampening: 0.3 };
    expect(await of(damped)).toBeCloseTo(bptt(0.3 * Math.exp(-0.8)), 6);
    // The neuron fires: each step's 0.5 passes unchanged.
    expect(await of({ form: 'rate' })).toBeCloseTo(1 / 0.5, 6);
    // ReLU: the logit is the current in trained units, 1.4, and its slope 1.
    expect(await gradient(hard, { form: 'activation' })).toEqual({ logit: Math.fround(1.4), input: 2 });
  });

  it('is what the reference does by hand: soft reset fires at both steps', () => {
    const run = runReference(oneNeuron({ reset: 'soft', decay: 0 }), new Map([['neuron', Int32Array.of(8)]]));
    // 8 < 10; 16 ≥ 10: one spike at τ = 1, which arrives in the readout's window.
    expect([...run.spikes.get('neuron')!]).toEqual([0, 1]);
    expect([...run.readouts.get('logits')!]).toEqual([5]);
  });
});

describe('what a twin refuses', () => {
  it('a projection whose sums float32 cannot hold, unless a power of two divides them', () => {
    const graph = oneNeuron({ reset: 'hard', decay: 0 });
    const weighing = (weight: number): IntegerSpikeGraph => ({
      ...graph,
      projections: [{ ...graph.projections[0]!, kernel: { shape: [1, 1, 1, 1], data: Int32Array.of(weight) } }],
    });
    expect(() => new IntegerTwin(weighing(2 ** 24 + 1))).toThrow(/SW5002 projection dense.*16,777,217/);
    expect(() => new IntegerTwin(weighing(-(2 ** 24) - 2)).dispose()).not.toThrow();
  });

  it('graphs without drive or with two readouts, and images of another size', async () => {
    const graph = oneNeuron({ reset: 'hard', decay: 0 });
    expect(() => new IntegerTwin({ ...graph, drives: [] })).toThrow(/SW5003/);
    expect(() => new IntegerTwin({ ...graph, timesteps: 0 })).toThrow(/SW1005/);
    const second = { ...graph.populations[1]!, name: 'more' };
    expect(() => new IntegerTwin({ ...graph, populations: [...graph.populations, second] })).toThrow(/SW5003/);
    const wide = {
      ...graph,
      drives: [{ ...graph.drives[0]!, inputShape: [1, 2, 1] as const, stride: [1, 2] as const }],
    };
    const twin = new IntegerTwin(wide);
    await expect(twin.recordSpikes(new Float32Array(3))).rejects.toThrow(SpikewrightError);
    twin.dispose();
  });
});

describe('a pass that keeps nothing', () => {
  it('has no backward pass', async () => {
    const twin = new IntegerTwin(oneNeuron({ reset: 'hard', decay: 0 }));
    const pass = await twin.forward(Float32Array.of(0.7), { mode: 'eval', gradients: 'none' });
    expect([...pass.logits]).toEqual([1]);
    await expect(pass.backward(Float32Array.of(1), { parameters: false, input: true })).rejects.toThrow(
      /keeps nothing/,
    );
    twin.dispose();
  });
});

describe('memory', () => {
  it('stays as it was after passes and dispose', async () => {
    const before = tf.memory().numTensors;
    for (const form of ['straightThrough', 'activation'] as const) {
      await gradient(oneNeuron({ reset: 'hard', decay: 0 }), { form });
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
