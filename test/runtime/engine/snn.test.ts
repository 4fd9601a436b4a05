import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../runtime/engine/engine.js';
import type { Surrogate } from '../../../runtime/engine/surrogate.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import { elementCount } from '../../../schemas/tensor.js';
import { relativeDistance } from './closeness.js';
import { startTested, testedEngines } from './engines.js';
import { draws, everySnnKind, norm } from './small-networks.js';

const BATCH = 3;
const images = draws(21, BATCH * elementCount([9, 8, 2]), 0, 1);
const upstream = draws(22, BATCH * 3);

async function runOn(engine: Engine, graph: SnnGraph, surrogate: Surrogate, mode: 'train' | 'eval') {
  const model = engine.load(graph);
  const pass = await model.forward(images, { mode, surrogate, dropoutSeed: 5 });
  const gradients = await pass.backward(upstream, { parameters: true, input: true });
  pass.dispose();
  const after = await model.readParameters();
  model.dispose();
  return { logits: pass.logits, ...gradients, after };
}

describe.each(testedEngines)('on %s', (name) => {
  let engine: Engine;
  let cpu: Engine;

  beforeAll(async () => {
    engine = await startTested(name);
    cpu = await startTested('cpu');
  });

  describe.each([
    { timesteps: 1, leak: 1, reset: 'hard', threshold: 0.5 },
    { timesteps: 4, leak: 0.9, reset: 'soft', threshold: 0.4 },
    { timesteps: 5, leak: 1, reset: 'hard', threshold: 0.6 },
  ] as const)('an SNN of T = $timesteps, leak $leak, $reset reset', ({ timesteps, ...neuron }) => {
    const surrogates: Surrogate[] = [
      { form: 'triangular', width: 1 },
      { form: 'exponential', slope: 2, dampening: 0.3 },
      { form: 'rectangular', width: 2 },
      { form: 'straightThrough' },
      { form: 'rate' },
      { form: 'activation' },
    ];
    it.each(surrogates)('agrees with plain JavaScript: $form', async (surrogate) => {
      for (const mode of ['train', 'eval'] as const) {
        const graph = everySnnKind(timesteps, neuron);
        const fast = await runOn(engine, graph, surrogate, mode);
        const plain = await runOn(cpu, graph, surrogate, mode);
        expect(relativeDistance(fast.logits, plain.logits)).toBeLessThan(1e-5);
        expect(relativeDistance(fast.input!, plain.input!)).toBeLessThan(1e-4);
        expect([...fast.parameters.keys()].sort()).toEqual([...plain.parameters.keys()].sort());
        for (const [name, gradient] of fast.parameters) {
          // A norm takes away what a bias before it adds: that gradient is rounding alone.
          if (mode === 'train' && /^(stem|left)\.bias$/.test(name)) continue;
          // A threshold's is one sum of terms of both signs, of which little may remain.
          const close = name.endsWith('.threshold') ? 1e-3 : 1e-4;
          expect(relativeDistance(gradient, plain.parameters.get(name)!), name).toBeLessThan(close);
        }
        for (const [name, value] of fast.after) {
          expect(relativeDistance(value, plain.after.get(name)!), name).toBeLessThan(1e-5);
        }
      }
    });
  });

  // Before the first neuron every timestep sees the same: N·H·W distinct values, T copies of each. The biased variance does
  // not notice; the running one takes n/(n − 1) with n = T·N·H·W. Two pixels 0 and 1, N = 1, T = 4: variance 1/4, n = 8,
  // running 0.9·1 + 0.1·(1/4)·(8/7).
  it('the running variance counts the timesteps', async () => {
    const graph: SnnGraph = {
      kind: 'snn',
      name: 'norm alone',
      timesteps: 4,
      layers: [
        { kind: 'input', name: 'input', shape: [1, 2, 1], mean: [0], std: [1] },
        { ...norm('norm', 'input', 1), mean: Float32Array.of(0), variance: Float32Array.of(1) },
        { kind: 'neuron', name: 'neuron', inputs: ['norm'], leak: 1, reset: 'hard', threshold: 1 },
        { kind: 'flatten', name: 'flatten', inputs: ['neuron'], order: 'hwc' },
        { kind: 'output', name: 'output', inputs: ['flatten'] },
      ],
    };
    for (const each of [engine, cpu]) {
      const model = each.load(graph);
      (await model.forward(Float32Array.of(0, 1), { mode: 'train' })).dispose();
      const after = await model.readParameters();
      model.dispose();
      expect(after.get('norm.variance')![0]).toBeCloseTo(0.9 + (0.1 / 4) * (8 / 7), 6);
      expect(after.get('norm.mean')![0]).toBeCloseTo(0.05, 6);
    }
  });

  describe('a model', () => {
    const graph = everySnnKind(4, { leak: 1, reset: 'hard', threshold: 0.5 });

    it('takes parameters as they are given and gives them back', async () => {
      const model = engine.load(graph);
      const own = await model.readParameters();
      const changed = new Map([...own].map(([name, values]) => [name, values.map((value) => value * 1.25)]));
      model.writeParameters(changed);
      expect(await model.readParameters()).toEqual(changed);
      expect(() => model.writeParameters(new Map([['stem.kernel', new Float32Array(1)]]))).toThrow('stem.kernel');
      expect(() => model.writeParameters(new Map([['nothing', new Float32Array(1)]]))).toThrow('nothing');
      model.dispose();
    });

    it('uses new parameters in forward and backward passes', async () => {
      const scale = (factor: number) => (values: Float32Array) => values.map((value) => value * factor);
      const model = engine.load(graph);
      const run = async () => {
        const pass = await model.forward(images, { mode: 'eval', surrogate: { form: 'activation' } });
        const { input } = await pass.backward(upstream, { parameters: false, input: true });
        pass.dispose();
        return input!;
      };
      const before = await run();
      const kernel = (await model.readParameters()).get('classifier.kernel')!;
      model.writeParameters(new Map([['classifier.kernel', scale(2)(kernel)]]));
      expect(relativeDistance(await run(), scale(2)(before))).toBeLessThan(1e-6);
      model.dispose();
    });

    it('records the spikes of every neuron layer, time-major, and the logits of a forward pass', async () => {
      const model = engine.load(graph);
      const { logits, spikes } = await model.recordSpikes(images);
      const pass = await model.forward(images, { mode: 'eval', gradients: 'none' });
      expect(logits).toEqual(pass.logits);
      expect([...spikes].map(([name, { length }]) => [name, length])).toEqual([
        ['stemSpike', 4 * BATCH * 9 * 8 * 4],
        ['sumSpike', 4 * BATCH * 5 * 8 * 3],
        ['lateSpike', 4 * BATCH * 3 * 4 * 5],
      ]);
      for (const layer of spikes.values()) expect(new Set(layer)).toEqual(new Set([0, 1]));
      model.dispose();
    });

    it('leaves nothing on the device, and refuses backward where nothing was kept', async () => {
      const before = engine.memory();
      const model = engine.load(graph);
      for (const mode of ['train', 'eval'] as const) {
        const pass = await model.forward(images, { mode, dropoutSeed: 2 });
        await pass.backward(upstream, { parameters: true, input: true });
        pass.dispose();
      }
      await model.recordSpikes(images);
      const pass = await model.forward(images, { mode: 'eval', gradients: 'none' });
      await expect(pass.backward(upstream, { parameters: true, input: true })).rejects.toThrow('keeps nothing');
      model.dispose();
      expect(engine.memory()).toEqual(before);
    });

    it('gives the same bytes twice, dropout included', async () => {
      const first = await runOn(engine, graph, { form: 'triangular', width: 1 }, 'train');
      expect(await runOn(engine, graph, { form: 'triangular', width: 1 }, 'train')).toEqual(first);
    });
  });
});
