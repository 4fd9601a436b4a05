import { describe, expect, it } from 'vitest';
import { convert } from '../../../compiler/convert.js';
import { lower } from '../../../compiler/lower.js';
import { expectation } from '../../../runtime/attack/expectation.js';
import { byteDataset } from '../../../runtime/data/dataset.js';
import { withPoissonInput, withStepNorms } from '../../../runtime/models/comparison.js';
import { vgg } from '../../../runtime/models/vgg.js';
import { finetune } from '../../../runtime/train/finetune.js';
import type { SnnGraph, SnnLayer } from '../../../schemas/snn.js';
import { decodeSnn, encodeSnn } from '../../../schemas/snn-file.js';
import { expectCode } from '../../schemas/hostile.js';
import { startTested, testedEngines } from './engines.js';
import { draws } from './small-networks.js';

const shape = [6, 6, 3] as const;
const T = 4;
const per = [0.4, 0.5, 0.6];
const dense = (inputs: number): SnnLayer => {
  return {
    kind: 'dense',
    name: 'dense',
    inputs: ['flat'],
    kernel: { shape: [inputs, 3], data: draws(1, 3 * inputs, -1, 1) },
    bias: null,
  };
};
/** Spikes, perhaps a norm for each timestep, and a linear readout. */
function linear(timesteps: number, gain: number, hasNorm: boolean): SnnGraph {
  const input: SnnLayer = { kind: 'input', name: 'input', shape, mean: per, std: [0.5, 0.25, 0.5] };
  const norm: SnnLayer = {
    kind: 'stepNorm',
    name: 'norm',
    inputs: ['spikes'],
    steps: Array.from({ length: timesteps }, (_, t) => ({
      gamma: draws(10 + t, 3, 0.5, 1.5),
      mean: draws(20 + t, 3, -0.2, 0.2),
      variance: draws(30 + t, 3, 0.5, 1),
    })),
    epsilon: 1e-4,
    momentum: 1,
  };
  const layers: SnnLayer[] = [
    input,
    { kind: 'poisson', name: 'spikes', inputs: ['input'], gain },
    ...(hasNorm ? [norm] : []),
    { kind: 'flatten', name: 'flat', inputs: [hasNorm ? 'norm' : 'spikes'], order: 'hwc' },
    dense(108),
    { kind: 'output', name: 'logits', inputs: ['dense'] },
  ];
  return { kind: 'snn', name: 'linear', timesteps, layers };
}
const images = draws(5, 3 * 108, 0, 1);

describe.each(testedEngines)('Poisson input on %s', (name) => {
  it('has the input times the gain for its mean, and the mean’s gradient', async () => {
    const engine = await startTested(name);
    const timesteps = 60;
    const graph = linear(timesteps, 0.4, false);
    const model = engine.load(graph);
    const pass = await model.forward(images, { mode: 'eval', encodingSeed: 3 });
    const kernel = (graph.layers[3] as { kernel: { data: Float32Array } }).kernel.data;
    const std = [0.5, 0.25, 0.5];
    for (let n = 0; n < 3; n += 1) {
      for (let k = 0; k < 3; k += 1) {
        let wanted = 0;
        let variance = 0;
        for (let i = 0; i < 108; i += 1) {
          const x = (images[n * 108 + i]! - per[i % 3]!) / std[i % 3]!;
          const share = Math.min(1, 0.4 * Math.abs(x));
          wanted += Math.sign(x) * share * kernel[i * 3 + k]!;
          variance += share * (1 - share) * kernel[i * 3 + k]! ** 2;
        }
        // Five standard errors.
        expect(Math.abs(pass.logits[n * 3 + k]! - wanted)).toBeLessThan(5 * Math.sqrt(variance / timesteps) + 1e-4);
      }
    }
    const upstream = new Float32Array(9).fill(0);
    upstream[4] = 1;
    const { input } = await pass.backward(upstream, { parameters: false, input: true });
    for (const i of [0, 50, 107]) {
      expect(input![108 + i]).toBeCloseTo((0.4 * kernel[i * 3 + 1]!) / std[i % 3]!, 4);
      expect(input![i]).toBe(0);
    }
    pass.dispose();
    const other = await model.forward(images, { mode: 'eval', encodingSeed: 4, gradients: 'none' });
    expect(other.logits).not.toEqual(pass.logits);
    const same = await model.forward(images.subarray(108), { mode: 'eval', encodingSeed: 3, gradients: 'none' });
    for (const [k, logit] of same.logits.entries()) expect(logit).toBeCloseTo(pass.logits[3 + k]!, 4);
    model.dispose();
  });

  it('and norms by timestep give what plain loops on the processor give, forward and back', async () => {
    const engine = await startTested(name);
    const reference = await startTested('cpu');
    for (const mode of ['eval', 'train'] as const) {
      const results = [];
      for (const each of [engine, reference]) {
        const model = each.load(linear(T, 0.5, true));
        const pass = await model.forward(images, { mode, encodingSeed: 8 });
        const upstream = draws(40, 9, -1, 1);
        const { parameters, input } = await pass.backward(upstream, { parameters: true, input: true });
        results.push({
          logits: pass.logits,
          input: input!,
          parameters,
          after: await model.readParameters(),
          pass,
          model,
        });
      }
      const [found, wanted] = results as [(typeof results)[0], (typeof results)[0]];
      expect([...found.parameters.keys()].sort()).toEqual([...wanted.parameters.keys()].sort());
      expect(found.parameters.has('norm.gamma3')).toBe(true);
      expect(found.parameters.has('norm.beta0')).toBe(false);
      const pairs = [
        [found.logits, wanted.logits],
        [found.input, wanted.input],
        ...[...wanted.parameters].map(([key, values]) => [found.parameters.get(key)!, values]),
        ...[...wanted.after].map(([key, values]) => [found.after.get(key)!, values]),
      ] as const;
      for (const [own, other] of pairs) {
        for (const [k, value] of other!.entries()) expect(own![k]).toBeCloseTo(value, 3);
      }
      for (const { pass, model } of results) {
        pass.dispose();
        model.dispose();
      }
    }
  });

  it('norms each timestep by the batch at that step, its gamma scaling it alone', async () => {
    const engine = await startTested(name);
    const model = engine.load(linear(T, 0.5, true));
    const upstream = draws(41, 9, -1, 1);
    const loss = async () => {
      const pass = await model.forward(images, { mode: 'train', encodingSeed: 2 });
      const { parameters } = await pass.backward(upstream, { parameters: true, input: false });
      pass.dispose();
      return { value: pass.logits.reduce((sum, logit, k) => sum + logit * upstream[k]!, 0), parameters };
    };
    const { value, parameters } = await loss();
    // The logits are linear in every gamma.
    const gamma = (await model.readParameters()).get('norm.gamma2')!;
    model.writeParameters(new Map([['norm.gamma2', gamma.map((entry, c) => (c === 1 ? entry + 1 : entry))]]));
    expect((await loss()).value - value).toBeCloseTo(parameters.get('norm.gamma2')![1]!, 3);
    // With momentum 1 the running means are those of this batch's spikes at each step: multiples of 1/(3·36).
    const after = await model.readParameters();
    const means = [0, 1, 2, 3].map((t) => [...after.get(`norm.mean${t}`)!]);
    for (const mean of means.flat()) expect(mean * 108).toBeCloseTo(Math.round(mean * 108), 3);
    expect(new Set(means.map(String)).size).toBeGreaterThan(1);
    model.dispose();
  });

  it('trains as an SNN does, leaks nothing, and its expectation is the mean of passes', async () => {
    const engine = await startTested(name);
    const before = engine.memory();
    const pixels = Uint8Array.from({ length: 24 * 192 }, (_, k) => (k % 3 === Math.floor(k / 192) % 3 ? 220 : 30));
    const dataset = byteDataset({
      name: 'colours',
      split: 'train',
      classNames: ['red', 'green', 'blue'],
      shape: [8, 8, 3],
      labels: Uint8Array.from({ length: 24 }, (_, n) => n % 3),
      order: 'hwc',
      locate: (position) => ({ pixels, position }),
    });
    const setup = { shape: [8, 8, 3] as const, classes: 3, mean: per, std: [0.3, 0.3, 0.3], seed: 3 };
    const { graph: ann } = vgg('small', { features: [4, 'pool'], hidden: [], dropout: 0 }, setup);
    const snn = withStepNorms(withPoissonInput(convert(ann, { timesteps: T, leak: 1, reset: 'hard' })));
    const { graph, history } = await finetune(engine, snn, dataset, {
      ...{ innerLoss: 'cross-entropy', outerLoss: 'adversarial', beta: 0, epsilon: 2 / 255, alpha: 1 / 255 },
      ...{ epochs: 6, steps: null, samples: null, batchSize: 8, learningRate: 0.1, schedule: 'step', warmup: 0 },
      ...{ momentum: 0.9, weightDecay: 0, augmentation: { crop: 0, flip: false, cutout: 0, resizes: false } },
      ...{ mean: per, seed: 1, keep: 'last', test: null, fixedThresholds: true },
    });
    expect(history[5]!.loss).toBeLessThan(history[0]!.loss);
    expect(decodeSnn(encodeSnn(graph), 'trained')).toEqual(graph);
    expect(engine.memory()).toEqual(before);
    const steps = graph.layers.flatMap((layer) => (layer.kind === 'stepNorm' ? layer.steps : []));
    expect(new Set(steps.map(({ gamma }) => String(gamma))).size).toBe(T);

    const model = engine.load(graph);
    const image = dataset.images([0, 1]);
    const upstream = Float32Array.of(1, -1, 0, 0, 1, -1);
    const passesOf = async (classifier: Pick<typeof model, 'forward'>, encodingSeed?: number) => {
      const pass = await classifier.forward(image, {
        mode: 'eval',
        ...(encodingSeed === undefined ? {} : { encodingSeed }),
      });
      const { input } = await pass.backward(upstream, { parameters: false, input: true });
      pass.dispose();
      return { logits: pass.logits, input: input! };
    };
    const seen: number[] = [];
    const watched = {
      ...{ inputShape: model.inputShape, classes: model.classes, dispose: () => undefined },
      forward: (...[given, options]: Parameters<typeof model.forward>) => {
        seen.push(options.encodingSeed!);
        return model.forward(given, options);
      },
    };
    const mean = await passesOf(expectation(watched, 2, 5));
    const each = [await passesOf(model, seen[0]), await passesOf(model, seen[1])];
    expect(seen[0]).not.toBe(seen[1]);
    for (const part of ['logits', 'input'] as const) {
      for (const [k, value] of mean[part].entries())
        expect(value).toBeCloseTo((each[0]![part][k]! + each[1]![part][k]!) / 2, 5);
    }
    model.dispose();
    expectCode('SW2020', () => lower(graph));
  });
});

it('a file whose norms are not as many as its timesteps is refused', () => {
  expectCode('SW1005', () => decodeSnn(encodeSnn({ ...linear(T, 0.5, true), timesteps: 3 }), 'x'));
});
