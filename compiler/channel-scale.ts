import type { FloatSpikeGraph, ParameterTable, Population } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { roundingError } from './grid.js';
import type { LayerInputs } from './layer-inputs.js';

/** Factors on channels are these powers of two: few enough for the chip's threshold profiles, a factor of 13 apart. */
const FACTORS = Array.from({ length: 16 }, (_, step) => 2 ** (step / 4));
/** Largest magnitudes tried for a channel: the largest weight times 2^(−k/4). */
const CLIP_STEPS = 8;
/** Weights of a channel that its range is chosen on; beyond it evenly spaced ones stand for all. */
const SAMPLE_MAX = 1024;

/**
 * By channel, the factor that brings a spiking population's channels to one range, so that each fills the mantissas of the
 * grid they share; all ≥ 1, at most as many different ones as the chip has threshold profiles in a core. Null where that
 * changes nothing, or cannot be: a readout's logits share one scale, and without weights there is nothing to gain.
 */
export function channelFactors(
  { population, projections }: LayerInputs,
  { limits, arithmetic }: Target,
): Float32Array | null {
  const profiles = Math.min(
    limits.thresholdProfilesPerCore.value ?? FACTORS.length,
    limits.compartmentProfilesPerCore.value ?? FACTORS.length,
    FACTORS.length,
  );
  // Thresholds that differ by neuron or timestep already are profiles of their own.
  const single =
    population.threshold.rows === 1 && population.threshold.columns === 1 && population.decay.columns === 1;
  if (population.kind === 'readout' || profiles < 2 || !single || projections.length === 0) return null;
  const channels = population.shape[2];
  const ranges = new Float64Array(channels);
  for (const { kernel } of projections) {
    const own = bestRanges(kernel.data, channels, arithmetic.weight.mantissaMax);
    for (let c = 0; c < channels; c += 1) ranges[c] = Math.max(ranges[c]!, own[c]!);
  }
  const widest = ranges.reduce((most, range) => Math.max(most, range), 0);
  const factors = Float32Array.from(ranges, (range) => {
    // A channel without weights needs no finer steps than the others.
    const step = range === 0 ? 0 : Math.floor(4 * Math.log2(widest / range));
    return FACTORS[Math.min(step, profiles - 1)]!;
  });
  return factors.some((factor) => factor !== 1) ? factors : null;
}

/**
 * The graph with channel c of a population times factors[c]: weights, bias, drive and thresholds together, which changes
 * no spike. A threshold for all becomes one by channel.
 */
export function scaleChannels(graph: FloatSpikeGraph, name: string, factors: Float32Array): FloatSpikeGraph {
  const channels = factors.length;
  const times = (data: Float32Array): Float32Array => {
    const scaled = new Float32Array(data.length);
    for (let k = 0; k < data.length; ) {
      for (let c = 0; c < channels; c += 1, k += 1) scaled[k] = data[k]! * factors[c]!;
    }
    return scaled;
  };
  return {
    ...graph,
    populations: graph.populations.map((population) => {
      if (population.name !== name) return population;
      return {
        ...population,
        threshold: byChannel(population.threshold, factors),
        bias: byChannel(population.bias, factors),
        channelFactors: combined(population, factors),
      };
    }),
    projections: graph.projections.map((projection) => {
      const { kernel } = projection;
      return projection.to === name ? { ...projection, kernel: { ...kernel, data: times(kernel.data) } } : projection;
    }),
    drives: graph.drives.map((drive) => {
      if (drive.population !== name) return drive;
      return { ...drive, kernel: { ...drive.kernel, data: times(drive.kernel.data) }, bias: times(drive.bias) };
    }),
  };
}

/** Factors just below 1 that put the threshold of every channel, times `scale`, on a multiple of `step`. */
export function snapFactors(population: Population<Float32Array>, scale: number, step: number): Float32Array {
  const { data } = population.threshold;
  return Float32Array.from({ length: population.shape[2] }, (_, channel) => {
    const threshold = (data[channel % data.length]! * scale) / step;
    // Downwards, so that a drive that fits goes on fitting; float32 may lie a hair below the whole number that it is.
    return Math.max(1, Math.floor(threshold + 1e-4)) / threshold;
  });
}

function combined({ channelFactors }: Population<Float32Array>, factors: Float32Array): Float32Array {
  return channelFactors === undefined ? factors : factors.map((factor, channel) => factor * channelFactors[channel]!);
}

/** A table with every column times its channel's factor; one value for all becomes one for each channel. */
function byChannel(
  { rows, columns, data }: ParameterTable<Float32Array>,
  factors: Float32Array,
): ParameterTable<Float32Array> {
  if (columns === 1 && data.every((value) => value === 0)) return { rows, columns, data };
  const channels = factors.length;
  const wide = columns === 1 ? channels : columns;
  const scaled = Float32Array.from({ length: rows * wide }, (_, k) => {
    const value = columns === 1 ? data[Math.floor(k / wide)]! : data[k]!;
    return value * factors[(k % wide) % channels]!;
  });
  return { rows, columns: wide, data: scaled };
}

/** By channel, the magnitude that should fill the mantissa: rounding and clipping err least there. */
function bestRanges(weights: Float32Array, channels: number, mantissaMax: number): Float64Array {
  const inputs = weights.length / channels;
  const count = Math.min(inputs, SAMPLE_MAX);
  const rowOf = (k: number): number => Math.floor((k * inputs) / count) * channels;
  const largest = new Float64Array(channels);
  for (let k = 0; k < count; k += 1) {
    for (let c = 0, at = rowOf(k); c < channels; c += 1, at += 1) {
      largest[c] = Math.max(largest[c]!, Math.abs(weights[at]!));
    }
  }
  const best = largest.slice();
  const least = new Float64Array(channels).fill(Number.POSITIVE_INFINITY);
  const units = new Float64Array(channels);
  const errors = new Float64Array(channels);
  for (let step = 0; step < CLIP_STEPS; step += 1) {
    errors.fill(0);
    // Of a channel without weights any unit is as good.
    for (let c = 0; c < channels; c += 1) units[c] = (largest[c]! * 2 ** (-step / 4)) / mantissaMax || 1;
    for (let k = 0; k < count; k += 1) {
      for (let c = 0, at = rowOf(k); c < channels; c += 1, at += 1) {
        errors[c]! += roundingError(Math.abs(weights[at]!), units[c]!, mantissaMax) ** 2;
      }
    }
    for (let c = 0; c < channels; c += 1) {
      if (errors[c]! >= least[c]!) continue;
      least[c] = errors[c]!;
      best[c] = largest[c]! * 2 ** (-step / 4);
    }
  }
  return best;
}
