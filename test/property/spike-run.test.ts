import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaleChannels } from '../../compiler/channel-scale.js';
import { lower } from '../../compiler/lower.js';
import { driveCurrent, runSpikeGraph } from '../../compiler/spike-run.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import { runReference } from '../reference/reference-twin.js';
import { snnDag } from './arbitrary-dag.js';
import { snnGraph } from './arbitrary-snn.js';
import { randomImages, spikeGraph } from './arbitrary-spike.js';

/** Every spike of every population, as one array. */
function allSpikes(graph: Parameters<typeof runSpikeGraph>[0], image: Float32Array): number[] {
  return [...runSpikeGraph(graph, image).values()].flatMap(({ spikes }) => Array.from(spikes));
}

/** An integer graph whose every weight, bias, threshold and current of one population is `factor` times as large. */
function multiplied(graph: IntegerSpikeGraph, name: string, factor: number): IntegerSpikeGraph {
  const times = (data: Int32Array) => data.map((value) => value * factor);
  return {
    ...graph,
    membraneMax: 2 ** 30,
    populations: graph.populations.map((population) => {
      if (population.name !== name) return population;
      const { threshold, bias } = population;
      return {
        ...population,
        threshold: { ...threshold, data: times(threshold.data) },
        bias: { ...bias, data: times(bias.data) },
      };
    }),
    projections: graph.projections.map((projection) => {
      const { kernel } = projection;
      return projection.to === name ? { ...projection, kernel: { ...kernel, data: times(kernel.data) } } : projection;
    }),
  };
}

describe('the compiler’s own run of a spike graph', () => {
  it('is the integer contract, spike for spike and membrane for membrane', () => {
    let fired = 0;
    fc.assert(
      fc.property(spikeGraph, fc.nat(), (graph, seed) => {
        const image = randomImages(graph.drives[0]!.inputShape, 1, seed);
        const currents = new Map(
          graph.drives.map((drive) => [drive.population, Int32Array.from(driveCurrent(drive, image))]),
        );
        const wanted = runReference(graph, currents);
        const runs = runSpikeGraph(graph, image);
        let saturations = 0;
        for (const [name, run] of runs) {
          saturations += run.saturations;
          const spikes = wanted.spikes.get(name);
          if (spikes !== undefined) expect(Array.from(run.spikes)).toEqual(Array.from(spikes));
          else expect(Array.from(run.membrane)).toEqual(Array.from(wanted.readouts.get(name)!));
          fired += run.spikes.reduce((sum, spike) => sum + spike, 0);
        }
        expect(saturations).toBe(wanted.saturations);
      }),
      { numRuns: 60 },
    );
    expect(fired).toBeGreaterThan(0);
  });
});

describe('scaling weights, biases, drive and thresholds of a population together', () => {
  it('changes no spike of a float network, whatever the power of two of each channel', () => {
    let fired = 0;
    fc.assert(
      fc.property(fc.oneof(snnDag, snnGraph('soft'), snnGraph('hard')), fc.nat(), (snn, seed) => {
        const graph = lower(snn);
        const image = randomImages(graph.drives[0]!.inputShape, 1, seed);
        const wanted = allSpikes(graph, image);
        for (const { name, kind, shape } of graph.populations) {
          if (kind === 'readout') continue;
          const factors = Float32Array.from({ length: shape[2] }, (_, c) => 2 ** (((seed + 3 * c) % 9) - 4));
          expect(allSpikes(scaleChannels(graph, name, factors), image)).toEqual(wanted);
        }
        fired += wanted.reduce((sum, spike) => sum + spike, 0);
      }),
      { numRuns: 40 },
    );
    expect(fired).toBeGreaterThan(0);
  });

  it('changes no spike of an integer network, whatever the factor, where nothing decays or saturates', () => {
    fc.assert(
      fc.property(spikeGraph, fc.integer({ min: 2, max: 9 }), fc.nat(), (graph, factor, seed) => {
        const undriven = graph.populations.filter(({ name, kind, decay }) => {
          const isDriven = graph.drives.some(({ population }) => population === name);
          return kind === 'spiking' && !isDriven && decay.data.every((value) => value === 0);
        });
        fc.pre(undriven.length > 0);
        const wide = { ...graph, membraneMax: 2 ** 30 };
        const image = randomImages(graph.drives[0]!.inputShape, 1, seed);
        const wanted = allSpikes(wide, image);
        for (const { name } of undriven) expect(allSpikes(multiplied(wide, name, factor), image)).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});
