import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addGradients, cosineRate, Sgd } from '../../../runtime/train/sgd.js';
import { ToyModel } from './toy-model.js';

describe('SGD with momentum', () => {
  it('moves as worked out by hand over two steps', async () => {
    const model = new ToyModel([1, 1, 1], Float32Array.of(1, -2));
    const optimiser = new Sgd({ momentum: 0.5, weightDecay: 0.1 });
    // m = g + 0.1·p = (0.2 + 0.1, 0.4 − 0.2) = (0.3, 0.2); p = (1, −2) − 0.1·m = (0.97, −2.02).
    await optimiser.step(model, new Map([['dense.kernel', Float32Array.of(0.2, 0.4)]]), 0.1);
    const [first, second] = (await model.readParameters()).get('dense.kernel')!;
    expect(first).toBeCloseTo(0.97, 6);
    expect(second).toBeCloseTo(-2.02, 6);
    // m = 0.5·(0.3, 0.2) + (0 + 0.097, 0 − 0.202) = (0.247, −0.102); p = (0.97 − 0.0494, −2.02 + 0.0204) at rate 0.2.
    await optimiser.step(model, new Map([['dense.kernel', Float32Array.of(0, 0)]]), 0.2);
    const [third, fourth] = (await model.readParameters()).get('dense.kernel')!;
    expect(third).toBeCloseTo(0.9206, 6);
    expect(fourth).toBeCloseTo(-1.9996, 6);
  });

  it('holds thresholds at 0.03 or above and leaves running statistics alone', async () => {
    const model = new ToyModel([1, 1, 1], Float32Array.of(1, 1));
    model.writeParameters(new Map([['neuron.threshold', Float32Array.of(0.05)]]));
    const gradients = new Map([['neuron.threshold', Float32Array.of(1)]]);
    await new Sgd({ momentum: 0.9, weightDecay: 0 }).step(model, gradients, 0.1);
    const parameters = await model.readParameters();
    expect(parameters.get('neuron.threshold')![0]).toBeCloseTo(0.03, 7);
    expect(parameters.get('norm.mean')![0]).toBe(0);
  });
});

describe('gradients of two passes', () => {
  it('add by name, whichever pass has one', () => {
    const a = new Map([
      ['x', Float32Array.of(1, 2)],
      ['y', Float32Array.of(3)],
    ]);
    const b = new Map([
      ['x', Float32Array.of(10, 20)],
      ['z', Float32Array.of(5)],
    ]);
    expect(Object.fromEntries(addGradients(a, b))).toEqual({
      x: Float32Array.of(11, 22),
      y: Float32Array.of(3),
      z: Float32Array.of(5),
    });
  });
});

describe('the cosine schedule', () => {
  it('goes from the peak through half of it to nearly nothing', () => {
    expect(cosineRate(0.1, 0, 100)).toBeCloseTo(0.1, 10);
    expect(cosineRate(0.1, 50, 100)).toBeCloseTo(0.05, 10);
    // Last step: 0.05·(1 + cos(0.99π)) = 0.05·(1 − 0.99950656) = 2.4672e-5.
    expect(cosineRate(0.1, 99, 100)).toBeCloseTo(2.4672e-5, 8);
  });

  it('rises to the peak first where there is a warm-up, and never leaves (0, peak]', () => {
    // 20 rising steps: 1/21, 2/21 … of the peak.
    expect(cosineRate(2.1, 0, 100, 0.2)).toBeCloseTo(0.1, 10);
    expect(cosineRate(2.1, 19, 100, 0.2)).toBeCloseTo(2, 10);
    expect(cosineRate(2.1, 20, 100, 0.2)).toBeCloseTo(2.1, 10);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 0.9, noNaN: true }), (total, warmup) => {
        for (let done = 0; done < total; done += 1) {
          const rate = cosineRate(1, done, total, warmup);
          expect(rate > 0 && rate <= 1).toBe(true);
        }
      }),
    );
  });
});
