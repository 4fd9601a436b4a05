import type { Drive, FloatSpikeGraph, ParameterTable, Population, Projection } from '../schemas/spike.js';
import type { TapRates } from './round-weights.js';

/** The most weights that a scale is tried on; beyond it evenly spaced output channels stand for all. */
const SAMPLE_MAX = 65_536;

/** A part of a projection's weights: those of every `stride`-th output channel. */
export interface WeightSample {
  /** [inputs, channels] */
  readonly weights: Float32Array;
  readonly channels: readonly number[];
}

/** Everything that reaches a population's membranes, as ranges by channel in units of the trained network. */
export interface LayerInputs {
  readonly population: Population<Float32Array>;
  readonly projections: readonly Projection<Float32Array>[];
  readonly drive: Drive | null;
  readonly samples: readonly WeightSample[];
  /** How the sources behind each projection's taps fire: measured by calibration, or assumed. */
  readonly rates: readonly TapRates[];
  /** Largest |weight|. */
  readonly weightMax: number;
  /** By channel: the most that weights and drive can add in one timestep if any set of sources fires, and the least. */
  readonly highest: Float64Array;
  readonly lowest: Float64Array;
  /** By channel, Σ and root of Σ² over all weights, each times the sources behind it. */
  readonly weightSum: Float64Array;
  readonly weightNorm: Float64Array;
  /** Largest |drive| over all images with pixels in [0, 1]; 0 without a drive. */
  readonly driveMax: number;
  /** Largest |bias|. */
  readonly biasMax: number;
}

/** Gathers what the choice of a population's scale must know; `rates` are those of its projections, in the graph's order. */
export function layerInputs(
  graph: FloatSpikeGraph,
  population: Population<Float32Array>,
  rates: readonly TapRates[],
): LayerInputs {
  const projections = graph.projections.filter(({ to }) => to === population.name);
  const drive = graph.drives.find((candidate) => candidate.population === population.name) ?? null;
  const channels = population.shape[2];
  const highest = new Float64Array(channels);
  const lowest = new Float64Array(channels);
  const weightSum = new Float64Array(channels);
  const weightNorm = new Float64Array(channels);
  let weightMax = 0;
  for (const { kernel, pool } of projections) {
    const sources = pool[0] * pool[1];
    const { data } = kernel;
    for (let k = 0; k < data.length; ) {
      for (let c = 0; c < channels; c += 1, k += 1) {
        const reach = data[k]! * sources;
        highest[c]! += Math.max(0, reach);
        lowest[c]! += Math.min(0, reach);
        weightSum[c]! += reach;
        weightNorm[c]! += reach * reach;
        weightMax = Math.max(weightMax, Math.abs(data[k]!));
      }
    }
  }
  let driveMax = 0;
  if (drive !== null) {
    const range = driveRange(drive);
    range.highest.forEach((high, c) => {
      highest[c]! += high;
      lowest[c]! += range.lowest[c]!;
      driveMax = Math.max(driveMax, Math.abs(high), Math.abs(range.lowest[c]!));
    });
  }
  addBias(population.bias, highest, lowest);
  const biasMax = population.bias.data.reduce((most, bias) => Math.max(most, Math.abs(bias)), 0);
  const samples = projections.map(sampleWeights);
  return {
    population,
    projections,
    drive,
    samples,
    rates,
    weightMax,
    highest,
    lowest,
    weightSum,
    weightNorm: weightNorm.map(Math.sqrt),
    driveMax,
    biasMax,
  };
}

/** By channel, the largest and smallest current over all images with pixels in [0, 1]. */
function driveRange({ kernel, bias, mean, std }: Drive): { highest: Float64Array; lowest: Float64Array } {
  const highest = Float64Array.from(bias);
  const lowest = Float64Array.from(bias);
  const [, , inputs, channels] = kernel.shape;
  kernel.data.forEach((weight, k) => {
    const input = Math.floor(k / channels) % inputs;
    const ends = [(weight * -mean[input]!) / std[input]!, (weight * (1 - mean[input]!)) / std[input]!];
    // 0 is what the padding brings.
    highest[k % channels]! += Math.max(0, ...ends);
    lowest[k % channels]! += Math.min(0, ...ends);
  });
  return { highest, lowest };
}

/** Widens the ranges by the bias; of a table by timestep or neuron, by the largest and smallest of each channel. */
function addBias(bias: ParameterTable<Float32Array>, highest: Float64Array, lowest: Float64Array): void {
  const channels = highest.length;
  const most = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
  const least = new Float64Array(channels).fill(Number.POSITIVE_INFINITY);
  bias.data.forEach((value, k) => {
    const column = k % bias.columns;
    for (let c = bias.columns === 1 ? 0 : column % channels; c < channels; c += bias.columns === 1 ? 1 : channels) {
      most[c] = Math.max(most[c]!, value);
      least[c] = Math.min(least[c]!, value);
    }
  });
  for (let c = 0; c < channels; c += 1) {
    highest[c]! += most[c]!;
    lowest[c]! += least[c]!;
  }
}

function sampleWeights({ kernel }: Projection<Float32Array>): WeightSample {
  const channels = kernel.shape[3];
  const inputs = kernel.data.length / channels;
  const wanted = Math.max(1, Math.min(channels, Math.floor(SAMPLE_MAX / inputs)));
  const picked = Array.from({ length: wanted }, (_, n) => Math.floor((n * channels) / wanted));
  const weights = new Float32Array(inputs * wanted);
  for (let input = 0; input < inputs; input += 1) {
    for (let n = 0; n < wanted; n += 1) weights[input * wanted + n] = kernel.data[input * channels + picked[n]!]!;
  }
  return { weights, channels: picked };
}
