import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { MapShape } from '../../schemas/tensor.js';
import type { Classifier } from '../engine/engine.js';
import { seededGenerator } from '../seed.js';
import { projectToBall } from './ascent.js';
import { marginOf } from './logit-loss.js';
import type { Crafted, LabelledBatch } from './samples.js';
import { joined, logitsOf } from './samples.js';

/** Share of the pixels that the first squares cover. */
const FIRST_SHARE = 0.8;
/** Queries, of 10,000, after which the share of pixels is halved once more. */
const HALVINGS = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

export interface SquareOptions {
  readonly epsilon: number;
  /** Forward passes per sample, ≥ 1; that of the original image is not counted. */
  readonly queries: number;
  readonly seed: number;
}

/**
 * The Square attack (Andriushchenko et al. 2020, L∞): random search without gradients. It starts from vertical stripes of
 * ±epsilon and then tries squares of one sign per channel, keeping what lowers the margin z_y − max_{k≠y} z_k. Images
 * that the network gets wrong come back as they are, after 0 queries.
 */
export async function square(
  classifier: Classifier,
  { images, labels, indices }: LabelledBatch,
  { epsilon, queries, seed }: SquareOptions,
): Promise<Crafted> {
  const { classes, inputShape } = classifier;
  const count = labels.length;
  const size = images.length / count;
  const outcome = { adversarial: images.slice(), queries: new Uint32Array(count) };
  const clean = await logitsOf(classifier, images);
  let standing: SquareSearch[] = [];
  for (let n = 0; n < count; n += 1) {
    if (marginOf(clean.subarray(n * classes, (n + 1) * classes), labels[n]!) < 0) continue;
    const random = seededGenerator(seed, 'square', indices[n]!);
    const original = images.subarray(n * size, (n + 1) * size);
    standing.push(new SquareSearch(n, labels[n]!, original, inputShape, epsilon, random));
  }
  for (let query = 0; query < queries && standing.length > 0; query += 1) {
    const share = coveredShare(query, queries);
    const candidates = standing.map((search) => (query === 0 ? search.stripes() : search.withSquare(share)));
    const logits = await logitsOf(classifier, joined(candidates));
    for (const [k, search] of standing.entries()) {
      search.judge(candidates[k]!, marginOf(logits.subarray(k * classes, (k + 1) * classes), search.label));
      outcome.queries[search.position]! += 1;
      outcome.adversarial.set(search.best, search.position * size);
    }
    standing = standing.filter(({ margin }) => margin >= 0);
  }
  return outcome;
}

/** Share of the pixels that a square covers at query `query` of `queries`: halved on a schedule stretched to the budget. */
export function coveredShare(query: number, queries: number): number {
  const scaled = Math.floor((query / queries) * 10_000);
  return FIRST_SHARE / 2 ** HALVINGS.filter((after) => scaled > after).length;
}

class SquareSearch {
  best: Float32Array;
  margin = Number.POSITIVE_INFINITY;

  constructor(
    readonly position: number,
    readonly label: number,
    private readonly original: Float32Array,
    private readonly shape: MapShape,
    private readonly epsilon: number,
    private readonly random: RandomGenerator,
  ) {
    this.best = original;
  }

  /** The original with ±epsilon for each column and channel. */
  stripes(): Float32Array {
    const [, width, channels] = this.shape;
    const signs = Float64Array.from({ length: width * channels }, () => this.sign());
    const moved = this.original.map((value, k) => value + this.epsilon * signs[k % signs.length]!);
    return projectToBall(moved, this.original, this.epsilon);
  }

  /** The best with ±2·epsilon for each channel in a random square, which brings it to the ball's border. */
  withSquare(share: number): Float32Array {
    const [height, width, channels] = this.shape;
    const side = Math.min(Math.max(1, Math.round(Math.sqrt(share * height * width))), height, width);
    const top = uniformInt(this.random, 0, height - side);
    const left = uniformInt(this.random, 0, width - side);
    const steps = Float64Array.from({ length: channels }, () => 2 * this.epsilon * this.sign());
    const moved = this.best.slice();
    for (let y = top; y < top + side; y += 1) {
      for (let x = left; x < left + side; x += 1) {
        for (let c = 0; c < channels; c += 1) moved[(y * width + x) * channels + c]! += steps[c]!;
      }
    }
    return projectToBall(moved, this.original, this.epsilon);
  }

  /** Keeps a candidate that is better than the best. */
  judge(candidate: Float32Array, margin: number): void {
    if (margin >= this.margin) return;
    this.margin = margin;
    this.best = candidate;
  }

  private sign(): number {
    return this.random.next() < 0 ? -1 : 1;
  }
}
