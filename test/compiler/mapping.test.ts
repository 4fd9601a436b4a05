import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, compileIntegerGraph } from '../../compiler/compile.js';
import type { Program } from '../../schemas/program.js';
import { checkProgram } from '../../schemas/program-check.js';
import type { IntegerSpikeGraph, ParameterTable } from '../../schemas/spike.js';
import type { Target } from '../../schemas/target.js';
import { elementCount, type MapShape } from '../../schemas/tensor.js';
import { loadTarget } from '../../targets/load.js';
import { readProgram } from '../reference/reference-program.js';
import { forEachSynapse } from '../reference/reference-spike.js';
import { demoNet, type LayerSpec, randomSnn, testProvenance } from './random-snn.js';

const small = (min: number, max: number) => fc.integer({ min, max });

/** Chains of conv, norm, pool and dense with odd extents, strides and paddings. */
const chain = fc.record({
  shape: fc.tuple(small(2, 9), small(2, 9), small(1, 2)),
  timesteps: small(1, 3),
  seed: fc.integer(),
  layers: fc.array(
    fc.record({
      channels: small(1, 7),
      kernel: small(1, 3),
      stride: small(1, 3),
      pad: small(0, 2),
      pool: small(1, 3),
      norm: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  classes: small(1, 5),
});

/** 9·9·7 neurons: more than the twelve cores of 24 that a chip of tiny has. */
const wide = {
  shape: [9, 9, 2] as [number, number, number],
  timesteps: 2,
  seed: 1,
  layers: [1, 2].map(() => ({ channels: 7, kernel: 3, stride: 1, pad: 1, pool: 3, norm: true })),
  classes: 5,
};

function buildChain({
  shape,
  timesteps,
  seed,
  layers,
  classes,
}: typeof chain extends fc.Arbitrary<infer P> ? P : never) {
  const specs: LayerSpec[] = [];
  let [height, width] = shape;
  for (const { channels, kernel, stride, pad, pool, norm } of layers) {
    const own = Math.min(kernel, height + 2 * pad, width + 2 * pad);
    specs.push({ conv: channels, kernel: own, stride, pad, bias: !norm });
    if (norm) specs.push('norm');
    specs.push({ neuron: 'hard', threshold: 0.4 });
    height = Math.floor((height + 2 * pad - own) / stride) + 1;
    width = Math.floor((width + 2 * pad - own) / stride) + 1;
    const window = Math.min(pool, height, width);
    specs.push({ pool: window });
    height = Math.floor(height / window);
    width = Math.floor(width / window);
  }
  // A readout's core has an input axon for each of its inputs.
  if (height * width * layers.at(-1)!.channels > 200) specs.push({ pool: Math.min(height, width) });
  return randomSnn(shape, [...specs, { flatten: 'chw' }, { dense: classes, bias: true }], timesteps, seed);
}

describe('the mapping', () => {
  for (const name of ['tiny', 'loihi1', 'ideal']) {
    it(`reads back as exactly the integer graph, and keeps every limit of ${name}`, () => {
      const target = loadTarget(name);
      let cores = 0;
      fc.assert(
        fc.property(chain, (plan) => {
          const { program, spikeGraph } = compile(buildChain(plan), target, { provenance: testProvenance }).value;
          checkProgram(program, 'program');
          expectSameNetwork(program, spikeGraph, target);
          expectLimits(program, target);
          cores = Math.max(cores, program.cores.length);
        }),
        { numRuns: 40, examples: [[wide]] },
      );
      // On the small chip the property is about layers spread over cores and chips.
      if (name === 'tiny') expect(cores).toBeGreaterThan(target.limits.coresPerChip.value!);
    });
  }

  it('is exact with parameters by neuron, and with profiles as a limit', () => {
    const target = loadTarget('tiny');
    const shape: MapShape = [4, 4, 2];
    const neurons = elementCount(shape);
    const table = (columns: number, value: (k: number) => number): ParameterTable<Int32Array> => {
      return { rows: 1, columns, data: Int32Array.from({ length: columns }, (_, k) => value(k)) };
    };
    const zero = table(1, () => 0);
    const none = { top: 0, bottom: 0, left: 0, right: 0 };
    const graph: IntegerSpikeGraph = {
      kind: 'spike',
      name: 'by neuron',
      timesteps: 2,
      membraneMax: target.arithmetic.membraneMax,
      populations: [
        // Five thresholds in turn, and four profiles in a core of tiny: no even split gives a core more than four neurons.
        {
          name: 'a',
          kind: 'spiking',
          shape,
          phase: 0,
          reset: 'soft',
          decay: zero,
          threshold: table(neurons, (k) => 4 * (1 + (k % 5))),
          bias: table(neurons, (k) => k - 9),
          scale: 1,
        },
        {
          name: 'out',
          kind: 'readout',
          shape: [1, 1, 3],
          phase: 1,
          reset: 'hard',
          decay: zero,
          threshold: zero,
          bias: table(3, (k) => 7 * k),
          scale: 1,
        },
      ],
      projections: [
        {
          name: 'p',
          from: 'a',
          to: 'out',
          delay: 1,
          pool: [1, 1],
          kernel: { shape: [4, 4, 2, 3], data: Int32Array.from({ length: 96 }, (_, k) => 8 * ((k % 61) - 30)) },
          stride: [1, 1],
          padding: none,
        },
      ],
      drives: [],
    };
    const { program } = compileIntegerGraph(graph, target, { provenance: testProvenance });
    expectSameNetwork(program, graph, target);
    expectLimits(program, target);
    expect(program.cores.length).toBeGreaterThanOrEqual(32 / 4 + 1);
  });

  it('fits the demonstration network on one Loihi', () => {
    const target = loadTarget('loihi1');
    const { program, mapping, traffic } = compile(demoNet(), target, { provenance: testProvenance }).value;
    expect(program.chips).toBe(1);
    expectLimits(program, target);
    // 32,768 + 16,384 + 8,192 + 10 neurons need at least 32 + 16 + 8 + 1 cores of 1,024; lists that begin beyond bases of
    // up to 256 are stored again or take an index per synapse, so that memory asks for some more.
    expect(program.cores.length).toBeGreaterThanOrEqual(57);
    expect(program.cores.length).toBeLessThanOrEqual(72);
    expect(mapping.layers.reduce((sum, { cores }) => sum + cores, 0)).toBe(program.cores.length);
    expect(traffic.spikeHops).toBeLessThan(traffic.spikeHopsRowMajor);
  });

  it('gives the same bytes twice', () => {
    const snn = randomSnn([6, 6, 1], [{ conv: 3 }, 'norm', { neuron: 'hard' }, { flatten: 'hwc' }, { dense: 3 }], 2, 5);
    const target = loadTarget('tiny');
    const [first, second] = [1, 2].map(() => compile(snn, target, { provenance: testProvenance }).value.program);
    expect(second).toEqual(first);
  });
});

describe('what does not fit', () => {
  const target = loadTarget('loihi1');
  const options = { provenance: testProvenance };

  it('names layer, need and limit of input axons', () => {
    // 65 × 65 neurons with a synapse each to the readout are 4,225 input axons, less a few whose weights round to zero.
    const snn = randomSnn(
      [65, 65, 1],
      [{ conv: 1 }, { neuron: 'hard' }, { flatten: 'hwc' }, { dense: 2, bias: true }],
      1,
      3,
    );
    expect(() => compile(snn, target, options)).toThrow(
      /SW2101 layer logits: .* needs 4,2\d\d input axons, loihi1 has 4,096/,
    );
  });

  it('names the layer that takes most of too many cores', () => {
    const limits = {
      ...target.limits,
      chips: { value: 1, unit: 'chips', source: 'test' },
      coresPerChip: { value: 3, unit: 'cores', source: 'test' },
    };
    const snn = randomSnn(
      [40, 40, 1],
      [{ conv: 2 }, { neuron: 'hard' }, { pool: 2 }, { flatten: 'hwc' }, { dense: 2 }],
      1,
      3,
    );
    // 40·40·2 = 3,200 neurons are 4 cores, the readout is one more: on chips of 3 cores, 2 chips.
    expect(() => compile(snn, { ...target, limits }, options)).toThrow(
      /SW2102 layer layer1: the network needs 5 cores, 4 of them .* 2 chips would do/,
    );
    const larger = { ...limits, chips: { ...limits.chips, value: 2 } };
    expect(compile(snn, { ...target, limits: larger }, options).value.program.chips).toBe(2);
  });

  it('says what a soft reset would take', () => {
    const snn = randomSnn([4, 4, 1], [{ conv: 2 }, { neuron: 'soft' }, { flatten: 'hwc' }, { dense: 2 }], 1, 3);
    expect(() => compile(snn, target, options)).toThrow(/SW2010 layer layer1: needs soft reset.*second compartment/);
  });

  it('refuses weights that were quantised for another chip', () => {
    const { spikeGraph } = compile(demoNet([2, 2, 2]), loadTarget('ideal'), options).value;
    expect(() => compileIntegerGraph(spikeGraph, target, options)).toThrow(/SW2013 .* not on the grid of loihi1/);
  });
});

/** The Program's synapses, biases and thresholds are those of the graph: no more, no fewer, no other. */
function expectSameNetwork(program: Program, graph: IntegerSpikeGraph, target: Target): void {
  const read = readProgram(program, target);
  const index = new Map(graph.populations.map(({ name }, n) => [name, n]));
  const expected = new Map<string, Float64Array>();
  for (const projection of graph.projections) {
    const from = graph.populations[index.get(projection.from)!]!;
    const to = graph.populations[index.get(projection.to)!]!;
    const sources = elementCount(from.shape);
    const matrix = new Float64Array(sources * elementCount(to.shape));
    forEachSynapse(projection, from.shape, to.shape, (source, destination, weight) => {
      matrix[destination * sources + source]! += weight;
    });
    if (matrix.some((weight) => weight !== 0)) {
      expected.set(`${index.get(projection.from)}>${index.get(projection.to)}`, matrix);
    }
  }
  expect(read.weights).toEqual(expected);
  expect(read.unheardAxons).toBe(0);
  graph.populations.forEach((population, n) => {
    const at = (table: ParameterTable<Int32Array>, neuron: number): number => {
      const { columns, data } = table;
      return data[columns === 1 ? 0 : columns === population.shape[2] ? neuron % columns : neuron]!;
    };
    const bias = target.arithmetic.biasGate ? read.staticBias[n]! : read.hostBias[n]!;
    bias.forEach((value, neuron) => {
      if (value !== at(population.bias, neuron)) throw new Error(`bias of neuron ${neuron} of ${population.name}`);
    });
    // v ≥ θ on integers is v > θ − 1.
    const below = target.arithmetic.compare === '>' && population.kind === 'spiking' ? 1 : 0;
    read.thresholds[n]!.forEach((value, neuron) => {
      if (value !== at(population.threshold, neuron) - below)
        throw new Error(`threshold of neuron ${neuron} of ${population.name}`);
    });
  });
}

/** Every count of the Program itself against the target's own figures. */
function expectLimits({ cores, chips }: Program, { limits, arithmetic }: Target): void {
  const within = (count: number, { value }: { readonly value: number | null }): void => {
    expect(count).toBeLessThanOrEqual(value ?? Number.POSITIVE_INFINITY);
  };
  within(chips, limits.chips);
  expect(new Set(cores.map(({ chip, core }) => `${chip}/${core}`)).size).toBe(cores.length);
  for (const image of cores) {
    within(image.core + 1, limits.coresPerChip);
    within(image.compartmentCount, limits.compartmentsPerCore);
    within(image.synapseMemory.length, limits.synapseMemoryPerCore);
    within(image.axonsIn.words.length, limits.inputAxonsPerCore);
    within(Math.max(0, ...image.axonsIn.base), limits.axonBaseMax);
    within(image.axonsOut.axon.length, limits.outputAxonsPerCore);
    within(image.profiles.length, limits.compartmentProfilesPerCore);
    within(new Set(image.profiles.map(({ threshold }) => threshold[0])).size, limits.thresholdProfilesPerCore);
    within(image.synapseFormats.length, limits.synapseFormatsPerCore);
    within(Math.max(0, ...image.axonsIn.words), limits.wordsPerAxon);
    for (const { threshold, spiking } of image.profiles) {
      if (!spiking) continue;
      expect(threshold[0]! % arithmetic.threshold.step).toBe(0);
      expect(threshold[0]! / arithmetic.threshold.step).toBeLessThanOrEqual(arithmetic.threshold.mantissaMax);
    }
    for (let word = 0; word < image.synapseMemory.length / 8; ) {
      const header = image.synapseMemory[word * 8]! + 256 * image.synapseMemory[word * 8 + 1]!;
      const format = image.synapseFormats[(header >> 6) & 7]!;
      within(header & 63, limits.synapsesPerEntry);
      const synapseBits = format.weightBits + format.indexBits + format.delayBits;
      const bits = limits.entryHeaderBits.value! + (header & 63) * synapseBits;
      word += Math.ceil(bits / 64);
    }
  }
}
