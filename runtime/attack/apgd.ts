import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import type { Classifier } from '../engine/engine.js';
import type { Surrogate } from '../engine/surrogate.js';
import { seededGenerator } from '../seed.js';
import { predictions } from '../train/loss.js';
import { projectToBall } from './ascent.js';
import type { LogitLoss } from './logit-loss.js';
import { rivals, targetedRatioLoss } from './logit-loss.js';
import type { Crafted, LabelledBatch } from './samples.js';
import { joined, logitsOf } from './samples.js';

/** Share of a step that follows the gradient; the rest repeats the previous move. */
const MOMENTUM = 0.75;
/** A period in which the loss rose in fewer than this share of the steps halves the step. */
const RISE = 0.75;
/** The first period, by how much each is shorter than the one before, and the shortest, as shares of all steps. */
const PERIOD = { first: 0.22, less: 0.03, least: 0.06 };

export interface ApgdOptions {
  readonly epsilon: number;
  /** Gradient steps, ≥ 1. */
  readonly steps: number;
  readonly seed: number;
  readonly surrogate: Surrogate;
}

/**
 * Auto-PGD (Croce and Hein 2020, algorithm 1): momentum steps of 2·epsilon at first, halved, and taken up from the best
 * point again, where a period brought too little. Images that the network gets wrong come back as they are. The example
 * of the others is the first that fooled the network, or the one of highest loss.
 */
export async function apgd(
  classifier: Classifier,
  batch: LabelledBatch,
  loss: LogitLoss,
  options: ApgdOptions,
): Promise<Crafted> {
  const outcome = await startOutcome(classifier, batch);
  const climbs = outcome.standing.map((n) => climbOf(batch, n, 0, loss, options));
  await climb(classifier, climbs, outcome, options);
  return outcome;
}

/** Auto-PGD on the targeted ratio towards each of the `targets` most likely other classes in turn, until one fools. */
export async function targetedApgd(
  classifier: Classifier,
  batch: LabelledBatch,
  targets: number,
  options: ApgdOptions,
): Promise<Crafted> {
  const outcome = await startOutcome(classifier, batch);
  const { classes } = classifier;
  for (let rank = 0; rank < Math.min(targets, classes - 1); rank += 1) {
    const climbs = outcome.standing.map((n) => {
      const logits = outcome.logits.subarray(n * classes, (n + 1) * classes);
      return climbOf(batch, n, rank, targetedRatioLoss(rivals(logits, batch.labels[n]!)[rank]!), options);
    });
    await climb(classifier, climbs, outcome, options);
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

function climbOf(
  { images, labels, indices }: LabelledBatch,
  position: number,
  rank: number,
  loss: LogitLoss,
  { epsilon, steps, seed }: ApgdOptions,
): Climb {
  const size = images.length / labels.length;
  const original = images.subarray(position * size, (position + 1) * size);
  const start = normalisedStart(original, epsilon, seed, indices[position]!, rank);
  return new Climb(position, labels[position]!, loss, original, start, epsilon, steps);
}

/** Climbs with every sample until it is fooled or the steps are used up, and takes the results into `outcome`. */
async function climb(
  classifier: Classifier,
  climbs: readonly Climb[],
  outcome: Outcome,
  { steps, surrogate }: ApgdOptions,
): Promise<void> {
  const { classes } = classifier;
  const size = outcome.adversarial.length / outcome.queries.length;
  let standing = climbs;
  for (let step = 0; step <= steps && standing.length > 0; step += 1) {
    const isLast = step === steps;
    const images = joined(standing.map(({ current }) => current));
    const pass = await classifier.forward(images, { mode: 'eval', surrogate, gradients: isLast ? 'none' : 'input' });
    try {
      const upstream = new Float32Array(pass.logits.length);
      const losses = standing.map(({ loss, label }, k) => {
        const row = [k * classes, (k + 1) * classes] as const;
        return loss(pass.logits.subarray(...row), label, upstream.subarray(...row));
      });
      const predicted = predictions(pass.logits, standing.length);
      const input = isLast ? null : (await pass.backward(upstream, { parameters: false, input: true })).input;
      for (const [k, sample] of standing.entries()) {
        outcome.queries[sample.position]! += 1;
        sample.fooled = predicted[k] !== sample.label;
        sample.observe(losses[k]!, input?.slice(k * size, (k + 1) * size) ?? null);
        if (!sample.fooled && !isLast) sample.advance();
      }
    } finally {
      pass.dispose();
    }
    standing = standing.filter(({ fooled }) => !fooled);
  }
  for (const { position, fooled, current, best } of climbs) {
    outcome.adversarial.set(fooled ? current : best, position * size);
  }
  outcome.standing = climbs.flatMap(({ position, fooled }) => (fooled ? [] : [position]));
}

/** The ascent of one sample: `observe` what the network makes of `current`, `advance` to the next point. */
export class Climb {
  fooled = false;
  current: Float32Array;
  best: Float32Array;
  private previous: Float32Array;
  private gradient: Float32Array | null = null;
  private bestGradient: Float32Array | null = null;
  private bestLoss = Number.NEGATIVE_INFINITY;
  private lastLoss = Number.NaN;
  private stepSize: number;
  private moves = 0;
  /** Steps in the period under way, and those of them that raised the loss. */
  private inPeriod = 0;
  private rises = 0;
  private period: number;
  private bestAtCheckpoint = Number.NEGATIVE_INFINITY;
  private halvedAtCheckpoint = true;

  constructor(
    readonly position: number,
    readonly label: number,
    readonly loss: LogitLoss,
    private readonly original: Float32Array,
    start: Float32Array,
    private readonly epsilon: number,
    private readonly steps: number,
  ) {
    this.current = start;
    this.previous = start;
    this.best = start;
    this.stepSize = 2 * epsilon;
    this.period = Math.max(1, Math.floor(PERIOD.first * steps));
  }

  /** Takes the loss at `current` and its gradient to the image (null where no step follows). */
  observe(loss: number, gradient: Float32Array | null): void {
    this.gradient = gradient;
    if (loss > this.bestLoss) {
      this.bestLoss = loss;
      this.best = this.current;
      this.bestGradient = gradient;
    }
    const isStart = this.moves === 0;
    if (isStart) {
      this.bestAtCheckpoint = loss;
    } else {
      this.inPeriod += 1;
      if (loss > this.lastLoss) this.rises += 1;
    }
    this.lastLoss = loss;
    if (!isStart && this.inPeriod === this.period) this.closePeriod();
  }

  private closePeriod(): void {
    const tooFewRises = this.rises <= RISE * this.period;
    const noBetter = !this.halvedAtCheckpoint && this.bestAtCheckpoint >= this.bestLoss;
    this.halvedAtCheckpoint = tooFewRises || noBetter;
    this.bestAtCheckpoint = this.bestLoss;
    if (this.halvedAtCheckpoint) {
      this.stepSize /= 2;
      this.current = this.best;
      this.gradient = this.bestGradient ?? this.gradient;
      this.lastLoss = this.bestLoss;
    }
    const { less, least } = PERIOD;
    const shorter = this.period - Math.max(1, Math.floor(less * this.steps));
    this.period = Math.max(shorter, Math.floor(least * this.steps), 1);
    this.inPeriod = 0;
    this.rises = 0;
  }

  /** Moves `current` by one step within the ball. */
  advance(): void {
    const { current, gradient } = this;
    const share = this.moves === 0 ? 1 : MOMENTUM;
    const along = current.map((value, k) => value + this.stepSize * Math.sign(gradient![k]!));
    projectToBall(along, this.original, this.epsilon);
    const next = current.map(
      (value, k) => value + share * (along[k]! - value) + (1 - share) * (value - this.previous[k]!),
    );
    this.previous = current;
    this.current = projectToBall(next, this.original, this.epsilon);
    this.moves += 1;
  }
}

/** A uniform draw scaled so that the largest change is epsilon, kept in [0, 1]. */
function normalisedStart(
  original: Float32Array,
  epsilon: number,
  seed: number,
  index: number,
  rank: number,
): Float32Array {
  const random = seededGenerator(seed, 'auto-PGD start', index, rank);
  const draws = Float64Array.from(original, () => 2 * uniformFloat32(random) - 1);
  const largest = draws.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE);
  return projectToBall(
    original.map((value, k) => value + (epsilon * draws[k]!) / largest),
    original,
    epsilon,
  );
}
