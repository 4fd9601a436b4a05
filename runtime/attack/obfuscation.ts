import type { Classifier } from '../engine/engine.js';
import type { Hooks } from '../hooks.js';
import { normalNoise } from '../normal-noise.js';
import type { Measured } from '../train/accuracy.js';
import { cleanAccuracy, overBatches } from '../train/accuracy.js';
import type { Proportion } from '../wilson.js';
import { wilson } from '../wilson.js';
import type { Attack } from './attack.js';
import { pgd } from './attack.js';
import { robustness } from './robustness.js';
import { classify } from './samples.js';
import type { Member } from './worst-case.js';

/** Within this distance every image can be turned into one and the same grey, so that no classifier is right on all. */
const ANY_IMAGE = 0.5;
/** Share of the images that Gaussian noise of the attack's size may at most cost. */
const NOISE_LOSS_MAX = 0.03;

export interface ObfuscationOptions {
  readonly epsilon: number;
  /** Of PGD. */
  readonly steps: number;
  readonly members: readonly Member[];
  /** A network whose examples are transferred; null where there is none to compare with. */
  readonly source: Classifier | null;
  readonly seed: number;
}

/** One of the five signs by which a network that merely hides its gradients is told from a robust one. */
export interface ObfuscationCheck {
  readonly name: 'iterative' | 'white-box' | 'radius' | 'unbounded' | 'noise';
  /** What is expected of a network whose gradients can be trusted. */
  readonly expected: string;
  /** Accuracy in the order in which `expected` names it. */
  readonly measured: readonly Proportion[];
  /** Null where it could not be measured. */
  readonly passed: boolean | null;
}

/**
 * Runs and judges the five checks for gradient obfuscation (Athalye et al. 2018; Carlini et al. 2019): PGD is no weaker
 * than FGSM, the white-box attack no weaker than a transferred one, a larger radius no weaker than a smaller, a radius
 * that allows any image leaves nothing right, and random noise of the same size finds next to nothing.
 */
export async function obfuscationChecks(
  classifier: Classifier,
  measured: Measured,
  { epsilon, steps, members, source, seed }: ObfuscationOptions,
  hooks: Hooks = {},
): Promise<readonly ObfuscationCheck[]> {
  const under = async (attack: Attack, from?: Classifier): Promise<Proportion> => {
    const options = { attack, members, seed, source: from };
    return (await robustness(classifier, measured, options, hooks)).robust;
  };
  const clean = await cleanAccuracy(classifier, measured, hooks);
  const single = await under({ method: 'fgsm', epsilon });
  const iterative = await under(pgd(epsilon, steps));
  const transferred = source === null ? null : await under(pgd(epsilon, steps), source);
  const half = await under(pgd(epsilon / 2, steps));
  const double = await under(pgd(Math.min(1, 2 * epsilon), steps));
  const unbounded = await under(pgd(ANY_IMAGE, steps));
  const noisy = await noiseAccuracy(classifier, measured, epsilon, seed, hooks);
  return [
    {
      name: 'iterative',
      expected: `accuracy under PGD-${steps} is at most that under FGSM`,
      measured: [iterative, single],
      passed: iterative.correct <= single.correct,
    },
    {
      name: 'white-box',
      expected: 'accuracy under the white-box attack is at most that under examples of another network',
      measured: transferred === null ? [iterative] : [iterative, transferred],
      passed: transferred === null ? null : iterative.correct <= transferred.correct,
    },
    {
      name: 'radius',
      expected: 'accuracy does not rise from half of epsilon to epsilon and twice epsilon',
      measured: [half, iterative, double],
      passed: half.correct >= iterative.correct && iterative.correct >= double.correct,
    },
    {
      name: 'unbounded',
      expected: `accuracy at epsilon ${ANY_IMAGE} is 0 %`,
      measured: [unbounded],
      passed: unbounded.correct === 0,
    },
    {
      name: 'noise',
      expected: `Gaussian noise of deviation epsilon costs at most ${100 * NOISE_LOSS_MAX} % of the images`,
      measured: [noisy, clean],
      passed: clean.correct - noisy.correct <= NOISE_LOSS_MAX * clean.total,
    },
  ];
}

async function noiseAccuracy(
  classifier: Classifier,
  measured: Measured,
  deviation: number,
  seed: number,
  hooks: Hooks,
): Promise<Proportion> {
  let correct = 0;
  await overBatches(measured, hooks, async ({ images, labels, indices }) => {
    const noise = normalNoise(indices, images.length, seed);
    const moved = images.map((value, k) => Math.min(1, Math.max(0, value + deviation * noise[k]!)));
    const predicted = await classify(classifier, moved, labels.length);
    correct += predicted.reduce((sum, label, n) => sum + (label === labels[n] ? 1 : 0), 0);
  });
  return wilson(correct, measured.indices.length);
}
