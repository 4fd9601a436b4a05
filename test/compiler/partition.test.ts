import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileIntegerGraph } from '../../compiler/compile.js';
import { axisReach, partCounts, splitEvenly } from '../../compiler/tiling.js';
import type { IntegerSpikeGraph, Population } from '../../schemas/spike.js';
import type { Target } from '../../schemas/target.js';
import type { MapShape } from '../../schemas/tensor.js';
import { loadTarget } from '../../targets/load.js';
import { testProvenance } from './random-snn.js';

const tiny = loadTarget('tiny');

/** tiny with cores of this many compartments. */
function withCompartments(value: number): Target {
  return { ...tiny, limits: { ...tiny.limits, compartmentsPerCore: { value, unit: 'compartments', source: 'test' } } };
}

/** a [4, 4, 1] → 3×3 convolution with weights 4, 8 … 36 → b [4, 4, 1] → one readout neuron. */
function fourByFour(): IntegerSpikeGraph {
  const table = (value: number) => ({ rows: 1, columns: 1, data: Int32Array.of(value) });
  const population = (name: string, shape: MapShape, phase: number): Population<Int32Array> => ({
    name,
    shape,
    phase,
    kind: name === 'out' ? 'readout' : 'spiking',
    reset: 'hard',
    decay: table(0),
    threshold: table(name === 'out' ? 0 : 4),
    bias: table(0),
    scale: 1,
  });
  const none = { top: 0, bottom: 0, left: 0, right: 0 };
  const linear = { delay: 1, pool: [1, 1], stride: [1, 1] } as const;
  return {
    kind: 'spike',
    name: 'four by four',
    timesteps: 1,
    membraneMax: tiny.arithmetic.membraneMax,
    populations: [population('a', [4, 4, 1], 0), population('b', [4, 4, 1], 1), population('out', [1, 1, 1], 2)],
    projections: [
      {
        ...linear,
        name: 'conv',
        from: 'a',
        to: 'b',
        padding: { top: 1, bottom: 1, left: 1, right: 1 },
        kernel: { shape: [3, 3, 1, 1], data: Int32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9], (k) => 4 * k) },
      },
      {
        ...linear,
        name: 'dense',
        from: 'b',
        to: 'out',
        padding: none,
        kernel: { shape: [4, 4, 1, 1], data: new Int32Array(16).fill(4) },
      },
    ],
    drives: [],
  };
}

describe('partition', () => {
  it('cuts a 4 × 4 layer into four cores of four', () => {
    const { program, mapping } = compileIntegerGraph(fourByFour(), withCompartments(4), { provenance: testProvenance });
    expect(mapping.layers.map(({ cores }) => cores)).toEqual([4, 4, 1]);
    const b = program.cores.filter(({ ranges }) => ranges[0]!.population === 1);
    expect(b.length).toBe(4);
    // Every neuron of a 2 × 2 quarter hears 3 × 3 of the sources that exist: the quarter hears 3 × 3, and none of a bias.
    const quarters = mapping.layers[1]!.parts[0] === 2 && mapping.layers[1]!.parts[1] === 2;
    // A row of four hears 2 rows (at the border) or 3 rows of four.
    const axons = b.map(({ axonsIn }) => axonsIn.words.length).sort((x, y) => x - y);
    expect(axons).toEqual(quarters ? [9, 9, 9, 9] : [8, 8, 12, 12]);
    // Row-wise or in quarters, the source neurons that several cores hear have several output axons.
    const outputs = program.cores.filter(({ ranges }) => ranges[0]!.population === 0);
    expect(outputs.reduce((sum, { axonsOut }) => sum + axonsOut.axon.length, 0)).toBe(
      axons.reduce((sum, n) => sum + n, 0),
    );
  });

  it('shares the list of every source that reaches its targets in the same way', () => {
    const { program } = compileIntegerGraph(fourByFour(), withCompartments(16), { provenance: testProvenance });
    const [, b] = program.cores;
    // One core holds b. Along each axis the border sources reach two targets, through different taps; inner ones reach
    // three through the same taps: 3 patterns on each axis, so that 16 axons have 9 lists, and the 4 inner ones share one.
    expect(b!.axonsIn.words.length).toBe(16);
    expect(new Set(b!.axonsIn.firstWord).size).toBe(9);
    const inner = [5, 6, 9, 10].map((axon) => b!.axonsIn.firstWord[axon]);
    expect(new Set(inner).size).toBe(1);
    // Their targets begin a row up and a column to the left: 0, 1, 4, 5.
    expect([5, 6, 9, 10].map((axon) => b!.axonsIn.base[axon])).toEqual([0, 1, 4, 5]);
  });

  it('refuses a delay beyond the chip’s', () => {
    const graph = fourByFour();
    const [conv, dense] = graph.projections;
    const late = (delay: number) => () => {
      const populations = graph.populations.map((own, n) => (n === 2 ? { ...own, phase: 1 + delay } : own));
      const projections = [conv!, { ...dense!, delay }];
      return compileIntegerGraph({ ...graph, populations, projections }, tiny, { provenance: testProvenance });
    };
    expect(late(8)).not.toThrow();
    expect(late(9)).toThrow(/SW2003 projection dense: its spikes must wait 9 timesteps .* up to 8/);
  });

  it('shares one axon among the neurons of a pool window', () => {
    const graph = fourByFour();
    const [conv, dense] = graph.projections;
    const pooled = {
      ...dense!,
      pool: [2, 2] as const,
      kernel: { shape: [2, 2, 1, 1] as const, data: new Int32Array(4).fill(4) },
    };
    const { program } = compileIntegerGraph({ ...graph, projections: [conv!, pooled] }, tiny, {
      provenance: testProvenance,
    });
    const out = program.cores.at(-1)!;
    expect(out.axonsIn.words.length).toBe(4);
    // 16 neurons with one output axon each, to 4 input axons.
    expect(program.cores[1]!.axonsOut.axon.length).toBe(16);
    expect(new Set(program.cores[1]!.axonsOut.axon).size).toBe(4);
  });

  it('finds for every source exactly the targets that its taps reach', () => {
    const axis = fc.record({
      sources: fc.integer({ min: 1, max: 12 }),
      kernel: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 4 }),
      before: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(axis, fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 6 }), (plan, first, length) => {
        const expected: string[] = [];
        for (let source = 0; source < plan.sources; source += 1) {
          for (let target = first; target < first + length; target += 1) {
            const tap = source + plan.before - target * plan.stride;
            if (tap >= 0 && tap < plan.kernel) expected.push(`${source}>${target}:${tap}`);
          }
        }
        const found = axisReach({ ...plan, pool: 1 }, [first, first + length]).flatMap((reach) =>
          Array.from(
            { length: reach.taps },
            (_, n) => `${reach.source}>${reach.first + n}:${reach.tap - n * plan.stride}`,
          ),
        );
        expect(found).toEqual(expected);
      }),
    );
  });

  it('splits evenly and tries every longest part once', () => {
    expect(splitEvenly(7, 3)).toEqual([
      [0, 2],
      [2, 4],
      [4, 7],
    ]);
    // Longest parts 10, 5, 4, 3, 2, 1.
    expect(partCounts(10)).toEqual([1, 2, 3, 4, 5, 10]);
  });
});
