import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SynapseFormat } from '../../schemas/program.js';
import type { Machine } from '../../sim/machine.js';
import { openMachineMemory } from '../../sim/memory-pages.js';
import { Simulator } from '../../sim/simulate.js';
import { simulateStreamSlowly } from '../reference/reference-sim.js';
import { expectAsSlow } from './expect-as-slow.js';
import {
  axonsByPixel,
  buildProgram,
  type Destination,
  drive,
  population,
  profile,
  range,
  readoutProfile,
} from './program-builder.js';
import { figure, tinyTarget } from './tiny-target.js';

const formats: readonly SynapseFormat[] = [
  { weightBits: 8, indexBits: 0, delayBits: 0, exponent: 1 },
  { weightBits: 6, indexBits: 6, delayBits: 2, exponent: 2 },
];

/** Cores with room for all channels of four pixels. */
const target = tinyTarget({
  arithmetic: { weight: { mantissaMax: 127, step: 1, exponentMax: 7, bits: 8 } },
  limits: {
    compartmentsPerCore: figure(256, 'compartments'),
    synapseMemoryPerCore: figure(131_072, 'B'),
  },
});

/** The readout [2, 2, channels], each of its cores with a stretch of channels of all pixels, in an order of its own. */
const mergedCase = fc.gen().map((draw) => {
  const sources = draw(fc.integer, { min: 1, max: 12 });
  const channels = draw(fc.integer, { min: 1, max: 40 });
  const pixels = 4;
  // Between vectors, or within one.
  const cut = fc.oneof(fc.constantFrom(16, 32), fc.integer({ min: 1, max: 39 }));
  const cuts = draw(() => fc.uniqueArray(cut, { maxLength: 3 }));
  const edges = [0, ...cuts.filter((cut) => cut < channels).sort((a, b) => a - b), channels];
  const cores = edges.slice(1).map((end, index) => {
    const width = end - edges[index]!;
    const order = draw(() => fc.shuffledSubarray([0, 1, 2, 3], { minLength: pixels }));
    const neurons = order.flatMap((pixel) => {
      return Array.from({ length: width }, (_, channel) => pixel * channels + edges[index]! + channel);
    });
    const rows = Array.from({ length: draw(fc.integer, { min: 1, max: 4 }) }, () => {
      const dense = Array.from({ length: width }, (_, k) => [k, draw(fc.integer, { min: -63, max: 63 })] as const);
      const sparse = draw(() =>
        fc.uniqueArray(fc.integer({ min: 0, max: width - 1 }), { minLength: 1, maxLength: 8 }),
      ).map((k) => [k, draw(fc.integer, { min: -15, max: 15 }), draw(fc.integer, { min: 1, max: 4 })] as const);
      return draw(fc.boolean) ? [{ format: 0, synapses: dense }] : [{ format: 1, synapses: sparse }];
    });
    const axons = axonsByPixel(rows, pixels, width);
    return { core: index + 1, ranges: [range(1, neurons)], profiles: [readoutProfile()], formats, axons };
  });
  const destination = fc.integer({ min: 0, max: cores.length - 1 }).chain((index) => {
    const axons = cores[index]!.axons.length;
    return fc.integer({ min: 0, max: axons - 1 }).map((axon): Destination => [0, index + 1, axon]);
  });
  const out = Array.from({ length: sources }, () => draw(() => fc.array(destination, { maxLength: 9 })));
  const program = buildProgram({
    timesteps: 3,
    populations: [
      population('a', sources, 0),
      { ...population('out', channels, 1, 'readout'), shape: [2, 2, channels] as const },
    ],
    drives: [drive('a', sources)],
    hostAxons: draw(fc.boolean) ? [{ chip: 0, core: 1, axon: 0, firstStep: 1 }] : [],
    cores: [{ core: 0, ranges: [range(0, [...Array(sources).keys()])], profiles: [profile(2)], out }, ...cores],
  });
  const sample = () => Int32Array.from({ length: sources }, () => draw(fc.integer, { min: 0, max: 3 }));
  return { program, samples: [sample(), sample()] };
});

/** Where the weights of a machine's merged synapses lie: of its sheets (words 2 and 3 of Network) the tiles (words 2 and 3), of each its weights. */
function tilesOf({ memory, network }: Machine): number[] {
  const tiles: number[] = [];
  const [, , sheets, pastSheets] = memory.uint32(network, 4);
  for (let sheet = sheets!; sheet < pastSheets!; sheet += 56) {
    const [, , first, past] = memory.uint32(sheet, 4);
    for (let tile = first!; tile < past!; tile += 16) tiles.push(memory.uint32(tile, 1)[0]!);
  }
  return tiles;
}

describe('synapses merged over the cores of a population', () => {
  it('do what those of each core do, and each core receives what it is sent', () => {
    let merged = 0;
    fc.assert(
      fc.property(mergedCase, ({ program, samples }) => {
        const simulator = new Simulator(program, target, { timing: 'off' });
        const single = new Simulator(program, target, {
          timing: 'off',
          fault: { fault: { kind: 'drop', rate: 0 }, draw: () => 0 },
        });
        if (simulator.machine.cores[0]!.axonsOut.inlet === null) merged++;
        for (const sample of samples) {
          const result = simulator.run([sample], { record: true });
          expectAsSlow([result], simulateStreamSlowly(program, target, [[sample]]));
          expect(result).toEqual(single.run([sample], { record: true }));
        }
      }),
      { numRuns: 60, seed: 8, endOnFailure: true },
    );
    // Where a source leads to one compartment several times, the sum of its weights may need more than 8 bits.
    expect(merged).toBeGreaterThan(30);
  });

  it('have their weights once in a memory of several machines, which compute as each alone', () => {
    fc.assert(
      fc.property(mergedCase, ({ program, samples }) => {
        const memory = openMachineMemory();
        const alone = new Simulator(program, target, { timing: 'off' });
        const expected = samples.map((sample) => alone.run([sample], { record: true }));
        const machines = [0, 1].map(() => new Simulator(program, target, { timing: 'off', memory }));
        const found = [0, 1].map((late) =>
          machines.map((machine, k) => machine.run([samples[(k + late) % 2]!], { record: true })),
        );
        expect(found).toEqual([expected, [...expected].reverse()]);
        const [one, other] = machines.map(({ machine }) => tilesOf(machine));
        expect(other).toEqual(one);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });

  it('add rows that no cache holds as they add few', () => {
    // 600 rows of 1,000 weights, all different: row j has (7·j + 3·k) mod 255 − 127 for compartment k.
    const [sources, compartments] = [600, 1000];
    const axons = Array.from({ length: sources }, (_, j) => {
      const synapses = Array.from({ length: compartments }, (_, k) => [k, ((7 * j + 3 * k) % 255) - 127] as const);
      return { entries: chunks(synapses, 60).map((chunk) => ({ format: 0, synapses: chunk })) };
    });
    const program = buildProgram({
      timesteps: 1,
      populations: [population('a', sources, 0), population('out', compartments, 1, 'readout')],
      drives: [drive('a', sources)],
      cores: [
        {
          core: 0,
          ranges: [range(0, [...Array(sources).keys()])],
          profiles: [profile(1)],
          out: Array.from({ length: sources }, (_, j): Destination[] => [[0, 1, j]]),
        },
        { core: 1, ranges: [range(1, [...Array(compartments).keys()])], profiles: [readoutProfile()], formats, axons },
      ],
    });
    const limits = {
      ...target.limits,
      compartmentsPerCore: figure(1024, 'compartments'),
      inputAxonsPerCore: figure(1024, 'axons'),
      outputAxonsPerCore: figure(1024, 'axons'),
      synapseMemoryPerCore: figure(1 << 20, 'B'),
    };
    const simulator = new Simulator(program, { ...target, limits }, { timing: 'off' });
    for (const every of [1, 7, 100]) {
      const current = Int32Array.from({ length: sources }, (_, j) => (j % every === 0 ? 1 : 0));
      const expected = Int32Array.from({ length: compartments }, (_, k) => {
        // The first format's weights count twice.
        return current.reduce((sum, fires, j) => sum + fires * 2 * (((7 * j + 3 * k) % 255) - 127), 0);
      });
      expect(simulator.run([current]).readout).toEqual(expected);
    }
  });
});

function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, k) => values.slice(size * k, size * (k + 1)));
}
