import { expect, test } from 'vitest';
import { quantisationRows, thresholdRows } from '../../../runtime/report/quantisation-rows.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import type { FloatSpikeGraph, IntegerSpikeGraph, Numbers, Population, Projection } from '../../../schemas/spike.js';

function population<N extends Numbers>(name: string, threshold: N, zero: N, scale: number): Population<N> {
  const table = (data: N) => ({ rows: 1, columns: 1, data });
  return {
    name,
    kind: 'spiking',
    shape: [1, 1, 1],
    phase: 0,
    reset: 'hard',
    decay: table(zero),
    threshold: table(threshold),
    bias: table(zero),
    scale,
  };
}

function projection<N extends Numbers>(data: N): Projection<N> {
  const padding = { top: 0, bottom: 0, left: 0, right: 0 };
  const shape = [1, 1, data.length, 1] as const;
  return { name: 'p', from: 'a', to: 'b', delay: 1, pool: [1, 1], kernel: { shape, data }, stride: [1, 1], padding };
}

const graph = { kind: 'spike', name: 'g', timesteps: 1, drives: [] } as const;

test('weights: error is relative to the weights themselves', () => {
  const floats: FloatSpikeGraph = {
    ...graph,
    populations: [population('b', Float32Array.of(1), Float32Array.of(0), 1)],
    projections: [projection(Float32Array.of(0.5, -0.25, 0.25))],
    membraneMax: null,
  };
  // At 10 units per unit: 5 → 0.5 exact, −2 → −0.2 and 3 → 0.3 miss by 0.05 each.
  const integers: IntegerSpikeGraph = {
    ...graph,
    populations: [population('b', Int32Array.of(10), Int32Array.of(0), 10)],
    projections: [projection(Int32Array.of(5, -2, 3))],
    membraneMax: 8_388_607,
  };
  const [row] = quantisationRows(floats, integers, []);
  expect(row).toMatchObject({ layer: 'b', scale: 10, weightMax: 5, distinctWeights: 3 });
  // √((0.05² + 0.05²)/(0.5² + 0.25² + 0.25²)) = √(0.005/0.375) = 0.11547
  expect(row?.weightErrorRms).toBeCloseTo(0.11547, 5);
});

test('thresholds: as calibrated, as finetuned, and on the chip', () => {
  const snn = (threshold: number): SnnGraph => ({
    kind: 'snn',
    name: 's',
    timesteps: 1,
    layers: [{ kind: 'neuron', name: 'b', inputs: ['a'], leak: 1, reset: 'hard', threshold }],
  });
  const integers: IntegerSpikeGraph = {
    ...graph,
    populations: [population('b', Int32Array.of(9), Int32Array.of(0), 10)],
    projections: [],
    membraneMax: 8_388_607,
  };
  expect(thresholdRows(snn(0.7), snn(0.9), integers)).toEqual([
    { layer: 'b', calibrated: 0.7, finetuned: 0.9, integer: 9 },
  ]);
});
