import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lower } from '../../compiler/lower.js';
import { quantise } from '../../compiler/quantise.js';
import { relay } from '../../compiler/relay.js';
import { runSpikeGraph } from '../../compiler/spike-run.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { checkSpikeGraph } from '../../schemas/spike-check.js';
import type { Target } from '../../schemas/target.js';
import { loadTarget } from '../../targets/load.js';
import { snnDag } from '../property/arbitrary-dag.js';
import { randomImages } from '../property/arbitrary-spike.js';

function withDelays(name: string, delayMax: number): Target {
  const target = loadTarget(name);
  return { ...target, limits: { ...target.limits, delayMax: { value: delayMax, unit: 'timesteps', source: 'test' } } };
}

describe('relay', () => {
  it('brings every delay into the range and changes no spike, in float and on the grids of chips', () => {
    const targets = (['ideal', 'loihi1', 'loihi2', 'speck', 'truenorth'] as const).map((name) => withDelays(name, 1));
    const targetChoice = fc.constantFrom(withDelays('ideal', 2), ...targets);
    let relays = 0;
    let fired = 0;
    fc.assert(
      fc.property(snnDag, targetChoice, fc.nat(), (snn, target, seed) => {
        const plain = lower(hardReset(snn));
        const relayed = relay(plain, target);
        checkSpikeGraph(relayed.graph, 'relayed');
        const longest = target.limits.delayMax.value!;
        expect(relayed.graph.projections.every(({ delay }) => delay <= longest)).toBe(true);
        const served = relayed.relays.flatMap(({ serves }) => serves);
        expect(new Set(served)).toEqual(
          new Set(plain.projections.filter(({ delay }) => delay > longest).map(({ name }) => name)),
        );
        if (relayed.relays.length === 0) return;
        relays += relayed.relays.length;
        const image = randomImages(plain.drives[0]!.inputShape, 1, seed);
        const before = runSpikeGraph(plain, image);
        const after = runSpikeGraph(relayed.graph, image);
        for (const { name, kind } of plain.populations) {
          if (kind === 'spiking') expect(after.get(name)!.spikes).toEqual(before.get(name)!.spikes);
        }
        // On the chip's grid relays must fire as their sources do, whatever the rounding of the rest.
        const graph = integers(relayed.graph, target);
        if (graph === null) return;
        const chip = runSpikeGraph(graph, image);
        for (const { population, source } of relayed.relays) {
          expect(chip.get(population)!.spikes).toEqual(chip.get(source)!.spikes);
          fired += chip.get(source)!.spikes.reduce((sum, spike) => sum + spike, 0);
        }
      }),
      { numRuns: 2400 },
    );
    expect(relays).toBeGreaterThan(30);
    expect(fired).toBeGreaterThan(100);
  });

  it('leaves a graph alone whose delays the target holds', () => {
    fc.assert(
      fc.property(snnDag, (snn) => {
        const graph = lower(snn);
        expect(relay(graph, withDelays('ideal', 1000))).toEqual({ graph, relays: [] });
      }),
      { numRuns: 20 },
    );
  });
});

/** With the reset that every chip has. */
function hardReset(snn: SnnGraph): SnnGraph {
  const layers = snn.layers.map((layer) => (layer.kind === 'neuron' ? { ...layer, reset: 'hard' as const } : layer));
  return { ...snn, layers };
}

/** Null where the chip lacks what the network needs. */
function integers(graph: Parameters<typeof quantise>[0], target: Target) {
  try {
    return quantise(graph, target).value.graph;
  } catch (error) {
    if (error instanceof SpikewrightError) return null;
    throw error;
  }
}
