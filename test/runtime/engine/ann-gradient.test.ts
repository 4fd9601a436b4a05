import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, ForwardOptions, Model } from '../../../runtime/engine/engine.js';
import { elementCount } from '../../../schemas/tensor.js';
import { dot, relativeDistance } from './closeness.js';
import { startTested, testedEngines } from './engines.js';
import { draws, everyAnnKind } from './small-networks.js';

const BATCH = 5;
const everything = { parameters: true, input: true };

describe.each(testedEngines)('an ANN on %s', (name) => {
  let engine: Engine;
  let model: Model;
  let images: Float32Array;
  let upstream: Float32Array;

  beforeAll(async () => {
    engine = await startTested(name);
    model = engine.load(everyAnnKind);
    images = draws(11, BATCH * elementCount(model.inputShape), 0, 1);
    upstream = draws(12, BATCH * model.classes);
  });

  afterAll(() => model.dispose());

  /** The scalar that is differentiated: Σ upstream·logits. */
  async function loss(values: Float32Array, options: ForwardOptions): Promise<number> {
    const pass = await model.forward(values, { ...options, gradients: 'none' });
    return dot(pass.logits, upstream);
  }

  describe.each(['train', 'eval'] as const)('in %s mode', (mode) => {
    // A step along the gradient g itself changes the loss by h·|g|²; central differences have error O(h²).
    it('gradients equal the change of the loss', async () => {
      const options = { mode, dropoutSeed: 3 };
      const pass = await model.forward(images, options);
      const { parameters, input } = await pass.backward(upstream, everything);
      pass.dispose();
      const own = await model.readParameters();
      for (const [name, gradient] of [...parameters, ['image', input!] as const]) {
        const square = dot(gradient, gradient);
        const step = 3e-3 / Math.sqrt(square);
        const along = async (sign: number): Promise<number> => {
          const base = name === 'image' ? images : own.get(name)!;
          const moved = base.map((value, k) => value + sign * step * gradient[k]!);
          if (name === 'image') return loss(moved, options);
          model.writeParameters(new Map([[name, moved]]));
          return loss(images, options);
        };
        const slope = ((await along(1)) - (await along(-1))) / (2 * step);
        model.writeParameters(own);
        // Where a norm follows, a bias changes nothing: its gradient is rounding alone.
        if (mode === 'train' && /^(stem|left)\.bias$/.test(name)) expect(Math.sqrt(square), name).toBeLessThan(1e-4);
        else expect(slope / square, name).toBeCloseTo(1, 1);
      }
    });

    it('agrees with plain JavaScript', async () => {
      const options = { mode, dropoutSeed: 3 };
      const results = [];
      for (const each of [engine, await startTested('cpu')]) {
        const own = each.load(everyAnnKind);
        const pass = await own.forward(images, options);
        const gradients = await pass.backward(upstream, everything);
        pass.dispose();
        results.push({ logits: pass.logits, ...gradients, after: await own.readParameters() });
        own.dispose();
      }
      const [fast, plain] = results as [(typeof results)[0], (typeof results)[0]];
      expect(relativeDistance(fast.logits, plain.logits)).toBeLessThan(1e-5);
      expect(relativeDistance(fast.input!, plain.input!)).toBeLessThan(1e-5);
      expect([...fast.parameters.keys()]).toEqual([...plain.parameters.keys()]);
      for (const [name, gradient] of fast.parameters) {
        if (mode === 'train' && /^(stem|left)\.bias$/.test(name)) continue;
        expect(relativeDistance(gradient, plain.parameters.get(name)!), name).toBeLessThan(2e-5);
      }
      for (const [name, value] of fast.after) {
        expect(relativeDistance(value, plain.after.get(name)!), name).toBeLessThan(1e-5);
      }
    });
  });

  describe('a pass', () => {
    it('leaves as many tensors as there were', async () => {
      const run = async (): Promise<number> => {
        const pass = await model.forward(images, { mode: 'train', dropoutSeed: 1 });
        await pass.backward(upstream, everything);
        await pass.backward(upstream, { parameters: false, input: true });
        pass.dispose();
        return engine.memory().tensors;
      };
      const first = await run();
      for (let k = 0; k < 5; k += 1) expect(await run()).toBe(first);
    });

    it('gives the same bytes twice', async () => {
      const run = async (): Promise<Float32Array[]> => {
        const pass = await model.forward(images, { mode: 'eval' });
        const { parameters, input } = await pass.backward(upstream, everything);
        pass.dispose();
        return [pass.logits, input!, ...parameters.values()];
      };
      expect(await run()).toEqual(await run());
    });

    it('computes only what is wanted', async () => {
      const pass = await model.forward(images, { mode: 'eval' });
      const attack = await pass.backward(upstream, { parameters: false, input: true });
      const training = await pass.backward(upstream, { parameters: true, input: false });
      const both = await pass.backward(upstream, everything);
      pass.dispose();
      expect(attack.parameters.size).toBe(0);
      expect(training.input).toBeNull();
      expect(attack.input).toEqual(both.input);
      expect(training.parameters).toEqual(both.parameters);
    });

    it('kept for the input gradient alone gives that one, and no others', async () => {
      const pass = await model.forward(images, { mode: 'eval', gradients: 'input' });
      const { input } = await pass.backward(upstream, { parameters: false, input: true });
      await expect(pass.backward(upstream, everything)).rejects.toThrow('parameters');
      pass.dispose();
      const whole = await model.forward(images, { mode: 'eval' });
      expect(input).toEqual((await whole.backward(upstream, everything)).input);
      whole.dispose();
    });

    it('refuses to go backward once it has been disposed', async () => {
      const pass = await model.forward(images, { mode: 'eval' });
      pass.dispose();
      await expect(pass.backward(upstream, everything)).rejects.toThrow('disposed');
    });
  });
});
