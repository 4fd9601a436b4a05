import type { Classifier } from '../engine/engine.js';
import type { Surrogate } from '../engine/surrogate.js';
import { predictions } from '../train/loss.js';
import { projectToHyperplane } from './hyperplane.js';
import { rivals } from './logit-loss.js';
import type { Crafted, LabelledBatch } from './samples.js';
import { joined, logitsOf } from './samples.js';

/** Largest pull towards the original; overshoot past the boundary; share of the way back that is kept after a success. */
const PULL_MAX = 0.1;
const OVERSHOOT = 1.05;
const BACK = 0.9;

export interface FabOptions {
  readonly epsilon: number;
  /** Projections per target class, ≥ 1. */
  readonly steps: number;
  /** Most likely other classes tried, ≥ 1. */
  readonly targets: number;
  readonly surrogate: Surrogate;
}

/**
 * The targeted fast adaptive boundary attack (Croce and Hein 2020b, L∞): walks from the original to the linearised
 * boundary towards a target class, biased to stay near the original, until a misclassified image lies within epsilon.
 * Where none does, the original comes back. Nothing is random: the walk starts at the original.
 */
export async function targetedFab(
  classifier: Classifier,
  { images, labels }: LabelledBatch,
  options: FabOptions,
): Promise<Crafted> {
  const { classes } = classifier;
  const size = images.length / labels.length;
  const outcome = { adversarial: images.slice(), queries: new Uint32Array(labels.length).fill(1) };
  const logits = await logitsOf(classifier, images);
  const predicted = predictions(logits, labels.length);
  let standing = Array.from(predicted.keys()).filter((n) => predicted[n] === labels[n]);
  for (let rank = 0; rank < Math.min(options.targets, classes - 1) && standing.length > 0; rank += 1) {
    const walks = standing.map((n): Walk => {
      const original = images.subarray(n * size, (n + 1) * size);
      const target = rivals(logits.subarray(n * classes, (n + 1) * classes), labels[n]!)[rank]!;
      return { position: n, label: labels[n]!, target, original, current: original, fooled: false };
    });
    await walk(classifier, walks, outcome.queries, options);
    for (const { position, fooled, current } of walks) {
      if (fooled) outcome.adversarial.set(current, position * size);
    }
    standing = walks.flatMap(({ position, fooled }) => (fooled ? [] : [position]));
  }
  return outcome;
}

interface Walk {
  readonly position: number;
  readonly label: number;
  readonly target: number;
  readonly original: Float32Array;
  current: Float32Array;
  /** Whether `current` is misclassified and within epsilon of the original. */
  fooled: boolean;
}

async function walk(
  classifier: Classifier,
  walks: readonly Walk[],
  queries: Uint32Array,
  { epsilon, steps, surrogate }: FabOptions,
): Promise<void> {
  const { classes } = classifier;
  let standing = walks;
  for (let step = 0; step < steps && standing.length > 0; step += 1) {
    const planes = await linearise(classifier, standing, surrogate);
    for (const [k, sample] of standing.entries()) sample.current = nextPoint(sample, planes[k]!);
    const logits = await logitsOf(classifier, joined(standing.map(({ current }) => current)));
    const predicted = predictions(logits, logits.length / classes);
    for (const [k, sample] of standing.entries()) {
      queries[sample.position]! += 2;
      if (predicted[k] === sample.label) continue;
      const { current, original } = sample;
      if (largestChange(current, original) <= epsilon) sample.fooled = true;
      else sample.current = current.map((value, i) => original[i]! + BACK * (value - original[i]!));
    }
    standing = standing.filter(({ fooled }) => !fooled);
  }
}

/** A hyperplane Σ normal·x = offset. */
interface Plane {
  readonly normal: Float32Array;
  readonly offset: number;
}

/** Where z_target − z_label, linear about each current point, is 0. */
async function linearise(classifier: Classifier, walks: readonly Walk[], surrogate: Surrogate): Promise<Plane[]> {
  const { classes } = classifier;
  const pass = await classifier.forward(joined(walks.map(({ current }) => current)), { mode: 'eval', surrogate });
  try {
    const upstream = new Float32Array(pass.logits.length);
    for (const [k, { label, target }] of walks.entries()) {
      upstream[k * classes + label] = -1;
      upstream[k * classes + target] = 1;
    }
    const { input } = await pass.backward(upstream, { parameters: false, input: true });
    const size = input!.length / walks.length;
    return walks.map(({ current, label, target }, k) => {
      const normal = input!.slice(k * size, (k + 1) * size);
      let offset = pass.logits[k * classes + label]! - pass.logits[k * classes + target]!;
      for (let i = 0; i < size; i += 1) offset += normal[i]! * current[i]!;
      return { normal, offset };
    });
  } finally {
    pass.dispose();
  }
}

/** Projections of the current point and of the original, each overshot, mixed by how far they had to go. */
function nextPoint({ current, original }: Walk, { normal, offset }: Plane): Float32Array {
  const fromCurrent = projectToHyperplane(current, normal, offset);
  const fromOriginal = projectToHyperplane(original, normal, offset);
  const near = Math.max(largestChange(fromCurrent, current), 1e-8);
  const far = Math.max(largestChange(fromOriginal, original), 1e-8);
  const pull = Math.min(near / (near + far), PULL_MAX);
  return current.map((value, k) => {
    const ahead = value + OVERSHOOT * (fromCurrent[k]! - value);
    const home = original[k]! + OVERSHOOT * (fromOriginal[k]! - original[k]!);
    return Math.min(1, Math.max(0, (1 - pull) * ahead + pull * home));
  });
}

function largestChange(a: Float32Array, b: Float32Array): number {
  let most = 0;
  for (let k = 0; k < a.length; k += 1) most = Math.max(most, Math.abs(a[k]! - b[k]!));
  return most;
}
