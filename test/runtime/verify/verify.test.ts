import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.js';
import { ensemble } from '../../../runtime/engine/surrogate.js';
import { comparisonDiagnostics } from '../../../runtime/verify/compare.js';
import type { VerifyOptions } from '../../../runtime/verify/verify.js';
import { defaultAttack, verifyNetwork } from '../../../runtime/verify/verify.js';
import type { AnnLayer } from '../../../schemas/ann.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import { elementCount } from '../../../schemas/tensor.js';
import { loadTarget } from '../../../targets/load.js';
import { snnGraph } from '../../property/arbitrary-snn.js';
import { randomImages } from '../../property/arbitrary-spike.js';
import { mutations } from '../../property/mutate.js';

/** A random network that is larger than a few pixels and fires. */
const snn: SnnGraph = fc
  .sample(snnGraph('hard'), { seed: 77, numRuns: 200 })
  .find(({ layers, timesteps }) => layers.length >= 9 && timesteps === 4)!;

const ann = {
  kind: 'ann' as const,
  name: snn.name,
  layers: snn.layers.flatMap((layer): AnnLayer[] => {
    if (layer.kind === 'grid' || layer.kind === 'poisson' || layer.kind === 'stepNorm') return [];
    if (layer.kind !== 'neuron') return [layer];
    return [{ kind: 'activation', name: layer.name, inputs: layer.inputs, function: 'relu' }];
  }),
};
const provenance = { spikewrightVersion: '0', sources: [], options: '{}' };
const { program, spikeGraph: graph, floatGraph } = compile(snn, loadTarget('loihi1'), { provenance }).value;
const network = { ann, snn, floatGraph, graph, program };

const { inputShape } = graph.drives[0]!;
const batch = {
  images: randomImages(inputShape, 7, 1),
  labels: [0, 1, 0, 1, 0, 1, 0],
  indices: [10, 11, 12, 13, 14, 15, 16],
};

const options: VerifyOptions = {
  attack: { ...defaultAttack, attack: { method: 'pgd', epsilon: 8 / 255, steps: 3, stepSize: 3 / 255 } },
  margin: 0.02,
  chip: { timing: 'cycle' },
  engines: { networks: 'eager', twin: 'eager', backend: 'cpu' },
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
    // Seven images clean, and as crafted against ANN, SNN and twin.
    expect(result.comparison).toMatchObject({ samples: 28, spikeMismatches: 0, readoutMismatches: 0 });
    expect(result.comparison.spikesCompared).toBeGreaterThan(0);
    expect(result.predictions.chip).toEqual(result.predictions.twin);
    expect(result.levels.chip).toEqual(result.levels.twin);
    const [last] = result.agreement.filter(({ levels }) => levels[0] === 'twin');
    expect([last!.clean.correct, last!.adversarial.correct]).toEqual([7, 7]);
    expect(result.agreement.map(({ levels }) => levels.join('-'))).toEqual([
      'ann-snn',
      'snn-spike',
      'spike-twin',
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

  it('shows every adversary to every level, and judges what differs', async () => {
    const result = await verifyNetwork(network, batch, options);
    const { levels, transfer, comparisons, members, spikeAgreement } = result;
    expect(transfer).toHaveLength(3 * 5);
    const at = (source: string, level: string) =>
      transfer.find((entry) => entry.source === source && entry.level === level)!.robust;
    expect(at('ann', 'ann')).toEqual(levels.ann!.robust);
    expect(at('snn', 'spike')).toEqual(levels.spike!.robust);
    expect(at('twin', 'chip')).toEqual(levels.chip!.robust);
    for (const source of ['ann', 'snn', 'twin']) expect(at(source, 'chip')).toEqual(at(source, 'twin'));
    expect(comparisons.map(({ levels: pair, images }) => `${pair.join('-')} ${images}`)).toEqual([
      'ann-snn clean',
      'ann-snn attacked',
      'snn-spike clean',
      'snn-spike attacked',
      'spike-twin clean',
      'spike-twin attacked',
      'snn-chip clean',
      'snn-chip attacked',
    ]);
    for (const { levels: pair, images, difference, firstOnly, secondOnly, total } of comparisons) {
      const [first, second] = pair.map((name) => levels[name]![images === 'clean' ? 'clean' : 'robust'].correct);
      expect(firstOnly - secondOnly).toBe(first! - second!);
      expect(difference).toBeCloseTo((first! - second!) / 7, 12);
      expect(total).toBe(7);
    }
    for (const source of ['snn', 'twin'] as const) {
      const own = members.filter((member) => member.source === source);
      expect(own).toHaveLength(1);
      expect(own[0]).toMatchObject({ tried: 7, fooled: 7 - levels[source]!.robust.correct });
    }
    // Folding changes no spike but at ties; quantisation may.
    expect(spikeAgreement.map(({ levels: pair, samples }) => [...pair, samples])).toEqual([
      ['snn', 'spike', 7],
      ['spike', 'twin', 7],
    ]);
    expect(spikeAgreement[0]).toMatchObject({ samplesParted: 0, firstDivergence: null });
    expect(spikeAgreement[0]!.logitErrorMax).toBeLessThan(1e-4);
    expect(spikeAgreement[1]!.layers.map(({ layer }) => layer)).toEqual(
      graph.populations.filter(({ kind }) => kind === 'spiking').map(({ name }) => name),
    );
  });

  it('tries members in turn on those that no earlier one fooled, and searches the chip without gradients', async () => {
    const attack = { ...options.attack, members: ensemble.slice(0, 3), blackBoxQueries: 20 };
    const result = await verifyNetwork(network, batch, { ...options, attack });
    const own = result.members.filter(({ source }) => source === 'twin');
    expect(own.map(({ name }) => name)).toEqual(ensemble.slice(0, 3).map(({ name }) => name));
    for (const [k, { tried }] of own.entries()) {
      expect(tried).toBe(7 - own.slice(0, k).reduce((sum, { fooled }) => sum + fooled, 0));
    }
    const { blackBox, levels } = result;
    expect(blackBox).toMatchObject({ queries: 20, samples: 7 });
    expect(blackBox!.curve.at(-1)!.robust.correct).toBeLessThanOrEqual(levels.chip!.clean.correct);
  });

  it.each([
    options.engines,
    { networks: 'compiled', twin: 'compiled', backend: 'cpu' } as const,
  ])('gives the same result on threads as in this one, twin $twin', async (engines) => {
    const alone = await verifyNetwork(network, batch, { ...options, engines });
    expect(alone.comparison).toMatchObject({ spikeMismatches: 0, readoutMismatches: 0 });
    expect(await verifyNetwork(network, batch, { ...options, engines, workers: 2 })).toEqual(alone);
  });

  it('judges the integer levels alone where the float ones are missing', async () => {
    const result = await verifyNetwork({ ...network, ann: null, snn: null, floatGraph: null }, batch, {
      ...options,
      batchSize: 7,
    });
    expect(result.levels.ann).toBeNull();
    expect(result.levels.twin?.clean.total).toBe(7);
    expect(result.agreement).toHaveLength(1);
    expect(result).toMatchObject({ comparisons: [], spikeAgreement: [], blackBox: null });
    expect(result.transfer.map(({ source, level }) => [source, level])).toEqual([
      ['twin', 'twin'],
      ['twin', 'chip'],
    ]);
  });

  it('reports a program that computes something else, with place and exit code 1', async () => {
    const { program: spoilt, chip, core } = mutations.threshold(program, 2)!;
    const { comparison, fault } = await verifyNetwork({ ...network, program: spoilt }, batch, options);
    expect(comparison.spikeMismatches).toBeGreaterThan(0);
    expect(fault).toEqual({ chip, core, part: 'compartments', source: null });
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
