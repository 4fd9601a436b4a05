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
  /** Projections, per target class where there are targets; ≥ 1. */
  readonly steps: number;
  readonly surrogate: Surrogate;
}

/**
 * The fast adaptive boundary attack (Croce and Hein 2020b, L∞): as `targetedFab`, but every step goes to the nearest of the
 * linearised boundaries to all other classes, which takes a backward pass for each.
 */
export async function fab(classifier: Classifier, batch: LabelledBatch, options: FabOptions): Promise<Crafted> {
  const outcome = await startOutcome(classifier, batch);
  const all = Array.from({ length: classifier.classes }, (_, target) => target);
  await walkFrom(classifier, batch, outcome, options, () => all);
  return outcome;
}

/**
 * The targeted fast adaptive boundary attack (Croce and Hein 2020b, L∞): walks from the original to the linearised
 * boundary towards a target class, biased to stay near the original, until a misclassified image lies within epsilon.
 * Where none does, the original comes back. Nothing is random: the walk starts at the original.
 */
export async function targetedFab(
  classifier: Classifier,
  batch: LabelledBatch,
  /** Most likely other classes tried, ≥ 1. */
  targets: number,
  options: FabOptions,
): Promise<Crafted> {
  const { classes } = classifier;
  const outcome = await startOutcome(classifier, batch);
  for (let rank = 0; rank < Math.min(targets, classes - 1) && outcome.standing.length > 0; rank += 1) {
    await walkFrom(classifier, batch, outcome, options, (n) => {
      return [rivals(outcome.logits.subarray(n * classes, (n + 1) * classes), batch.labels[n]!)[rank]!];
    });
  }
  return outcome;
}

interface Outcome extends Crafted {
  /** [N, classes] of the original images. */
  readonly logits: Float32Array;
  /** Positions of the samples not yet fooled. */
  standing: readonly number[];
}

async function startOutcome(classifier: Classifier, { images, labels }: LabelledBatch): Promise<Outcome> {
  const logits = await logitsOf(classifier, images);
  const predicted = predictions(logits, labels.length);
  return {
    adversarial: images.slice(),
    queries: new Uint32Array(labels.length).fill(1),
    logits,
    standing: Array.from(predicted.keys()).filter((n) => predicted[n] === labels[n]),
  };
}

/** Walks from every standing sample's original towards its targets, and takes what fools the network into `outcome`. */
async function walkFrom(
  classifier: Classifier,
  { images, labels }: LabelledBatch,
  outcome: Outcome,
  options: FabOptions,
  targetsOf: (position: number) => readonly number[],
): Promise<void> {
  const size = images.length / labels.length;
  const walks = outcome.standing.map((n): Walk => {
    const original = images.subarray(n * size, (n + 1) * size);
    const targets = targetsOf(n).filter((target) => target !== labels[n]);
    return { position: n, label: labels[n]!, targets, original, current: original, fooled: false };
  });
  await walk(classifier, walks, outcome.queries, options);
  for (const { position, fooled, current } of walks) {
    if (fooled) outcome.adversarial.set(current, position * size);
  }
  outcome.standing = walks.flatMap(({ position, fooled }) => (fooled ? [] : [position]));
}

interface Walk {
  readonly position: number;
  readonly label: number;
  /** Classes whose boundaries are looked at, as many for each sample of a walk. */
  readonly targets: readonly number[];
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

/** Where z_target − z_label, linear about each current point, is 0: of the targets, the boundary that is nearest. */
async function linearise(classifier: Classifier, walks: readonly Walk[], surrogate: Surrogate): Promise<Plane[]> {
  const { classes } = classifier;
  const images = joined(walks.map(({ current }) => current));
  const pass = await classifier.forward(images, { mode: 'eval', surrogate, gradients: 'input' });
  const nearest: { plane: Plane; distance: number }[] = [];
  try {
    for (let rank = 0; rank < walks[0]!.targets.length; rank += 1) {
      const upstream = new Float32Array(pass.logits.length);
      for (const [k, { label, targets }] of walks.entries()) {
        upstream[k * classes + label] = -1;
        upstream[k * classes + targets[rank]!] = 1;
      }
      const { input } = await pass.backward(upstream, { parameters: false, input: true });
      const size = input!.length / walks.length;
      for (const [k, { current, label, targets }] of walks.entries()) {
        const normal = input!.slice(k * size, (k + 1) * size);
        const lead = pass.logits[k * classes + label]! - pass.logits[k * classes + targets[rank]!]!;
        let offset = lead;
        for (let i = 0; i < size; i += 1) offset += normal[i]! * current[i]!;
        const plane = { normal, offset };
        const distance = targets.length === 1 ? 0 : distanceTo(plane, current);
        if (!(nearest[k] !== undefined && nearest[k].distance <= distance)) {
          nearest[k] = { plane, distance };
        }
      }
    }
  } finally {
    pass.dispose();
  }
  return nearest.map(({ plane }) => plane);
}

/** The largest change of a value on the way to a boundary; infinite where it lies outside [0, 1]. */
function distanceTo({ normal, offset }: Plane, point: Float32Array): number {
  const reached = projectToHyperplane(point, normal, offset);
  let [before, after] = [offset, offset];
  for (let k = 0; k < point.length; k += 1) {
    before -= normal[k]! * point[k]!;
    after -= normal[k]! * reached[k]!;
  }
  return Math.abs(after) > 1e-3 * Math.abs(before) ? Number.POSITIVE_INFINITY : largestChange(reached, point);
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
