import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attack } from '../../../runtime/attack/attack.js';
import { autoAttack, craft, pgd } from '../../../runtime/attack/attack.js';
import type { LabelledBatch } from '../../../runtime/attack/samples.js';
import { worstCase } from '../../../runtime/attack/worst-case.js';
import { ensemble } from '../../../runtime/engine/surrogate.js';
import { crossEntropy } from '../../../runtime/train/loss.js';
import { ToyModel } from '../train/toy-model.js';

const shape = [2, 2, 1] as const;
const size = 4;
const classes = 4;

const epsilons = fc.constantFrom(0, 2 / 255, 8 / 255, 0.3);
const attacks: fc.Arbitrary<Attack> = epsilons.chain((epsilon) =>
  fc.oneof(
    fc.constant<Attack>({ method: 'fgsm', epsilon }),
    fc
      .double({ min: 0, max: 1, noNaN: true })
      .map<Attack>((share) => ({ method: 'rfgsm', epsilon, alpha: share * epsilon })),
    fc.integer({ min: 1, max: 5 }).map<Attack>((steps) => pgd(epsilon, steps)),
    fc
      .record({
        method: fc.constantFrom('apgd-ce' as const, 'apgd-dlr' as const),
        steps: fc.integer({ min: 1, max: 9 }),
      })
      .map<Attack>((part) => ({ ...part, epsilon })),
    fc
      .record({ method: fc.constantFrom('apgd-t' as const, 'fab-t' as const), steps: fc.integer({ min: 1, max: 5 }) })
      .map<Attack>((part) => ({ ...part, epsilon, targets: 2 })),
    fc.integer({ min: 1, max: 20 }).map<Attack>((queries) => ({ method: 'square', epsilon, queries })),
    fc.constant(autoAttack(epsilon, 3, 5)),
  ),
);
const scenes = fc.integer({ min: 1, max: 6 }).chain((count) =>
  fc.record({
    images: floats(count * size, 0, 1),
    kernel: floats(size * classes, -4, 4),
    labels: fc.array(fc.nat(classes - 1), { minLength: count, maxLength: count }),
    indices: fc.uniqueArray(fc.nat(9999), { minLength: count, maxLength: count }),
    attack: attacks,
    seed: fc.integer(),
  }),
);

function floats(length: number, min: number, max: number): fc.Arbitrary<Float32Array> {
  return fc
    .array(fc.double({ min, max, noNaN: true }), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values));
}

/** The samples `first` … `last` of a batch. */
function part({ images, labels, indices }: LabelledBatch, first: number, last: number): LabelledBatch {
  return {
    images: images.slice(first * size, last * size),
    labels: Array.from(labels).slice(first, last),
    indices: Array.from(indices).slice(first, last),
  };
}

describe('an attack', () => {
  it('stays within epsilon and within [0, 1], and is a no-op at epsilon 0', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async ({ kernel, attack, seed, ...batch }) => {
        const { adversarial } = await craft(new ToyModel(shape, kernel), batch, attack, { seed });
        if (attack.epsilon === 0) expect(adversarial).toEqual(batch.images);
        for (const [k, value] of adversarial.entries()) {
          // Half a unit in the last place of a float32 below 1 is 2⁻²⁵.
          expect(Math.abs(value - batch.images[k]!)).toBeLessThanOrEqual(attack.epsilon + 2 ** -24);
          expect(value >= 0 && value <= 1).toBe(true);
        }
      }),
    );
  });

  it('is the same for the same seed, and each sample’s does not depend on the batch it comes in', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.nat(6), async ({ kernel, attack, seed, ...batch }, cut) => {
        const model = new ToyModel(shape, kernel);
        const whole = await craft(model, batch, attack, { seed });
        const middle = Math.min(cut, batch.labels.length);
        const pieces = [part(batch, 0, middle), part(batch, middle, batch.labels.length)];
        const parts: number[] = [];
        const queries: number[] = [];
        for (const piece of pieces) {
          if (piece.labels.length === 0) continue;
          const crafted = await craft(model, piece, attack, { seed });
          parts.push(...crafted.adversarial);
          queries.push(...crafted.queries);
        }
        expect(parts).toEqual([...whole.adversarial]);
        expect(queries).toEqual([...whole.queries]);
        expect(model.alive).toBe(0);
      }),
    );
  });

  it('draws another start for another seed and for another sample', async () => {
    const kernel = new Float32Array(size * classes);
    const images = new Float32Array(2 * size).fill(0.5);
    const batch = { images, labels: [0, 0], indices: [1, 2] };
    const attack = pgd(0.1, 1);
    const model = new ToyModel(shape, kernel);
    // A zero kernel has no gradient, so the example is its start.
    const { adversarial: one } = await craft(model, batch, attack, { seed: 1 });
    const { adversarial: two } = await craft(model, batch, attack, { seed: 2 });
    expect(one).not.toEqual(two);
    expect(one.slice(0, size)).not.toEqual(one.slice(size));
  });

  it('finds the worst corner of the ball for a linear network of two classes', async () => {
    // Logits x·(w, −w): the loss of class 0 rises along −sign(w), so the worst image is x − 0.1·sign(w), inside [0, 1].
    const weights = [1, -2, 0.5, -0.25];
    const kernel = Float32Array.from(weights.flatMap((weight) => [weight, -weight]));
    const images = Float32Array.of(0.5, 0.5, 0.05, 0.95);
    const expected = [0.4, 0.6, 0, 1];
    for (const attack of [{ method: 'fgsm', epsilon: 0.1 } as const, pgd(0.1, 4)]) {
      const batch = { images, labels: [0], indices: [0] };
      const { adversarial } = await craft(new ToyModel(shape, kernel), batch, attack, { seed: 5 });
      for (const [k, value] of expected.entries()) expect(adversarial[k]).toBeCloseTo(value, 6);
    }
  });

  it('of one step never lowers the loss of a linear network', async () => {
    // Cross-entropy of linear logits is convex: loss(x + δ) ≥ loss(x) + ∇·δ, and a step along the gradient's sign, cut
    // off at 0 and 1 or not, has ∇·δ ≥ 0.
    await fc.assert(
      fc.asyncProperty(scenes, async ({ kernel, seed, ...batch }) => {
        const model = new ToyModel(shape, kernel);
        const lossOf = async (images: Float32Array): Promise<number> =>
          crossEntropy((await model.forward(images, { mode: 'eval' })).logits, batch.labels).value;
        const { adversarial } = await craft(model, batch, { method: 'fgsm', epsilon: 0.1 }, { seed });
        expect(await lossOf(adversarial)).toBeGreaterThanOrEqual((await lossOf(batch.images)) - 1e-5);
      }),
    );
  });
});

describe('the worst case over an ensemble', () => {
  const members = ensemble.slice(0, 3);

  it('does not depend on the batch size, and says truly what the network makes of its examples', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async ({ kernel, attack, seed, ...batch }) => {
        const model = new ToyModel(shape, kernel);
        const one = await worstCase(model, batch, { attack, members, seed, batchSize: 1 });
        const many = await worstCase(model, batch, { attack, members, seed, batchSize: 4 });
        expect(many).toEqual(one);
        const { logits } = await model.forward(one.adversarial, { mode: 'eval' });
        for (const [n, label] of batch.labels.entries()) {
          const row = [...logits.subarray(n * classes, (n + 1) * classes)];
          const predicted = row.indexOf(Math.max(...row));
          expect([one.predictions[n], one.fooled[n]]).toEqual([predicted, predicted === label ? 0 : 1]);
        }
      }),
    );
  });

  it('leaves a sample alone once one member has fooled it', async () => {
    // Both samples are class 0; the first is on the edge (logits equal), the second far from it.
    const kernel = Float32Array.from([1, 0, 0, 1, 0, 0, 0, 0]);
    const images = Float32Array.of(0.5, 0.5, 0, 0, 1, 0, 0, 0);
    const batch = { images, labels: [0, 0], indices: [0, 1] };
    const attack = { method: 'fgsm', epsilon: 0.1 } as const;
    const totals: number[] = [];
    const result = await worstCase(
      new ToyModel(shape, kernel),
      batch,
      { attack, members, seed: 0, batchSize: 8 },
      { progress: (done) => totals.push(done) },
    );
    expect([...result.fooled]).toEqual([1, 0]);
    expect([...result.member]).toEqual([0, 2]);
    // 2 samples for the first member, then only the second sample for the others: 2, 3, 4.
    expect(totals).toEqual([2, 3, 4]);
  });

  it('stops at the next batch when aborted', async () => {
    const batch = { images: new Float32Array(size), labels: [0], indices: [0] };
    const model = new ToyModel(shape, new Float32Array(size * classes));
    const options = { attack: pgd(0.1, 2), members, seed: 0, batchSize: 1 };
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(worstCase(model, batch, options, { signal })).rejects.toThrow('enough');
  });
});
