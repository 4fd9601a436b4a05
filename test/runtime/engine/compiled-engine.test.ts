import { describe, expect, it } from 'vitest';
import type { Engine, LossGradient, Model } from '../../../runtime/engine/engine.js';
import { startEngine } from '../../../runtime/engine/start.js';
import { lossGradient, oneHot, softmax } from '../../../runtime/engine/target-loss.js';
import { relativeDistance } from './closeness.js';
import { goldenImages, goldenSnn } from './golden-vgg.js';
import { draws } from './small-networks.js';

const CLASSES = 10;
const images = goldenImages('images');
const size = images.length / 16;

async function engineOf(threads: number): Promise<Engine> {
  return (await startEngine({ engine: 'compiled', backend: 'auto', threads })).engine;
}

describe('the compiled engine', () => {
  it('gives the same bytes with any number of threads', async () => {
    const run = async (threads: number) => {
      const model = (await engineOf(threads)).load(goldenSnn());
      const pass = await model.forward(images, { mode: 'train' });
      const gradients = await pass.backward(draws(2, pass.logits.length), { parameters: true, input: true });
      return { logits: pass.logits, ...gradients, after: await model.readParameters() };
    };
    const alone = await run(1);
    for (const threads of [2, 3]) expect(await run(threads)).toEqual(alone);
  });

  it('gives the values of a layer as wide as a feature map, as calibration asks for', async () => {
    const shape = [100, 100, 2] as const;
    const engine = await engineOf(1);
    const model = engine.load({
      kind: 'ann',
      name: 'wide',
      layers: [
        { kind: 'input', name: 'image', shape, mean: [0, 0], std: [1, 1] },
        { kind: 'flatten', name: 'flat', inputs: ['image'], order: 'hwc' },
        { kind: 'output', name: 'values', inputs: ['flat'] },
      ],
    });
    const pixels = draws(8, 20_000);
    const { logits } = await model.forward(pixels, { mode: 'eval', gradients: 'none' });
    expect(logits).toEqual(pixels);
  });

  // Batches are filled up to sizes that share a program, here 1, 3, 6 and 12.
  it('gives an image the same logits and gradient in a batch of any size in eval mode', async () => {
    const model = (await engineOf(1)).load(goldenSnn());
    const upstream = draws(3, 16 * CLASSES);
    const run = async (count: number) => {
      const pass = await model.forward(images.slice(0, count * size), { mode: 'eval' });
      const { input } = await pass.backward(upstream.slice(0, count * CLASSES), { parameters: false, input: true });
      pass.dispose();
      return { logits: pass.logits, input: input! };
    };
    const whole = await run(16);
    for (const count of [1, 3, 5, 11]) {
      const { logits, input } = await run(count);
      expect(logits).toEqual(whole.logits.slice(0, count * CLASSES));
      expect(input).toEqual(whole.input.slice(0, count * size));
    }
  });

  it.each([
    'train',
    'eval',
  ] as const)('gives a loss in one run the gradients of two passes, in %s mode', async (mode) => {
    const count = 5;
    const own = images.slice(0, count * size);
    const targets = softmax(draws(4, count * CLASSES, -3, 3), CLASSES);
    const wanted = { parameters: true, input: true };
    const run = async (loss: (model: Model) => Promise<LossGradient>) => {
      const model = (await engineOf(1)).load(goldenSnn());
      return { ...(await loss(model)), after: await model.readParameters() };
    };
    const together = await run((model) => lossGradient(model, own, { targets, weight: 0.5 }, { mode }, wanted));
    const apart = await run(async (model) => {
      const pass = await model.forward(own, { mode });
      const upstream = softmax(pass.logits, CLASSES).map((share, k) => 0.5 * (share - targets[k]!));
      return { logits: pass.logits, ...(await pass.backward(upstream, wanted)) };
    });
    expect(together.logits).toEqual(apart.logits);
    expect(together.after).toEqual(apart.after);
    expect(relativeDistance(together.input!, apart.input!)).toBeLessThan(1e-5);
    for (const [name, values] of together.parameters) {
      // What a bias adds before a norm the norm takes away: that gradient is rounding noise.
      if (/^conv\d+\.bias$/.test(name)) continue;
      expect(relativeDistance(values, apart.parameters.get(name)!), name).toBeLessThan(1e-5);
    }
  });

  it('keeps the gradient of a prediction so sure that its share rounds to 1', async () => {
    const model = (await engineOf(1)).load(goldenSnn());
    const kernel = (await model.readParameters()).get('classifier.kernel')!;
    // Class 0 leads each other one by 20 or more: their shares are below 2⁻²⁴.
    const bias = Float32Array.from({ length: CLASSES }, (_, k) => (k === 0 ? 20 : 0));
    model.writeParameters(
      new Map([
        ['classifier.kernel', kernel.map((value) => value / 1000)],
        ['classifier.bias', bias],
      ]),
    );
    const loss = { targets: oneHot([0], CLASSES), weight: 1 };
    const wanted = { parameters: true, input: false };
    const { parameters } = await lossGradient(model, images.slice(0, size), loss, { mode: 'eval' }, wanted);
    const [own, ...others] = parameters.get('classifier.bias')!;
    expect(own).toBeLessThan(0);
    expect(Math.abs(own! + others.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-5 * -own!);
  });

  it('keeps the parameters of a pass under way when new ones are written', async () => {
    const model = (await engineOf(1)).load(goldenSnn());
    const upstream = draws(3, 16 * CLASSES);
    const wanted = { parameters: false, input: true };
    const pass = await model.forward(images, { mode: 'eval' });
    const before = await pass.backward(upstream, wanted);
    const kernel = (await model.readParameters()).get('classifier.kernel')!;
    model.writeParameters(new Map([['classifier.kernel', kernel.map((value) => 2 * value)]]));
    expect(await pass.backward(upstream, wanted)).toEqual(before);
    const later = await (await model.forward(images, { mode: 'eval' })).backward(upstream, wanted);
    expect(later.input).not.toEqual(before.input);
  });

  it('reuses the memory of passes that were disposed, and of no others', async () => {
    const model = (await engineOf(1)).load(goldenSnn());
    const upstream = draws(3, 16 * CLASSES);
    const wanted = { parameters: true, input: true };
    const kept = await model.forward(images, { mode: 'eval' });
    const before = await kept.backward(upstream, wanted);
    const others = images.map((value) => 1 - value);
    for (let k = 0; k < 3; k += 1) {
      const pass = await model.forward(others, { mode: 'eval' });
      await pass.backward(upstream, wanted);
      pass.dispose();
      pass.dispose();
    }
    expect(await kept.backward(upstream, wanted)).toEqual(before);
    kept.dispose();
    await expect(kept.backward(upstream, wanted)).rejects.toThrow('disposed');
  });

  it('refuses what is no batch of images, and goes on', async () => {
    const model = (await engineOf(1)).load(goldenSnn());
    for (const length of [0, size - 1, size + 1]) {
      await expect(model.forward(new Float32Array(length), { mode: 'eval' })).rejects.toThrow(RangeError);
    }
    expect((await model.forward(images.slice(0, size), { mode: 'eval' })).logits).toHaveLength(CLASSES);
  });
});
