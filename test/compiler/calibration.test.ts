import { describe, expect, it } from 'vitest';
import { channelFactors } from '../../compiler/channel-scale.js';
import { compileIntegerGraph } from '../../compiler/compile.js';
import { layerInputs } from '../../compiler/layer-inputs.js';
import { lower } from '../../compiler/lower.js';
import { quantise } from '../../compiler/quantise.js';
import { runSpikeGraph } from '../../compiler/spike-run.js';
import { encodeImages } from '../../runtime/drive.js';
import { Chip } from '../../runtime/verify/chip.js';
import { compareSample } from '../../runtime/verify/compare.js';
import type { FloatSpikeGraph } from '../../schemas/spike.js';
import type { Target } from '../../schemas/target.js';
import { loadTarget } from '../../targets/load.js';
import { randomImages } from '../property/arbitrary-spike.js';
import { runReference } from '../reference/reference-twin.js';
import { type LayerSpec, randomSnn, testProvenance } from './random-snn.js';

const loihi1 = loadTarget('loihi1');
const shape = [8, 8, 2] as const;
const specs: readonly LayerSpec[] = [
  { conv: 6 },
  'norm',
  { neuron: 'hard' },
  { conv: 8, bias: true },
  'norm',
  { neuron: 'hard' },
  { pool: 2 },
  { flatten: 'hwc' },
  { dense: 5, bias: true },
];

function withBits(target: Target, bits: number): Target {
  const { arithmetic } = target;
  return {
    ...target,
    arithmetic: { ...arithmetic, weight: { ...arithmetic.weight, mantissaMax: 2 ** (bits - 1) - 1 } },
  };
}

function images(count: number, seed: number): Float32Array[] {
  return Array.from({ length: count }, (_, n) => randomImages(shape, 1, seed + n));
}

const quiet = { progress: () => {} };

/** The network with another bias for each neuron of its second population. */
function biasedByNeuron(graph: FloatSpikeGraph): FloatSpikeGraph {
  return {
    ...graph,
    populations: graph.populations.map((population, index) => {
      if (index !== 1) return population;
      const columns = population.shape[0] * population.shape[1] * population.shape[2];
      const data = Float32Array.from({ length: columns }, (_, n) => 0.3 * Math.sin(n));
      return { ...population, bias: { rows: 1, columns, data } };
    }),
  };
}

describe('calibration', () => {
  it('measures what the integers do: every layer has its row, and they follow the float network', () => {
    const { rows } = quantise(lower(randomSnn(shape, specs, 4, 1)), loihi1, { images: images(4, 50), ...quiet }).value;
    for (const { measured, kind } of rows.map((row, n) => ({ ...row, kind: n === 2 ? 'readout' : 'spiking' }))) {
      expect(measured!.inputSqnrDecibels).toBeGreaterThan(30);
      expect(measured!.saturationPercent).toBe(0);
      if (kind === 'readout') expect(measured!.spikeAgreementPercent).toBeNull();
      else expect(measured!.spikeAgreementPercent).toBeGreaterThan(97);
    }
    // What was measured lies within what was proven.
    for (const { measured, inputBound, membraneBound } of rows) {
      expect(measured!.inputMost).toBeLessThanOrEqual(inputBound);
      expect(measured!.membraneMost).toBeLessThanOrEqual(membraneBound);
    }
  });

  it('lessens the input’s error on images that it did not see, at few bits', () => {
    let [without, by] = [0, 0];
    for (let seed = 0; seed < 4; seed += 1) {
      const float = lower(randomSnn(shape, specs, 4, seed));
      const target = withBits(loihi1, 4);
      const judge = (own: readonly Float32Array[] | null): number => {
        const { graph } = quantise(float, target, own === null ? null : { images: own, ...quiet }).value;
        return spikesEqual(float, graph, images(6, 900));
      };
      without += judge(null);
      by += judge(images(24, 100));
    }
    expect(by).toBeGreaterThan(without);
  });

  it('refuses images of another shape', () => {
    const float = lower(randomSnn(shape, specs, 4, 1));
    expect(() => quantise(float, loihi1, { images: [new Float32Array(27)], ...quiet })).toThrow(
      /SW2030 network .*: an image has 27 values, the network takes 8×8×2/,
    );
  });
});

describe('factors by channel', () => {
  it('are at most as many as the target has threshold profiles, and none where there is one', () => {
    const float = lower(randomSnn(shape, specs, 4, 3));
    const population = float.populations[1]!;
    const [projection] = float.projections;
    // Channels 1, 1/2, 1/4, … of their own size.
    const data = projection!.kernel.data.map((weight, k) => weight * 2 ** -(k % 8));
    const uneven = { ...float, projections: [{ ...projection!, kernel: { ...projection!.kernel, data } }] };
    const rates = [{ mean: new Float64Array(54).fill(0.1), variance: new Float64Array(54).fill(0.09) }];
    const inputs = layerInputs(uneven, population, rates);
    for (const name of ['loihi1', 'tiny', 'speck'] as const) {
      const target = loadTarget(name);
      const factors = channelFactors(inputs, target);
      const profiles = target.limits.thresholdProfilesPerCore.value!;
      if (profiles === 1) expect(factors).toBeNull();
      else {
        expect(new Set(factors).size).toBeGreaterThan(1);
        expect(new Set(factors).size).toBeLessThanOrEqual(profiles);
        expect(Math.min(...factors!)).toBe(1);
      }
    }
  });
});

describe('biases by neuron', () => {
  it('reach every neuron of a target without a bias gate', () => {
    const float = biasedByNeuron(lower(randomSnn(shape, specs, 4, 2)));
    const { graph } = quantise(float, loihi1).value;
    const { program } = compileIntegerGraph(graph, loihi1, { provenance: testProvenance });
    const samples = encodeImages(graph.drives, randomImages(shape, 1, 4));
    const chip = new Chip(program, { timing: 'off' }).runEncoded(samples, { record: true });
    const { spikes, readouts } = runReference(graph, new Map([[graph.drives[0]!.population, samples[0]![0]!]]));
    const wanted = { spikes, readout: [...readouts.values()][0]! };
    expect(compareSample(program, 0, wanted, chip.records[0]!).firstMismatch).toBeNull();
    expect([...spikes.values()][1]!.some((spike) => spike === 1)).toBe(true);
  });

  it('are weighed neuron by neuron when the scale is chosen', () => {
    // A step of 128 units: a bias of 0.3·sin n is rounded by at most half of it, whatever its neuron.
    const float = biasedByNeuron(lower(randomSnn(shape, specs, 4, 2)));
    const { rows } = quantise(float, loihi1).value;
    expect(rows[1]!.biasErrorMax).toBeLessThanOrEqual(64 / rows[1]!.scale + 1e-6);
  });
});

/** Share of neurons and timesteps of the hidden populations at which float and integer network agree. */
function spikesEqual(
  float: FloatSpikeGraph,
  integer: Parameters<typeof runSpikeGraph>[0],
  judged: readonly Float32Array[],
): number {
  let [equal, all] = [0, 0];
  for (const image of judged) {
    const runs = runSpikeGraph(integer, image);
    for (const [name, { spikes }] of runSpikeGraph(float, image)) {
      const own = runs.get(name)!.spikes;
      spikes.forEach((spike, k) => {
        if (spike === own[k]) equal += 1;
      });
      all += spikes.length;
    }
  }
  return equal / all;
}
