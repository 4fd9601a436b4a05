import { nearestMantissa } from './grid.js';

/** With so many weights enough of them lie near the middle between two mantissas; only those are looked at. */
const MANY = 2048;
const MIDDLE = 0.4;
/** Rounds of single steps over all weights of a neuron; later ones hardly move any. */
export const ROUNDS = 3;
/**
 * Share of the squared error that single taps cause, for what the sample has not seen, and what to add to it times
 * weights per moment: few moments must not be fitted by heart. Found on images that the fit did not see.
 */
const RIDGE = 0.5;
const RIDGE_OF_FEW = 0.3;

/** How the sources behind the taps of a population's kernels fire, as spikes that a tap counts in one timestep. */
export interface TapRates {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Spike counts of taps in chosen moments (rows), by tap: entries starts[k] … starts[k + 1] − 1 of tap k. */
export interface TapSample {
  readonly rows: number;
  readonly starts: Uint32Array;
  readonly row: Uint32Array;
  readonly count: Uint16Array;
}

/** One output channel's weights to be rounded, in units of the mantissa, and what is wrong with its bias already. */
export interface ChannelWeights {
  readonly weights: Float64Array;
  readonly biasError: number;
  readonly mantissaMax: number;
  readonly timesteps: number;
}

/** Rounds the weights of one output channel after another, all of the same taps. */
export class ChannelRounder {
  readonly #rates: TapRates;
  /** What the last channel's weights were rounded to. */
  readonly #mantissas: Int32Array;
  readonly #distances: Float64Array;
  readonly #movable: Int32Array;

  constructor(rates: TapRates) {
    const taps = rates.mean.length;
    this.#rates = rates;
    this.#mantissas = new Int32Array(taps);
    this.#distances = new Float64Array(taps);
    this.#movable = new Int32Array(taps);
  }

  /**
   * Mantissas whose error the taps' mean rates cancel (error feedback): from the nearest ones, those farthest from their
   * weight move to the other side as long as Σ variance·e² + T·(Σ mean·e + bias error)² falls. A window of T steps adds
   * up T times the variance and T² times the square of the mean; rounding to the nearest heeds neither. The result lasts
   * until the next channel.
   */
  byRates({ weights, biasError, mantissaMax, timesteps }: ChannelWeights): Int32Array {
    const { mean, variance } = this.#rates;
    const [mantissas, distances, movable] = [this.#mantissas, this.#distances, this.#movable];
    let drift = biasError;
    for (let k = 0; k < weights.length; k += 1) {
      mantissas[k] = nearestMantissa(weights[k]!, mantissaMax);
      drift += mean[k]! * (mantissas[k]! - weights[k]!);
    }
    const step = drift > 0 ? -1 : 1;
    const nearest = weights.length > MANY ? MIDDLE : 0;
    let count = 0;
    let rarest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < weights.length; k += 1) {
      const distance = step * (weights[k]! - mantissas[k]!);
      if (distance <= nearest || Math.abs(mantissas[k]! + step) > mantissaMax) continue;
      distances[k] = distance;
      movable[count] = k;
      count += 1;
      if (mean[k]! > 0) rarest = Math.min(rarest, mean[k]!);
    }
    const farthest = new FarthestFirst(movable, count, distances);
    // No distance is above 1/2: a step never helps the noise, nor a drift of less than half of what it adds.
    for (let k = farthest.take(); k !== -1 && -2 * step * drift > rarest; k = farthest.take()) {
      const noise = variance[k]! * (1 - 2 * distances[k]!);
      const bias = mean[k]! * (2 * step * drift + mean[k]!);
      if (noise + timesteps * bias >= 0) continue;
      mantissas[k]! += step;
      drift += step * mean[k]!;
    }
    return mantissas;
  }

  /**
   * Mantissas of least squares over sampled moments: from those of `byRates`, single weights step towards their other
   * neighbour as long as ‖error of the input‖² over the sample, with a ridge for what it has not seen, falls. The result
   * lasts until the next channel.
   */
  bySample(channel: ChannelWeights, sample: TapSample): Int32Array {
    const { weights, biasError, mantissaMax } = channel;
    const { starts, row, count, rows } = sample;
    const mantissas = this.byRates(channel);
    const ridge = RIDGE + (RIDGE_OF_FEW * weights.length) / rows;
    const error = new Float64Array(rows).fill(biasError);
    const power = new Float64Array(weights.length);
    for (let k = 0; k < weights.length; k += 1) {
      const off = mantissas[k]! - weights[k]!;
      for (let at = starts[k]!; at < starts[k + 1]!; at += 1) {
        error[row[at]!]! += off * count[at]!;
        power[k]! += count[at]! ** 2;
      }
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      let moved = 0;
      for (let k = 0; k < weights.length; k += 1) {
        if (power[k] === 0) continue;
        const off = mantissas[k]! - weights[k]!;
        const step = off > 0 ? -1 : 1;
        if (Math.abs(mantissas[k]! + step) > mantissaMax) continue;
        let slope = 0;
        for (let at = starts[k]!; at < starts[k + 1]!; at += 1) slope += error[row[at]!]! * count[at]!;
        if (2 * step * (slope + ridge * power[k]! * off) + (1 + ridge) * power[k]! >= 0) continue;
        mantissas[k]! += step;
        moved += 1;
        for (let at = starts[k]!; at < starts[k + 1]!; at += 1) error[row[at]!]! += step * count[at]!;
      }
      if (moved === 0) break;
    }
    return mantissas;
  }
}

/** Hands out items by distance, the largest first, of equal ones the lowest number: a heap, since few are ever asked for. */
class FarthestFirst {
  #size: number;

  /** `heap` holds `count` items, in any order, and is worked on. */
  constructor(
    private readonly heap: Int32Array,
    count: number,
    private readonly distances: Float64Array,
  ) {
    this.#size = count;
    for (let at = (this.#size >> 1) - 1; at >= 0; at -= 1) this.#sink(at);
  }

  /** The next item; −1 when all are taken. */
  take(): number {
    if (this.#size === 0) return -1;
    const first = this.heap[0]!;
    this.#size -= 1;
    this.heap[0] = this.heap[this.#size]!;
    this.#sink(0);
    return first;
  }

  #sink(start: number): void {
    const { heap } = this;
    const item = heap[start]!;
    let at = start;
    for (let child = 2 * at + 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && this.#isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#isBefore(heap[child]!, item)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = item;
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.distances[a]! - this.distances[b]!;
    return difference > 0 || (difference === 0 && a < b);
  }
}
