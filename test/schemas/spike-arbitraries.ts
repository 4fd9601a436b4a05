import fc from 'fast-check';
import { PROGRAM_VERSION, type Program } from '../../schemas/program.js';
import type {
  Drive,
  FloatSpikeGraph,
  IntegerSpikeGraph,
  Numbers,
  ParameterTable,
  Population,
  Projection,
  SpikeGraph,
} from '../../schemas/spike.js';
import { elementCount, type MapShape } from '../../schemas/tensor.js';

/** A source of numbers for the graphs below: whole numbers in [least, most]. */
type Choose = (least: number, most: number) => number;

const choosers: fc.Arbitrary<Choose> = fc
  .infiniteStream(fc.nat(0xffff))
  .map((stream) => (least, most) => least + (stream.next().value % (most - least + 1)));

const noPadding = { top: 0, bottom: 0, left: 0, right: 0 };

/**
 * Sound SpikeGraphs: a driven population, a chain of up to three more (convolution with pool, stride and padding, or
 * dense), shortcuts past one of them with a longer delay, a readout; tables of 1 or T rows and every column count.
 */
function spikeGraph<N extends Numbers>(choose: Choose, numbers: (values: number[]) => N, integer: boolean) {
  const timesteps = choose(1, 4);
  const values = (length: number, least: number, most: number) => {
    const scaled = Array.from({ length }, () => choose(least * 8, most * 8) / 8);
    return numbers(integer ? scaled.map(Math.round) : scaled);
  };
  const table = (shape: MapShape, least: number, most: number): ParameterTable<N> => {
    const rows = choose(0, 1) ? timesteps : 1;
    const columns = [1, shape[2], elementCount(shape)][choose(0, 2)]!;
    return { rows, columns, data: values(rows * columns, least, most) };
  };
  const population = (name: string, shape: MapShape, phase: number, kind: 'spiking' | 'readout'): Population<N> => ({
    name,
    kind,
    shape,
    phase,
    reset: choose(0, 1) ? 'hard' : 'soft',
    decay: integer ? table(shape, 0, 4096) : { rows: 1, columns: 1, data: numbers([choose(0, 99) / 128]) },
    threshold: kind === 'readout' ? { rows: 1, columns: 1, data: numbers([0]) } : table(shape, 1, 1000),
    bias: table(shape, -100, 100),
    scale: integer ? choose(1, 999) / 8 : 1,
  });
  const connect = (from: Population<N>, to: MapShape, pool: number, kernel: number, padding: number) => ({
    pool: [pool, pool] as const,
    kernel: {
      shape: [kernel, kernel, from.shape[2], to[2]] as const,
      data: values(kernel * kernel * from.shape[2] * to[2], -100, 100),
    },
    stride: [1, 1] as const,
    padding: padding === 0 ? noPadding : { top: padding, bottom: padding, left: padding, right: padding },
  });

  const size = choose(2, 4);
  const first = population('first', [size, size, choose(1, 2)], 0, 'spiking');
  const populations = [first];
  const projections: Projection<N>[] = [];
  for (let depth = choose(0, 3); depth > 0; depth--) {
    const from = populations[populations.length - 1]!;
    const pool = choose(1, Math.min(2, from.shape[0]));
    const kernel = choose(1, 2) * 2 - 1;
    const extent = Math.floor(from.shape[0] / pool);
    const shape: MapShape = [extent, extent, choose(1, 3)];
    const delay = choose(1, 3);
    const to = population(`hidden${populations.length}`, shape, from.phase + delay, 'spiking');
    populations.push(to);
    const wiring = connect(from, shape, pool, kernel, (kernel - 1) / 2);
    projections.push({ name: `${from.name}>${to.name}`, from: from.name, to: to.name, delay, ...wiring });
    const skipped = populations[populations.length - 3];
    if (skipped !== undefined && skipped.shape[0] === extent) {
      const name = `${skipped.name}>${to.name}`;
      const past = connect(skipped, shape, 1, 1, 0);
      projections.push({ name, from: skipped.name, to: to.name, delay: to.phase - skipped.phase, ...past });
    }
  }
  const last = populations[populations.length - 1]!;
  const readout = population('logits', [1, 1, choose(1, 4)], last.phase + 1, 'readout');
  const dense = connect(last, readout.shape, 1, last.shape[0], 0);
  projections.push({ name: 'dense', from: last.name, to: readout.name, delay: 1, ...dense });
  populations.push(readout);
  const channels = choose(1, 3);
  const drive: Drive = {
    population: first.name,
    inputShape: [size, size, channels],
    mean: Array.from({ length: channels }, () => choose(0, 1000) / 1000),
    std: Array.from({ length: channels }, () => choose(1, 1000) / 1000),
    kernel: {
      shape: [3, 3, channels, first.shape[2]],
      data: Float32Array.from({ length: 9 * channels * first.shape[2] }, () => choose(-99, 99) / 64),
    },
    bias: Float32Array.from({ length: first.shape[2] }, () => choose(-99, 99) / 64),
    stride: [1, 1],
    padding: { top: 1, bottom: 1, left: 1, right: 1 },
    scale: integer ? choose(1, 999) : 1,
    grid: integer ? { mantissaMax: 4095, exponent: choose(0, 7) } : null,
  };
  const graph: SpikeGraph<N> = {
    kind: 'spike',
    name: 'random',
    timesteps,
    populations,
    projections,
    drives: [drive],
    membraneMax: integer ? 8_388_607 : null,
  };
  return graph;
}

export const floatGraphs: fc.Arbitrary<FloatSpikeGraph> = choosers.map((choose) =>
  spikeGraph(choose, (values) => Float32Array.from(values), false),
);

export const integerGraphs: fc.Arbitrary<IntegerSpikeGraph> = choosers.map((choose) =>
  spikeGraph(choose, (values) => Int32Array.from(values), true),
);

/**
 * Sound Programs: the populations of a random integer graph dealt over one to three cores in shuffled order, with made-up
 * profiles, synapse memory, axons and host axons. What they compute is of no matter here.
 */
export const programs: fc.Arbitrary<Program> = fc.tuple(integerGraphs, choosers).map(([graph, choose]) => {
  const coreCount = choose(1, 3);
  const axonCounts = Array.from({ length: coreCount }, () => choose(0, 5));
  const atomsOf = axonCounts.map((count) => Uint16Array.from({ length: count }, () => choose(1, 3)));
  const dealt = Array.from({ length: coreCount }, () => graph.populations.map(() => [] as number[]));
  graph.populations.forEach(({ shape }, population) => {
    for (let neuron = 0; neuron < elementCount(shape); neuron++) {
      dealt[choose(0, coreCount - 1)]![population]![choose(0, 1) ? 'push' : 'unshift'](neuron);
    }
  });
  const reachable = axonCounts.flatMap((count, core) => Array.from({ length: count }, (_, axon) => ({ core, axon })));
  const cores: Program['cores'] = dealt.map((neurons, core) => {
    let compartmentCount = 0;
    const ranges: { population: number; first: number; neurons: Int32Array }[] = [];
    neurons.forEach((list, population) => {
      if (list.length === 0) return;
      ranges.push({ population, first: compartmentCount, neurons: Int32Array.from(list) });
      compartmentCount += list.length;
    });
    const words = choose(0, 6);
    const biasRows = [0, 1, graph.timesteps][choose(0, 2)]!;
    const fanOut = Array.from({ length: compartmentCount }, () => (reachable.length > 0 ? choose(0, 2) : 0));
    const ends = [0];
    for (const count of fanOut) ends.push(ends[ends.length - 1]! + count);
    const targets = Array.from({ length: ends[ends.length - 1]! }, () => reachable[choose(0, reachable.length - 1)]!);
    const rows = () => Int32Array.from({ length: choose(0, 1) ? graph.timesteps : 1 }, () => choose(0, 4096));
    return {
      chip: 0,
      core,
      compartmentCount,
      ranges,
      profiles: Array.from({ length: 2 }, (_, k) => ({
        spiking: k === 0,
        reset: choose(0, 1) ? ('hard' as const) : ('soft' as const),
        threshold: rows(),
        resetBy: rows(),
        decay: rows(),
      })),
      compartmentProfile: Uint8Array.from({ length: compartmentCount }, () => choose(0, 1)),
      bias: { rows: biasRows, data: Int32Array.from({ length: biasRows * compartmentCount }, () => choose(-99, 99)) },
      synapseFormats: [
        { weightBits: choose(1, 8), indexBits: choose(0, 10), delayBits: choose(0, 6), exponent: choose(0, 7) },
      ],
      synapseMemory: Uint8Array.from({ length: 8 * words }, () => choose(0, 255)),
      axonsIn: inputAxons(atomsOf[core]!, words, choose),
      axonsOut: {
        offsets: Uint32Array.from(ends),
        chip: new Uint16Array(targets.length),
        core: Uint16Array.from(targets, (target) => target.core),
        axon: Uint16Array.from(targets, (target) => target.axon),
        atom: Uint16Array.from(targets, (target) => choose(0, atomsOf[target.core]![target.axon]! - 1)),
      },
    };
  });
  const last = graph.populations[graph.populations.length - 1]!.phase;
  return {
    formatVersion: PROGRAM_VERSION,
    name: 'random',
    provenance: {
      spikewrightVersion: '0.1.0',
      sources: [{ role: 'model', sha256: '0123456789abcdef'.repeat(4) }],
      options: '{}',
    },
    targetJson: '{"name":"none"}',
    timesteps: graph.timesteps,
    stepsPerSample: last + graph.timesteps,
    sampleInterval: choose(graph.timesteps, last + graph.timesteps),
    chips: 1,
    populations: graph.populations.map(({ name, kind, shape, phase, scale }) => {
      return { name, kind, shape, phase, scale, relayOf: null };
    }),
    drives: graph.drives,
    hostAxons: reachable
      .filter(({ core, axon }) => atomsOf[core]![axon] === 1)
      .slice(0, 2)
      .map(({ core, axon }) => ({ chip: 0, core, axon, firstStep: choose(0, last) })),
    cores,
  };
});

function inputAxons(atoms: Uint16Array, words: number, choose: Choose): Program['cores'][number]['axonsIn'] {
  const firstWord = Uint32Array.from(atoms, () => choose(0, words));
  return {
    firstWord,
    words: Uint16Array.from(firstWord, (first, axon) => choose(0, Math.floor((words - first) / atoms[axon]!))),
    base: Int16Array.from(atoms, () => choose(-9, 9)),
    atoms,
  };
}
