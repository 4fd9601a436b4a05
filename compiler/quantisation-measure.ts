import type { FloatSpikeGraph, IntegerSpikeGraph, Population } from '../schemas/spike.js';
import type { Calibration } from './calibration.js';
import { populationInput, runSpikeGraph } from './spike-run.js';

/** What an integer population does on the calibration images, beside the float one. */
export interface ChipMeasure {
  /** Of the input that equal spikes cause: its power over that of the difference; null without a difference. */
  readonly inputSqnrDecibels: number | null;
  /** Neurons and timesteps at which both fire or neither does, in percent; null of a readout. */
  readonly spikeAgreementPercent: number | null;
  /** Spikes per image. */
  readonly floatSpikes: number;
  readonly integerSpikes: number;
  /** Membranes that would have passed the chip's width, in percent of all neurons and timesteps. */
  readonly saturationPercent: number;
  /** Largest magnitude of one step's input and of a membrane, in membrane units. */
  readonly inputMost: number;
  readonly membraneMost: number;
}

interface Sums {
  signal: number;
  noise: number;
  equal: number;
  slots: number;
  floatSpikes: number;
  integerSpikes: number;
  saturations: number;
  inputMost: number;
  membraneMost: number;
}

/** Runs the integers on every calibration image and compares them with the float network, population by population. */
export function measureOnChip(
  float: FloatSpikeGraph,
  integer: IntegerSpikeGraph,
  { images, spikes, progress }: Calibration,
): readonly ChipMeasure[] {
  const sums = integer.populations.map((): Sums => {
    return {
      signal: 0,
      noise: 0,
      equal: 0,
      slots: 0,
      floatSpikes: 0,
      integerSpikes: 0,
      saturations: 0,
      inputMost: 0,
      membraneMost: 0,
    };
  });
  images.forEach((image, n) => {
    progress(n, images.length, 'integers on calibration images');
    const runs = runSpikeGraph(integer, image);
    integer.populations.forEach((population, index) => {
      const sum = sums[index]!;
      const fired = spikes[n]!.get(population.name)!;
      const run = runs.get(population.name)!;
      for (let k = 0; k < fired.length; k += 1) {
        sum.floatSpikes += fired[k]!;
        sum.integerSpikes += run.spikes[k]!;
        if (fired[k] === run.spikes[k]) sum.equal += 1;
        sum.inputMost = Math.max(sum.inputMost, Math.abs(run.input[k]!));
      }
      sum.slots += fired.length;
      sum.saturations += run.saturations;
      sum.membraneMost = Math.max(sum.membraneMost, run.membraneMost);
      const spikesOf = (source: string): Uint8Array => spikes[n]!.get(source)!;
      const wanted = populationInput(float, float.populations[index]!, image, spikesOf);
      addNoise(sum, wanted, populationInput(integer, population, image, spikesOf), population);
    });
  });
  return sums.map((sum, index): ChipMeasure => {
    const { floatSpikes, integerSpikes, inputMost, membraneMost } = sum;
    return {
      inputSqnrDecibels: sum.noise === 0 ? null : 10 * Math.log10(sum.signal / sum.noise),
      spikeAgreementPercent: integer.populations[index]!.kind === 'readout' ? null : (100 * sum.equal) / sum.slots,
      floatSpikes: floatSpikes / images.length,
      integerSpikes: integerSpikes / images.length,
      saturationPercent: (100 * sum.saturations) / sum.slots,
      inputMost,
      membraneMost,
    };
  });
}

function addNoise(
  sum: Sums,
  wanted: Float64Array,
  found: Float64Array,
  { scale, channelFactors, shape }: Population<Int32Array>,
): void {
  for (let k = 0; k < wanted.length; k += 1) {
    const difference = found[k]! / (scale * (channelFactors?.[k % shape[2]] ?? 1)) - wanted[k]!;
    sum.signal += wanted[k]! ** 2;
    sum.noise += difference ** 2;
  }
}
