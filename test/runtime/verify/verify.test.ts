import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.js';
import { chipStatistics } from '../../../runtime/verify/chip.js';
import { comparisonDiagnostics } from '../../../runtime/verify/compare.js';
import { simulateImages } from '../../../runtime/verify/simulate-task.js';
import type { VerifyOptions } from '../../../runtime/verify/verify.js';
import { defaultAttack, verifyNetwork } from '../../../runtime/verify/verify.js';
import type { AnnLayer } from '../../../schemas/ann.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import { elementCount } from '../../../schemas/tensor.js';
import { loadTarget } from '../../../targets/load.js';
import { snnGraph } from '../../property/arbitrary-snn.js';
import { randomImages } from '../../property/arbitrary-spike.js';
import { doubleThreshold } from '../../property/mutate.js';

/** A random network that is larger than a few pixels and fires. */
const snn: SnnGraph = fc
  .sample(snnGraph('hard'), { seed: 77, numRuns: 200 })
  .find(({ layers, timesteps }) => layers.length >= 9 && timesteps === 4)!;

const ann = {
  kind: 'ann' as const,
  name: snn.name,
  layers: snn.layers.map((layer): AnnLayer => {
    if (layer.kind !== 'neuron') return layer;
    return { kind: 'activation', name: layer.name, inputs: layer.inputs, function: 'relu' };
  }),
};
const provenance = { spikewrightVersion: '0', sources: [], options: '{}' };
const { program, spikeGraph: graph } = compile(snn, loadTarget('loihi1'), { provenance }).value;
const network = { ann, snn, graph, program };

const { inputShape } = graph.drives[0]!;
const batch = {
  images: randomImages(inputShape, 7, 1),
  labels: [0, 1, 0, 1, 0, 1, 0],
  indices: [10, 11, 12, 13, 14, 15, 16],
};

const options: VerifyOptions = {
  attack: { ...defaultAttack, attack: { method: 'pgd', epsilon: 8 / 255, steps: 3, stepSize: 3 / 255 } },
  chip: { timing: 'cycle' },
  backend: 'cpu',
  batchSize: 3,
  workers: 1,
  examples: 4,
};

describe('verifying a network at four levels', () => {
  it('finds chip and twin equal in every sample, clean and attacked', async () => {
    const told: string[] = [];
    const result = await verifyNetwork(network, batch, options, {
      progress: (done, total) => told.push(`${done}/${total}`),
    });
    expect(told).toEqual(['3/7', '6/7', '7/7']);
    expect(result.samples).toBe(7);
    expect(comparisonDiagnostics(result.comparison)).toEqual([]);
    // Seven clean and seven adversarial runs.
    expect(result.comparison).toMatchObject({ samples: 14, spikeMismatches: 0, readoutMismatches: 0 });
    expect(result.comparison.spikesCompared).toBeGreaterThan(0);
    expect(result.predictions.chip).toEqual(result.predictions.twin);
    expect(result.levels.chip).toEqual(result.levels.twin);
    const [last] = result.agreement.filter(({ levels }) => levels[0] === 'twin');
    expect([last!.clean.correct, last!.adversarial!.correct]).toEqual([7, 7]);
    expect(result.agreement.map(({ levels }) => levels.join('-'))).toEqual([
      'ann-snn',
      'snn-twin',
      'twin-chip',
      'snn-chip',
    ]);
    for (const level of Object.values(result.levels)) {
      expect([level!.clean.total, level!.robust.total]).toEqual([7, 7]);
    }
    expect(result.statistics.clean).toMatchObject({ samples: 7, timing: 'cycle', cores: program.cores.length });
    expect(result.statistics.clean.spikes).toBeGreaterThan(0);
    expect(result.adversarial.length).toBe(4 * elementCount(inputShape));
    const moved = result.adversarial.map((value, k) => Math.abs(value - batch.images[k]!));
    expect(Math.max(...moved)).toBeGreaterThan(0);
    expect(Math.max(...moved)).toBeLessThanOrEqual(8 / 255 + 1e-6);
  });

  it('gives the same result on threads as in this one', async () => {
    const alone = await verifyNetwork(network, batch, options);
    expect(await verifyNetwork(network, batch, { ...options, workers: 2 })).toEqual(alone);
  });

  it('judges the integer levels alone where the float ones are missing', async () => {
    const result = await verifyNetwork({ ...network, ann: null, snn: null }, batch, { ...options, batchSize: 7 });
    expect(result.levels.ann).toBeNull();
    expect(result.levels.twin?.clean.total).toBe(7);
    expect(result.agreement).toHaveLength(1);
  });

  it('reports a program that computes something else, with place and exit code 1', async () => {
    const spoilt = doubleThreshold(program, 0)!;
    const { comparison } = await verifyNetwork({ ...network, program: spoilt }, batch, options);
    expect(comparison.spikeMismatches).toBeGreaterThan(0);
    const [told] = comparisonDiagnostics(comparison);
    expect(told).toMatchObject({ code: 'SW5005' });
    expect(told?.where).toMatch(/^population neuron0, neuron \(\d+, \d+, \d+\) on chip 0 core \d+$/);
    expect(told?.what).toMatch(/^sample 1[0-6], timestep \d/);
  });

  it('refuses a program of another network and stops when told to', async () => {
    const other = { ...graph, timesteps: graph.timesteps + 1 };
    await expect(verifyNetwork({ ...network, graph: other }, batch, options)).rejects.toThrow(/SW5004/);
    const abort = new AbortController();
    const running = verifyNetwork(network, batch, options, {
      signal: abort.signal,
      progress: () => abort.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
  });
});

describe('simulating images', () => {
  it('does not depend on the number of workers', async () => {
    const settings = { timing: 'cycle', record: true, workers: 1 } as const;
    const alone = await simulateImages(program, batch.images, 7, settings);
    expect(alone.records).toHaveLength(7);
    expect(alone.logits).toHaveLength(7 * program.populations.at(-1)!.shape[2]);
    expect(await simulateImages(program, batch.images, 7, { ...settings, workers: 3 })).toEqual(alone);
    expect(chipStatistics(program, settings, alone.results).samples).toBe(7);
  });
});
