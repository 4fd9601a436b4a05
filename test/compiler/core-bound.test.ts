import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileIntegerGraph } from '../../compiler/compile.js';
import { type CoreBound, coreBound } from '../../compiler/core-bound.js';
import { lower } from '../../compiler/lower.js';
import { quantise } from '../../compiler/quantise.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import type { Target } from '../../schemas/target.js';
import { loadTarget } from '../../targets/load.js';
import { spikeChain, spikeGraph } from '../property/arbitrary-spike.js';
import { crampedTarget } from '../property/arbitrary-target.js';
import { ifFits } from '../property/compile-if-fits.js';
import { demoNet, testProvenance } from './random-snn.js';

describe('the bound on cores', () => {
  it('is never more than what a mapping takes, and often all of it', () => {
    const ideal = loadTarget('ideal');
    const narrow = (compartments: number, bytes: number): Target => ({
      ...ideal,
      limits: {
        ...ideal.limits,
        compartmentsPerCore: { value: compartments, unit: '', source: 'test' },
        synapseMemoryPerCore: { value: bytes, unit: 'bytes', source: 'test' },
      },
    });
    let tight = 0;
    fc.assert(
      fc.property(spikeChain(2 ** 20), fc.constantFrom(narrow(9, 1 << 14), narrow(200, 1 << 10)), (graph, target) => {
        const mapped = ifFits(() => compileIntegerGraph(graph, target, { provenance: testProvenance }));
        if (mapped === null) return;
        const { program, bound } = mapped;
        expect(bound.cores).toBeLessThanOrEqual(program.cores.length);
        expect(bound.cores).toBeGreaterThan(0);
        if (bound.cores === program.cores.length - program.populations.length + 1) tight += 1;
      }),
      { numRuns: 60 },
    );
    expect(tight).toBeGreaterThan(3);
  });

  it('counts compartments of the demo’s network: 34,826 of them, 1,024 a core', () => {
    const target = loadTarget('loihi1');
    const { graph } = quantise(lower(demoNet([16, 48, 96])), target, null).value;
    expect(coreBound(graph, target)).toEqual({
      cores: 35,
      limit: 'compartments',
      layers: [16, 12, 6, 1].map((cores, k) => {
        const limit = k < 3 ? 'compartments' : 'synapse memory';
        return { population: graph.populations[k]!.name, cores, limit };
      }),
    });
  });

  it('counts the words and output axons of dense layers by hand', () => {
    // 4,096 sources, of each a list of d bytes and 10 bits in 64-bit words, 16,384 words a core: four words for each
    // source, which hold 30 synapses, so that 40 channels need a second core and every source two output axons.
    const { limits, ...loihi } = loadTarget('loihi1');
    const compartmentsPerCore = { value: 8192, unit: 'compartments', source: 'test' };
    const target: Target = { ...loihi, limits: { ...limits, compartmentsPerCore } };
    const layers = (sources: number, channels: number) => layersOf(coreBound(denseGraph(sources, channels), target));
    expect(layers(4096, 30)).toEqual(['1 output axons', '1 synapse memory']);
    expect(layers(4096, 40)).toEqual(['2 output axons', '2 synapse memory']);
    // 8,192 sources leave 2 words each, 14 synapses: 28 channels are 2 cores. Of 4,096 input axons a core shares all but
    // some: population axons of 512 atoms carry 4,096·512/511 sources at 2 output axons.
    const axons = 2 * (8192 + (4096 * 512) / 511);
    expect(layers(8192, 28)).toEqual([`${Math.ceil(axons / 4096)} output axons`, '2 synapse memory']);
  });

  it('is never more than what random networks on cramped chips take', () => {
    const ideal = loadTarget('ideal');
    const case_ = fc.tuple(spikeGraph, crampedTarget(ideal, 2 ** 20)).map(([graph, target]) => ({ graph, target }));
    fc.assert(
      fc.property(case_, ({ graph, target }) => {
        const mapped = ifFits(() => compileIntegerGraph(graph, target, { provenance: testProvenance }));
        if (mapped === null) return;
        const { program, bound } = mapped;
        expect(bound.cores).toBeLessThanOrEqual(program.cores.length);
      }),
      { numRuns: 60 },
    );
  });
});

function layersOf({ layers }: CoreBound): readonly string[] {
  return layers.map(({ cores, limit }) => `${cores} ${limit}`);
}

/** A layer that hears each of `sources` neurons with a weight other than 0. */
function denseGraph(sources: number, channels: number): IntegerSpikeGraph {
  const table = { rows: 1, columns: 1, data: new Int32Array(1) };
  const neurons = { reset: 'hard', decay: table, bias: table, scale: 1 } as const;
  const threshold = { rows: 1, columns: 1, data: Int32Array.of(640) };
  const data = new Int32Array(sources * channels).fill(128);
  return {
    kind: 'spike',
    name: 'dense',
    timesteps: 1,
    membraneMax: 2 ** 23 - 1,
    populations: [
      { ...neurons, name: 'from', kind: 'spiking', shape: [1, 1, sources], phase: 0, threshold },
      { ...neurons, name: 'to', kind: 'readout', shape: [1, 1, channels], phase: 1, threshold: table },
    ],
    projections: [
      {
        name: 'p',
        from: 'from',
        to: 'to',
        delay: 1,
        pool: [1, 1],
        kernel: { shape: [1, 1, sources, channels], data },
        stride: [1, 1],
        padding: { top: 0, bottom: 0, left: 0, right: 0 },
      },
    ],
    drives: [],
  };
}
