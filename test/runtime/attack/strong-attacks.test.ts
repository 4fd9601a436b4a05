import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Climb } from '../../../runtime/attack/apgd.js';
import type { Attack } from '../../../runtime/attack/attack.js';
import { autoAttack, craft } from '../../../runtime/attack/attack.js';
import { crossEntropyLoss } from '../../../runtime/attack/logit-loss.js';
import { coveredShare } from '../../../runtime/attack/square.js';
import { worstCase } from '../../../runtime/attack/worst-case.js';
import { ensemble } from '../../../runtime/engine/surrogate.js';
import { ToyModel } from '../train/toy-model.js';
import { classes, leastMargin, linearScenes, logits, predicted, shape, size } from './linear-network.js';

const EPSILON = 0.2;

/** The attack's example for the class that the network gives the image. */
async function attacked(
  { kernel, image, seed }: { kernel: Float32Array; image: Float32Array; seed: number },
  attack: Attack,
): Promise<{ label: number; example: Float32Array }> {
  const label = predicted(kernel, image);
  const batch = { images: image, labels: [label], indices: [3] };
  const { adversarial } = await craft(new ToyModel(shape, kernel), batch, attack, { seed });
  return { label, example: adversarial };
}

describe('on linear networks, whose worst case is known', () => {
  it.each<Attack>([
    { method: 'fab-t', epsilon: EPSILON, steps: 20, targets: 3 },
    { method: 'fab', epsilon: EPSILON, steps: 20 },
    autoAttack(EPSILON, 20, 10),
  ])('$method fools the network wherever nine tenths of epsilon are enough', async (attack) => {
    await fc.assert(
      fc.asyncProperty(linearScenes, async (scene) => {
        // On the boundary itself there is nothing to walk towards.
        fc.pre(leastMargin(scene, predicted(scene.kernel, scene.image), 0) > 1e-2);
        const { label, example } = await attacked(scene, attack);
        const fooled = predicted(scene.kernel, example) !== label;
        if (leastMargin(scene, label, 0.9 * EPSILON) < -1e-3) expect(fooled).toBe(true);
        if (leastMargin(scene, label, EPSILON) > 1e-3) expect(fooled).toBe(false);
      }),
    );
  });

  /** Two classes of weights w and −w, the others far below: logits 2·Σ w·x apart. */
  const weights = [0.7, -1, 0.4, -0.3];
  const kernel = Float32Array.from(weights.flatMap((weight) => [weight, -weight, -9, -9]));
  const image = Float32Array.of(0.95, 0.02, 0.9, 0.4);

  it.each<Attack>([
    { method: 'apgd-ce', epsilon: 0.1, steps: 20 },
    { method: 'square', epsilon: 0.1, queries: 400 },
  ])('$method ends in the worst corner where the network cannot be fooled', async (attack) => {
    // Σ w·x = 0.665 − 0.02 + 0.36 − 0.12 = 0.885 > 0, and in the worst corner x − 0.1·sign(w) (within [0, 1]) it is
    // 0.885 − 0.07 − 0.1 − 0.04 − 0.03 = 0.645: still class 0.
    const worst = [0.85, 0.12, 0.8, 0.5];
    for (const seed of [1, 2, 3]) {
      const { label, example } = await attacked({ kernel, image, seed }, attack);
      expect(label).toBe(0);
      for (const [k, value] of worst.entries()) expect(example[k]).toBeCloseTo(value, 6);
    }
  });

  it('apgd-dlr does not care how large the logits are, where cross-entropy has no gradient left', async () => {
    const scaled = kernel.map((weight) => 1e4 * weight);
    const even = Float32Array.of(0.5, 0.5, 0.5, 0.5);
    const near = even.map((value, k) => value + 0.05 * Math.sign(weights[k]!));
    const fooled = async (method: 'apgd-ce' | 'apgd-dlr'): Promise<boolean> => {
      const { label, example } = await attacked(
        { kernel: scaled, image: near, seed: 1 },
        { method, epsilon: 0.2, steps: 20 },
      );
      return predicted(scaled, example) !== label;
    };
    expect([await fooled('apgd-ce'), await fooled('apgd-dlr')]).toEqual([false, true]);
  });
});

describe('every attack that stops at success', () => {
  const attacks: readonly Attack[] = [
    { method: 'apgd-ce', epsilon: EPSILON, steps: 4 },
    { method: 'apgd-dlr', epsilon: EPSILON, steps: 4 },
    { method: 'apgd-t', epsilon: EPSILON, steps: 4, targets: 3 },
    { method: 'fab-t', epsilon: EPSILON, steps: 4, targets: 3 },
    { method: 'fab', epsilon: EPSILON, steps: 4 },
    { method: 'square', epsilon: EPSILON, queries: 20 },
    autoAttack(EPSILON, 2, 3),
  ];

  it.each(attacks)('$method gives a misclassified image back as it is', async (attack) => {
    await fc.assert(
      fc.asyncProperty(linearScenes, async ({ kernel, image, seed }) => {
        const label = (predicted(kernel, image) + 1) % classes;
        // Ties are left to the next test's strict margin.
        fc.pre(Math.max(...logits(kernel, image)) - logits(kernel, image)[label]! > 1e-3);
        const batch = { images: image, labels: [label], indices: [0] };
        const { adversarial } = await craft(new ToyModel(shape, kernel), batch, attack, { seed });
        expect(adversarial).toEqual(image);
      }),
    );
  });

  it('leaves nothing more to a sequence’s later attacks than a run of each would', async () => {
    await fc.assert(
      fc.asyncProperty(linearScenes, async (scene) => {
        const sequence: Attack = { method: 'sequence', epsilon: EPSILON, attacks: attacks.slice(0, 6) };
        const { label, example } = await attacked(scene, sequence);
        let fooledByOne = false;
        for (const attack of attacks.slice(0, 6)) {
          fooledByOne ||= predicted(scene.kernel, (await attacked(scene, attack)).example) !== label;
        }
        expect(predicted(scene.kernel, example) !== label).toBe(fooledByOne);
      }),
    );
  });

  it('is refused where the network has too few classes for its loss', async () => {
    const model = new ToyModel(shape, new Float32Array(2 * size));
    const batch = { images: new Float32Array(size), labels: [0], indices: [0] };
    const attack = { method: 'apgd-dlr', epsilon: 0.1, steps: 1 } as const;
    await expect(craft(model, batch, attack, { seed: 0 })).rejects.toThrow('SW4012 attack apgd-dlr');
  });
});

describe('the ascent of auto-PGD', () => {
  it('keeps the point of the highest loss, whatever the losses are', () => {
    const values = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.infiniteStream(fc.constantFrom(-1, 0, 1)), (losses, signs) => {
        const original = Float32Array.of(0.5, 0.1, 0.9);
        const climb = new Climb(0, 0, crossEntropyLoss, original, original.slice(), 0.1, losses.length - 1);
        const visited: Float32Array[] = [];
        for (const loss of losses) {
          visited.push(climb.current);
          climb.observe(
            loss,
            Float32Array.from(original, () => signs.next().value),
          );
          climb.advance();
        }
        expect(climb.best).toBe(visited[losses.indexOf(Math.max(...losses))]);
      }),
    );
  });

  it('halves its step at the first checkpoint where the loss does not rise', () => {
    // 10 steps: periods of 2, 1, 1 …; the first step is 2·0.1 cut to the ball's 0.1, and after two steps without a rise the
    // climb is back at its start with half the step: 0.5 + 0.75·min(0.1, 0.1) + 0.25·(0.5 − 0.6) = 0.55.
    const original = Float32Array.of(0.5);
    const climb = new Climb(0, 0, crossEntropyLoss, original, original, 0.1, 10);
    const up = Float32Array.of(1);
    climb.observe(5, up);
    climb.advance();
    expect(climb.current[0]).toBeCloseTo(0.6, 6);
    climb.observe(4, up);
    climb.advance();
    climb.observe(3, up);
    expect(climb.current).toBe(original);
    climb.advance();
    expect(climb.current[0]).toBeCloseTo(0.55, 6);
  });
});

describe('the Square attack', () => {
  it('shrinks its squares on the published schedule, stretched to the budget', () => {
    // Of 10,000: halved after 10, 50, 200, 500, 1000, 2000, 4000, 6000 and 8000.
    expect([0, 10, 11, 51, 9999].map((query) => coveredShare(query, 10_000))).toEqual([0.8, 0.8, 0.4, 0.2, 0.8 / 512]);
    expect(coveredShare(6, 5000)).toBe(0.4);
  });

  it('counts the queries until it succeeds, and spends its budget where it does not', async () => {
    const model = new ToyModel(shape, new Float32Array(size * classes));
    // All logits are 0: never below the others, so margin 0 is never passed.
    const batch = { images: new Float32Array(2 * size), labels: [0, 0], indices: [0, 1] };
    const { queries } = await craft(model, batch, { method: 'square', epsilon: 0.1, queries: 7 }, { seed: 0 });
    expect([...queries]).toEqual([7, 7]);
  });
});

describe('the worst case', () => {
  it('runs an attack without gradients once, whatever the members', async () => {
    const model = new ToyModel(shape, new Float32Array(size * classes));
    const batch = { images: new Float32Array(size), labels: [0], indices: [0] };
    const attack = { method: 'square', epsilon: 0.1, queries: 7 } as const;
    const { queries, member } = await worstCase(model, batch, { attack, members: ensemble, seed: 0, batchSize: 1 });
    expect([queries[0], member[0]]).toEqual([7, 0]);
  });

  it('judges transferred examples by the attacked network alone', async () => {
    await fc.assert(
      fc.asyncProperty(linearScenes, linearScenes, async (target, other) => {
        const label = predicted(target.kernel, target.image);
        const batch = { images: target.image, labels: [label], indices: [0] };
        const attack = { method: 'fgsm', epsilon: EPSILON } as const;
        const source = new ToyModel(shape, other.kernel);
        const options = { attack, members: ensemble.slice(0, 1), source, seed: 0, batchSize: 1 };
        const found = await worstCase(new ToyModel(shape, target.kernel), batch, options);
        const crafted = await craft(source, batch, attack, { seed: 0 });
        expect(found.adversarial).toEqual(crafted.adversarial);
        expect(found.predictions[0]).toBe(predicted(target.kernel, crafted.adversarial));
      }),
    );
  });
});
