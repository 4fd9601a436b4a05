import { describe, expect, it } from 'vitest';
import type { SampleRecord } from '../../../runtime/twin/record.js';
import {
  compareSample,
  comparisonDiagnostics,
  mergeComparisons,
  nothingCompared,
  requireSameNetwork,
} from '../../../runtime/verify/compare.js';
import { SpikewrightError } from '../../../schemas/diagnostic.js';
import { type CoreImage, PROGRAM_VERSION, type Program } from '../../../schemas/program.js';
import type { IntegerSpikeGraph } from '../../../schemas/spike.js';

function core(number: number, ranges: CoreImage['ranges']): CoreImage {
  const compartmentCount = ranges.reduce((count, { neurons }) => count + neurons.length, 0);
  return {
    chip: 0,
    core: number,
    compartmentCount,
    ranges,
    profiles: [],
    compartmentProfile: new Uint8Array(compartmentCount),
    bias: { rows: 1, data: new Int32Array(0) },
    synapseFormats: [],
    synapseMemory: new Uint8Array(0),
    axonsIn: {
      firstWord: new Uint32Array(0),
      words: new Uint16Array(0),
      base: new Int16Array(0),
      atoms: new Uint16Array(0),
    },
    axonsOut: {
      offsets: new Uint32Array(compartmentCount + 1),
      chip: new Uint16Array(0),
      core: new Uint16Array(0),
      axon: new Uint16Array(0),
      atom: new Uint16Array(0),
    },
  };
}

/** T = 2; "grid" [2, 2, 2] from step 0 with neurons 0–3 on core 4 and 4–7 on core 9; "late" [1, 1, 2] from step 1. */
const program: Program = {
  formatVersion: PROGRAM_VERSION,
  name: 'scene',
  provenance: { spikewrightVersion: '0', sources: [], options: '{}' },
  targetJson: '{}',
  timesteps: 2,
  stepsPerSample: 4,
  sampleInterval: 4,
  chips: 1,
  populations: [
    { name: 'grid', kind: 'spiking', shape: [2, 2, 2], phase: 0, scale: 1, relayOf: null },
    { name: 'late', kind: 'spiking', shape: [1, 1, 2], phase: 1, scale: 1, relayOf: null },
    { name: 'logits', kind: 'readout', shape: [1, 1, 2], phase: 2, scale: 1, relayOf: null },
  ],
  drives: [],
  hostAxons: [],
  cores: [
    core(4, [{ population: 0, first: 0, neurons: Int32Array.of(0, 1, 2, 3) }]),
    core(9, [
      { population: 0, first: 0, neurons: Int32Array.of(4, 5, 6, 7) },
      { population: 1, first: 4, neurons: Int32Array.of(0, 1) },
      { population: 2, first: 6, neurons: Int32Array.of(0, 1) },
    ]),
  ],
};

/** A record that is silent but for the given spikes (index τ·neurons + neuron). */
function record(grid: number[], late: number[], readout: number[]): SampleRecord {
  const raster = (length: number, fired: number[]): Uint8Array => {
    const spikes = new Uint8Array(length);
    for (const index of fired) spikes[index] = 1;
    return spikes;
  };
  return {
    spikes: new Map([
      ['grid', raster(16, grid)],
      ['late', raster(4, late)],
    ]),
    readout: Int32Array.from(readout),
  };
}

describe('comparing a sample', () => {
  it('finds nothing in equal records and counts what it looked at', () => {
    const same = record([3, 9], [1], [5, -5]);
    expect(compareSample(program, 0, same, same)).toEqual({
      samples: 1,
      spikesCompared: 20,
      spikeMismatches: 0,
      readoutMismatches: 0,
      firstMismatch: null,
    });
    expect(comparisonDiagnostics(nothingCompared)).toEqual([]);
  });

  it('names the earliest difference in the order of the chip’s steps, and where it lives', () => {
    // "grid" differs at τ = 1 (step 1), neuron 5 = (1, 0, 1); "late" at τ = 1 (step 2): grid comes first.
    const twin = record([], [3], [7, 7]);
    const chip = record([13], [], [7, 8]);
    const comparison = compareSample(program, 41, twin, chip);
    expect(comparison).toMatchObject({ spikeMismatches: 2, readoutMismatches: 1 });
    expect(comparison.firstMismatch).toEqual({
      sample: 41,
      population: 'grid',
      neuron: { y: 1, x: 0, c: 1 },
      timestep: 1,
      step: 1,
      chip: 0,
      core: 9,
      expected: 0,
      found: 1,
    });
    const [told] = comparisonDiagnostics(comparison);
    expect(told).toMatchObject({ code: 'SW5005', where: 'population grid, neuron (1, 0, 1) on chip 0 core 9' });
    expect(told?.what).toBe(
      'sample 41, timestep 1 (step 1 of the sample): the twin has none, the chip a spike; 2 spikes over 1 samples differ and 1 readouts.',
    );
    expect(new SpikewrightError(comparisonDiagnostics(comparison)).exitCode).toBe(1);
  });

  it('judges the readout alone where all spikes agree', () => {
    const comparison = compareSample(program, 2, record([0], [0], [7, 9]), record([0], [0], [7, -1]));
    // The readout is read after the last of its steps 2 and 3.
    expect(comparison.firstMismatch).toMatchObject({
      population: 'logits',
      step: 3,
      timestep: 1,
      expected: 9,
      found: -1,
    });
    expect(comparisonDiagnostics(comparison)[0]?.code).toBe('SW5006');
  });

  it('keeps the first mismatch of the earlier sample when merging', () => {
    const first = compareSample(program, 0, record([1], [], [0, 0]), record([], [], [0, 0]));
    const clean = compareSample(program, 1, record([], [], [0, 0]), record([], [], [0, 0]));
    const second = compareSample(program, 2, record([2, 3], [], [0, 0]), record([], [], [0, 1]));
    const merged = [first, clean, second].reduce(mergeComparisons, nothingCompared);
    expect(merged).toMatchObject({ samples: 3, spikesCompared: 60, spikeMismatches: 3, readoutMismatches: 1 });
    expect(merged.firstMismatch?.sample).toBe(0);
  });
});

describe('program and graph', () => {
  const graph: IntegerSpikeGraph = {
    kind: 'spike',
    name: 'scene',
    timesteps: 2,
    populations: program.populations.map((population) => ({
      ...population,
      reset: 'hard',
      decay: { rows: 1, columns: 1, data: Int32Array.of(0) },
      threshold: { rows: 1, columns: 1, data: Int32Array.of(1) },
      bias: { rows: 1, columns: 1, data: Int32Array.of(0) },
    })),
    projections: [],
    drives: [],
    membraneMax: 100,
  };

  it('must be of one network', () => {
    expect(() => requireSameNetwork(program, graph)).not.toThrow();
    const populations = [...graph.populations];
    const shifted = [{ ...populations[0]!, phase: 1 }, ...populations.slice(1)];
    expect(() => requireSameNetwork(program, { ...graph, timesteps: 3 })).toThrow(/SW5004.*2 timesteps.*3/);
    expect(() => requireSameNetwork(program, { ...graph, populations: shifted })).toThrow(/SW5004.*grid/);
    expect(() =>
      requireSameNetwork(program, { ...graph, populations: [...populations, { ...populations[0]!, name: 'x' }] }),
    ).toThrow(/4/);
    const drive = {
      population: 'grid',
      inputShape: [2, 2, 2] as const,
      mean: [0, 0],
      std: [1, 1],
      kernel: { shape: [1, 1, 2, 2] as const, data: new Float32Array(4) },
      bias: new Float32Array(2),
      stride: [1, 1] as const,
      padding: { top: 0, bottom: 0, left: 0, right: 0 },
      scale: 1,
      grid: { mantissaMax: 9, exponent: 0 },
    };
    const altered = { ...drive, bias: Float32Array.of(0, 1e-3) };
    expect(() => requireSameNetwork({ ...program, drives: [drive] }, { ...graph, drives: [drive] })).not.toThrow();
    expect(() => requireSameNetwork({ ...program, drives: [drive] }, { ...graph, drives: [altered] })).toThrow(
      /encoders/,
    );
  });
});
