import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lower } from '../../compiler/lower.js';
import { quantise } from '../../compiler/quantise.js';
import type { FloatSpikeGraph, IntegerSpikeGraph, Population, Projection } from '../../schemas/spike.js';
import { checkSpikeGraph } from '../../schemas/spike-check.js';
import type { Target } from '../../schemas/target.js';
import { loadTarget } from '../../targets/load.js';
import { type LayerSpec, randomSnn } from './random-snn.js';

const loihi1 = loadTarget('loihi1');
const tiny = loadTarget('tiny');
const ideal = loadTarget('ideal');
const speck = loadTarget('speck');

const specs: readonly LayerSpec[] = [
  { conv: 6 },
  'norm',
  { neuron: 'hard', threshold: 0.37 },
  { pool: 2 },
  { conv: 8 },
  'norm',
  { neuron: 'hard', leak: 0.9, threshold: 0.61 },
  { flatten: 'hwc' },
  { dense: 5, bias: true },
];

function quantised(
  target: Target,
  seed: number,
): { readonly float: FloatSpikeGraph; readonly graph: IntegerSpikeGraph } {
  const float = lower(randomSnn([8, 8, 2], specs, 4, seed));
  return { float, graph: quantise(float, target).value.graph };
}

/** Weights, biases, drive and thresholds of one population times `factor`. */
function scaled(graph: FloatSpikeGraph, name: string, factor: number): FloatSpikeGraph {
  const times = (data: Float32Array) => data.map((value) => value * factor);
  return {
    ...graph,
    populations: graph.populations.map((population) => {
      if (population.name !== name) return population;
      const threshold = { ...population.threshold, data: times(population.threshold.data) };
      return { ...population, threshold, bias: { ...population.bias, data: times(population.bias.data) } };
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

/**
 * Population a, driven, and population b: a kernel [1, 1, inputs, outputs] of these weights leads from one to the other.
 */
function twoLayers(weights: readonly number[], outputs: number, threshold: number): FloatSpikeGraph {
  const inputs = weights.length / outputs;
  const one = (value: number) => ({ rows: 1, columns: 1, data: Float32Array.of(value) });
  const population = (name: string, neurons: number, phase: number, own: number): Population<Float32Array> => {
    const shape = [1, 1, neurons] as const;
    const kind = 'spiking';
    return { name, kind, shape, phase, reset: 'hard', decay: one(0), threshold: one(own), bias: one(0), scale: 1 };
  };
  const geometry = { stride: [1, 1], padding: { top: 0, bottom: 0, left: 0, right: 0 } } as const;
  const projection: Projection<Float32Array> = {
    ...geometry,
    name: 'p',
    from: 'a',
    to: 'b',
    delay: 1,
    pool: [1, 1],
    kernel: { shape: [1, 1, inputs, outputs], data: Float32Array.from(weights) },
  };
  const drive = {
    ...geometry,
    population: 'a',
    inputShape: [1, 1, 1],
    mean: [0],
    std: [1],
    kernel: { shape: [1, 1, 1, inputs], data: new Float32Array(inputs).fill(1) },
    bias: new Float32Array(inputs),
    scale: 1,
    grid: null,
  } as const;
  return {
    kind: 'spike',
    name: 'two layers',
    timesteps: 1,
    populations: [population('a', inputs, 0, 1), population('b', outputs, 1, threshold)],
    projections: [projection],
    drives: [drive],
    membraneMax: null,
  };
}

describe('quantisation', () => {
  for (const target of [loihi1, tiny, ideal]) {
    it(`puts everything on the grid of ${target.name}`, () => {
      const { weight, threshold, bias, compare, biasGate } = target.arithmetic;
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const { graph } = quantised(target, seed);
          checkSpikeGraph(graph, 'integer');
          for (const { kernel } of graph.projections) {
            const largest = kernel.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
            const exponent = Math.max(0, Math.ceil(Math.log2(largest / (weight.mantissaMax * weight.step))));
            expect(exponent).toBeLessThanOrEqual(weight.exponentMax);
            expect(kernel.data.every((value) => value % (weight.step * 2 ** exponent) === 0)).toBe(true);
          }
          for (const population of graph.populations) {
            if (!biasGate) expect(population.bias.data.every((value) => value % weight.step === 0)).toBe(true);
            if (population.kind === 'readout') continue;
            const profiles = target.limits.thresholdProfilesPerCore.value!;
            expect(new Set(population.threshold.data).size).toBeLessThanOrEqual(profiles);
            for (const value of population.threshold.data) {
              const stored = value - (compare === '>' ? 1 : 0);
              expect(stored % threshold.step).toBe(0);
              expect(stored / threshold.step).toBeGreaterThanOrEqual(1);
              expect(stored / threshold.step).toBeLessThanOrEqual(threshold.mantissaMax);
            }
          }
          for (const { grid } of graph.drives) {
            expect(grid!.mantissaMax).toBe(bias!.mantissaMax);
            expect(grid!.exponent).toBeLessThanOrEqual(bias!.exponentMax);
          }
        }),
        { numRuns: 10 },
      );
    });
  }

  it('changes no integer when a population is scaled by a power of two', () => {
    const integers = ({ populations, projections }: IntegerSpikeGraph) => [
      populations.map(({ threshold, bias, decay }) => [threshold, bias, decay]),
      projections.map(({ kernel }) => kernel.data),
    ];
    const index = fc.integer({ min: 0, max: 2 });
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0.125, 0.5, 2, 4), index, (seed, factor, index) => {
        const { float, graph } = quantised(loihi1, seed);
        const again = quantise(scaled(float, float.populations[index]!.name, factor), loihi1).value.graph;
        expect(integers(again)).toEqual(integers(graph));
        again.populations.forEach((population, n) => {
          expect(population.scale * (n === index ? factor : 1)).toBe(graph.populations[n]!.scale);
        });
      }),
      { numRuns: 10 },
    );
  });

  it('keeps every image on the drive’s grid: the worst one reaches at most the largest mantissa', () => {
    const { float, graph } = quantised(loihi1, 11);
    const { scale, grid } = graph.drives[0]!;
    const { mean, std, kernel, bias } = float.drives[0]!;
    const [, , inputs, outputs] = kernel.shape;
    let reached = 0;
    for (let co = 0; co < outputs; co += 1) {
      for (const sign of [1, -1]) {
        let worst = bias[co]!;
        // The image that is white where the weight pulls the current away from zero, and black elsewhere.
        for (let k = co; k < kernel.data.length; k += outputs) {
          const ci = Math.floor(k / outputs) % inputs;
          const pixel = sign * kernel.data[k]! > 0 ? 1 : 0;
          worst += (kernel.data[k]! * (pixel - mean[ci]!)) / std[ci]!;
        }
        reached = Math.max(reached, Math.abs(worst * scale) / 2 ** grid!.exponent);
      }
    }
    expect(reached).toBeLessThanOrEqual(grid!.mantissaMax);
    // And most of the grid is used.
    expect(reached).toBeGreaterThan(0.6 * grid!.mantissaMax);
  });

  it('decides at an exact threshold as the trained neuron does', () => {
    // A weight that equals the threshold fires its neuron; half of it does not, nor a 64th less.
    for (const target of [loihi1, tiny, ideal]) {
      const { graph } = quantise(twoLayers([1, 0.5, 1, 0.984375], 4, 1), target).value;
      const [full, half] = graph.projections[0]!.kernel.data;
      // By channel, where channels have factors of their own.
      const { data: thresholds } = graph.populations[1]!.threshold;
      expect(full).toBeGreaterThanOrEqual(thresholds[0]!);
      expect(half).toBeLessThan(thresholds[1 % thresholds.length]!);
    }
  });

  it('clips a lone outlier where that serves the other weights', () => {
    // 400 weights of up to 0.3 and one of 0.8, on a chip of 31 mantissas.
    const weights = Array.from({ length: 400 }, (_, k) => (k % 2 === 0 ? 1 : -1) * 0.3 * (((k * 7) % 100) / 100));
    const { rows } = quantise(twoLayers([...weights, 0.31], 1, 1), tiny).value;
    // Without clipping the steps are 0.31/31 = 0.01: their noise 0.01²/12 under 0.3²/3 of the weights is 35.6 dB.
    expect(rows[1]!.sqnrDecibels).toBeGreaterThan(30);
    // As the outlier grows, clipping it by 0.01 costs (0.1·0.01)² once and less than the coarser steps of 400 weights.
    const spread = quantise(twoLayers([...weights, ...weights, ...weights, 0.4], 1, 1), tiny).value.rows[1]!;
    expect(spread.clippedPercent).toBeGreaterThan(0);
    expect(spread.weightMax).toBe(31);
  });

  it('bounds every neuron’s input by what its sources can add together', () => {
    const { float } = quantised(loihi1, 3);
    const { graph, rows } = quantise(float, loihi1).value;
    for (const { kernel, pool, to } of graph.projections) {
      const row = rows.find(({ population }) => population === to)!;
      const { bias } = graph.populations.find(({ name }) => name === to)!;
      const outputs = kernel.shape[3];
      for (let co = 0; co < outputs; co += 1) {
        let [positive, negative] = [bias.data[co]!, bias.data[co]!];
        for (let k = co; k < kernel.data.length; k += outputs) {
          positive += Math.max(0, kernel.data[k]!) * pool[0] * pool[1];
          negative += Math.min(0, kernel.data[k]!) * pool[0] * pool[1];
        }
        expect(Math.max(positive, -negative)).toBeLessThanOrEqual(row.inputBound);
      }
      expect(row.inputProven).toBe(row.inputBound < 2 ** 21);
    }
  });

  it('warns of an input bound that it does not prove, naming need and limit', () => {
    // 40,000 weights of ±1: even mantissas of 1 sum to 20,000·128 = 2,560,000 of each sign, beyond 2²¹ = 2,097,152.
    const weights = Array.from({ length: 40_000 }, (_, k) => (k % 2 === 0 ? 1 : -1));
    const { value, diagnostics } = quantise(twoLayers(weights, 1, 20), loihi1);
    const warnings = diagnostics.filter(({ severity }) => severity === 'warning');
    expect(warnings.map(({ code, where }) => [code, where])).toEqual([['SW2014', 'layer b']]);
    expect(warnings[0]!.what).toMatch(/could reach [\d,]+ membrane units; loihi1 keeps it below 2,097,152/);
    expect(value.rows[1]!.inputProven).toBe(false);
  });

  it('rounds decays to 1/4096 and refuses tables by timestep where the chip has none', () => {
    const { graph } = quantised(loihi1, 5);
    // (1 − 0.9)·4096 = 409.6
    expect(graph.populations[1]!.decay.data[0]).toBe(410);
    const float = twoLayers([1], 1, 1);
    const [a, b] = float.populations;
    const stepped = { ...b!, threshold: { rows: 2, columns: 1, data: Float32Array.of(1, 2) } };
    const changing = { ...float, timesteps: 2, populations: [a!, stepped] };
    expect(() => quantise(changing, loihi1)).toThrow(/SW2011 layer b: its threshold changes over 2 timesteps/);
    expect(quantise(changing, ideal).value.graph.populations[1]!.threshold.rows).toBe(2);
  });

  it('refuses a leak that the chip’s decays would make none, or everything', () => {
    const float = lower(randomSnn([8, 8, 2], specs, 4, 5));
    const withDecays = (decayBits: number): Target => ({ ...loihi1, arithmetic: { ...loihi1.arithmetic, decayBits } });
    expect(() => quantise(float, withDecays(0))).toThrow(/SW2015 layer .*0\.1.* decays of 0 bits/s);
    // 0.1 of 8 is nearest to 1 of 8; of 4 to none.
    expect(() => quantise(float, withDecays(2))).toThrow(/SW2015/);
    expect(() => quantise(float, withDecays(3))).not.toThrow();
  });

  it('finds a scale for a layer of drive and bias alone where biases are sums of few weights', () => {
    const factor = fc.double({ min: 0.1, max: 3, noNaN: true });
    fc.assert(
      fc.property(factor, factor, factor, (weight, bias, threshold) => {
        const float = twoLayers([1, 1], 1, 1);
        const [first, second] = float.populations;
        // A bias by neuron, as padding makes one, is not the drive's.
        const one = { rows: 1, columns: 1, data: Float32Array.of(threshold) };
        const biased = { ...first!, threshold: one, bias: { rows: 1, columns: 2, data: Float32Array.of(bias, 0) } };
        const drives = float.drives.map((drive) => ({
          ...drive,
          kernel: { ...drive.kernel, data: new Float32Array(2).fill(weight) },
        }));
        const { graph } = quantise({ ...float, drives, populations: [biased, second!] }, speck).value;
        const { bias: biases, threshold: thresholds } = graph.populations[0]!;
        expect(Math.abs(biases.data[0]! / thresholds.data[0]! / (bias / threshold) - 1)).toBeLessThan(0.1);
      }),
    );
  });

  it('names a layer whose threshold and weights have no common scale', () => {
    // At the smallest weight step a threshold of 10⁷ times the weight is 1.28·10⁹; the largest is 8.4·10⁶.
    const float = twoLayers([1e-7], 1, 1);
    const [, b] = float.populations;
    const silent = {
      ...float,
      populations: [float.populations[0]!, { ...b!, threshold: { ...b!.threshold, data: Float32Array.of(1e6) } }],
    };
    expect(() => quantise(silent, loihi1)).toThrow(
      /SW2013 layer b: weights up to 1\.00e-7, thresholds up to 1\.00e\+6 have no common scale/,
    );
  });
});
