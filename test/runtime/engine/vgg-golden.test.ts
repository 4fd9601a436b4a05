import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine, Model } from '../../../runtime/engine/engine.js';
import { ensemble } from '../../../runtime/engine/surrogate.js';
import { relativeDistance } from './closeness.js';
import { startTested, testedEngines } from './engines.js';
import { goldenName } from './golden-name.js';
import { channelsLast, goldenAnn, goldenBytes, goldenImages, goldenSnn, goldenValues } from './golden-vgg.js';

const N = 16;
const CLASSES = 10;
const T = 8;

const images = goldenImages('images');
const labels = goldenValues('labels');

/** Of the mean cross-entropy: (softmax − one-hot)/N. */
function crossEntropyGradient(logits: Float32Array): Float32Array {
  const gradient = new Float32Array(logits.length);
  for (let n = 0; n < N; n += 1) {
    const row = [...logits.subarray(n * CLASSES, (n + 1) * CLASSES)];
    const top = Math.max(...row);
    const exponentials = row.map((value) => Math.exp(value - top));
    const sum = exponentials.reduce((a, b) => a + b);
    for (let c = 0; c < CLASSES; c += 1) {
      gradient[n * CLASSES + c] = (exponentials[c]! / sum - (labels[n] === c ? 1 : 0)) / N;
    }
  }
  return gradient;
}

describe.each(testedEngines)('on %s', (name) => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await startTested(name);
  });

  it('an ANN has the logits that PyTorch gives it', async () => {
    const model = engine.load(goldenAnn());
    const { logits } = await model.forward(images, { mode: 'eval', gradients: 'none' });
    expect(relativeDistance(logits, goldenValues('ann.logits'))).toBeLessThan(1e-5);
    model.dispose();
  });

  describe('an SNN', () => {
    let model: Model;

    beforeAll(() => {
      model = engine.load(goldenSnn());
    });

    it('has the spikes and logits that PyTorch gives it', async () => {
      const { logits, spikes } = await model.recordSpikes(images);
      expect([...spikes.keys()]).toEqual(['spike0', 'spike1', 'spike2', 'spike3']);
      for (const [index, name] of [...spikes.keys()].entries()) {
        const { data, shape } = goldenBytes(`snn.spikes.${index}`);
        const expected = shape.length === 4 ? channelsLast(data, shape) : data;
        const found = spikes.get(name)!;
        expect(found.length).toBe(expected.length);
        const different = found.reduce((sum, spike, k) => sum + (spike === expected[k] ? 0 : 1), 0);
        // Membranes within rounding of the threshold may decide either way.
        expect(different / found.length, name).toBeLessThanOrEqual(1e-4);
      }
      const perStep = goldenValues('snn.logits_per_step');
      const mean = Float32Array.from({ length: N * CLASSES }, (_, k) => {
        let sum = 0;
        for (let t = 0; t < T; t += 1) sum += perStep[t * N * CLASSES + k]!;
        return sum / T;
      });
      expect(relativeDistance(logits, mean)).toBeLessThan(1e-4);
    });

    it.each(ensemble)('$name has the image gradient that PyTorch gives it', async ({ surrogate }) => {
      const pass = await model.forward(images, { mode: 'eval', surrogate });
      const { input } = await pass.backward(crossEntropyGradient(pass.logits), { parameters: false, input: true });
      pass.dispose();
      expect(relativeDistance(input!, goldenImages(`ensemble.${goldenName(surrogate)}.dx`))).toBeLessThan(1e-4);
    });
  });
});
