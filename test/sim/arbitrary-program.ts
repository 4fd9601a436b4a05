import fc from 'fast-check';
import type { CompartmentProfile, Program, ProgramPopulation, SynapseFormat } from '../../schemas/program.js';
import type { Target } from '../../schemas/target.js';
import {
  buildProgram,
  type CoreSpec,
  type Destination,
  drive,
  profile,
  range,
  readoutProfile,
} from './program-builder.js';
import { figure, tinyTarget } from './tiny-target.js';

/** A program, a chip that holds it, and drives to run it with. */
export interface Case {
  readonly program: Program;
  readonly target: Target;
  readonly samples: readonly (readonly Int32Array[])[];
}

/** Draws one value of an arbitrary. */
type Draw = fc.GeneratorValue;

const formats: readonly SynapseFormat[] = [
  { weightBits: 8, indexBits: 0, delayBits: 0, exponent: 0 },
  { weightBits: 4, indexBits: 0, delayBits: 0, exponent: 2 },
  { weightBits: 8, indexBits: 6, delayBits: 0, exponent: 1 },
  { weightBits: 3, indexBits: 7, delayBits: 0, exponent: 0 },
  { weightBits: 8, indexBits: 0, delayBits: 2, exponent: 0 },
  { weightBits: 5, indexBits: 6, delayBits: 3, exponent: 1 },
];

/**
 * Networks that no compiler would make: neurons of all populations shuffled over up to five cores on two chips, any
 * compartment sending to any atom of any axon, axons of mixed formats and delays that share words, padding, windows in any order.
 */
export const arbitraryCase: fc.Arbitrary<Case> = fc.gen().map(drawCase);

function drawCase(draw: Draw): Case {
  const target = drawTarget(draw);
  const timesteps = draw(fc.integer, { min: 1, max: 4 });
  const populations = drawPopulations(draw);
  const cores = drawCores(draw, populations, timesteps, target);
  const driven = populations[0]!;
  const program = buildProgram({
    timesteps,
    chips: 2,
    populations,
    drives: [drive(driven.name, driven.shape[2], 1)],
    hostAxons: drawHostAxons(draw, cores, populations),
    cores,
  });
  const current = fc.integer({ min: -30, max: 60 }).map((mantissa) => 2 * mantissa);
  const neurons = driven.shape[2];
  const sample = fc
    .array(current, { minLength: neurons, maxLength: neurons })
    .map((values) => [Int32Array.from(values)]);
  return { program, target, samples: draw(() => fc.array(sample, { minLength: 1, maxLength: 3 })) };
}

/** The same with two to four samples, which overlap where the windows leave room for that. */
export const overlappingCase: fc.Arbitrary<Case> = fc.gen().map((draw) => {
  const { program, target, samples } = drawCase(draw);
  const { timesteps, stepsPerSample } = program;
  const sampleInterval = draw(fc.integer, { min: timesteps, max: Math.max(timesteps, stepsPerSample - 1) });
  const count = draw(fc.integer, { min: 2, max: 4 });
  const repeated = Array.from({ length: count }, (_, n) => samples[n % samples.length]!);
  return { program: { ...program, sampleInterval }, target, samples: repeated };
});

function drawTarget(draw: Draw): Target {
  const biasGate = draw(fc.boolean);
  return tinyTarget({
    arithmetic: {
      compare: draw(() => fc.constantFrom('>' as const, '>=' as const)),
      biasGate,
      membraneMax: draw(() => fc.constantFrom(200, 8_388_607)),
      inputMax: draw(() => fc.constantFrom(null, 100)),
      weight: { mantissaMax: 127, step: draw(() => fc.constantFrom(1, 1, 3)), exponentMax: 7, bits: 8 },
    },
    mesh: {
      linkBuffer: figure(draw(fc.integer, { min: 1, max: 4 }), 'messages'),
      chipsPerRow: figure(
        draw(() => fc.constantFrom(1, 3)),
        'chips',
      ),
    },
  });
}

const few = fc.integer({ min: 1, max: 8 });
const neurons = () => few;
/** Sometimes so many that one core holds more compartments than are updated at once. */
const neuronsOfFirst = () =>
  fc.oneof({ weight: 3, arbitrary: few }, { weight: 1, arbitrary: fc.integer({ min: 16, max: 40 }) });

function drawPopulations(draw: Draw): ProgramPopulation[] {
  const count = draw(fc.integer, { min: 1, max: 3 });
  return Array.from({ length: count + 1 }, (_, index) => ({
    name: `p${index}`,
    kind: index === count ? 'readout' : 'spiking',
    shape: [1, 1, draw(index === 0 ? neuronsOfFirst : neurons)] as const,
    phase: draw(fc.integer, { min: 0, max: 3 }),
    scale: 1,
    relayOf: null,
  }));
}

function drawCores(
  draw: Draw,
  populations: readonly ProgramPopulation[],
  timesteps: number,
  target: Target,
): CoreSpec[] {
  const pieces = populations.flatMap(({ shape }, population) => {
    const neurons = Array.from({ length: shape[2] }, (_, neuron) => neuron);
    const shuffled = draw(() => fc.shuffledSubarray(neurons, { minLength: neurons.length }));
    const cut = draw(fc.integer, { min: 0, max: neurons.length });
    return [shuffled.slice(0, cut), shuffled.slice(cut)]
      .filter((part) => part.length > 0)
      .map((part) => ({ population, neurons: part }));
  });
  const places = draw(() => fc.uniqueArray(fc.integer({ min: 0, max: 31 }), { minLength: 1, maxLength: 5 }));
  const held = places.map((): typeof pieces => []);
  for (const piece of pieces) held[draw(fc.integer, { min: 0, max: places.length - 1 })]!.push(piece);
  const used = places.map((place, index) => ({ place, pieces: held[index]! })).filter((core) => core.pieces.length > 0);
  const atoms = used.map(() => draw(() => fc.array(fc.constantFrom(1, 1, 2, 3), { minLength: 1, maxLength: 4 })));
  // Compartments that are alike and do not decay are updated many at once.
  const isAlike = draw(fc.boolean);
  const decayMax = isAlike ? 0 : 4096;
  return used.map(({ place, pieces: own }, index) => {
    // Compartments of no population, before, between and behind the others.
    const neuronsHere = own.reduce((sum, { neurons }) => sum + neurons.length, 0);
    const padding = [...own, null].map(() => (neuronsHere > 40 ? 0 : draw(() => fc.constantFrom(0, 0, 0, 1, 3))));
    let first = 0;
    const ranges = own.map(({ population, neurons }, piece) => {
      first += padding[piece]! + neurons.length;
      return range(population, neurons, first - neurons.length);
    });
    const compartments = first + padding.at(-1)!;
    const profiles = [
      ...Array.from({ length: 2 }, () => drawProfile(draw, timesteps, decayMax)),
      readoutProfile(draw(fc.integer, { min: 0, max: decayMax })),
    ];
    const kinds = Array.from({ length: compartments }, (_, k) => {
      const within = ranges.find(({ first: from, neurons }) => k >= from && k < from + neurons.length);
      return within === undefined ? 'padding' : populations[within.population]!.kind;
    });
    const destination = fc.integer({ min: 0, max: used.length - 1 }).chain((to) => {
      const core = used[to]!.place;
      return fc
        .integer({ min: 0, max: atoms[to]!.length - 1 })
        .chain((axon) => fc.integer({ min: 0, max: atoms[to]![axon]! - 1 }).map((atom) => [axon, atom] as const))
        .map(([axon, atom]): Destination => [Math.floor(core / 16), core % 16, axon, atom]);
    });
    const rows = target.arithmetic.biasGate ? draw(() => fc.constantFrom(0, 1, timesteps)) : 0;
    return {
      chip: Math.floor(place / 16),
      core: place % 16,
      ranges,
      profiles,
      compartmentProfile: kinds.map((kind) =>
        kind === 'readout' ? 2 : draw(fc.integer, { min: 0, max: isAlike ? 0 : 1 }),
      ),
      formats,
      axons: drawAxons(draw, atoms[index]!, compartments),
      out: kinds.map((kind) => (kind !== 'spiking' ? [] : draw(() => fc.array(destination, { maxLength: 3 })))),
      bias: {
        rows,
        data: Int32Array.from({ length: rows * compartments }, () => draw(fc.integer, { min: -20, max: 40 })),
      },
    };
  });
}

function drawProfile(draw: Draw, timesteps: number, decayMax: number): CompartmentProfile {
  const rows = draw(() => fc.constantFrom(1, timesteps));
  const table = (min: number, max: number): Int32Array =>
    Int32Array.from({ length: rows }, () => draw(fc.integer, { min, max }));
  return profile(0, {
    reset: draw(() => fc.constantFrom('hard' as const, 'soft' as const)),
    threshold: table(-3, 90),
    resetBy: table(0, 90),
    decay: table(0, decayMax),
  });
}

interface Entry {
  readonly format: number;
  readonly synapses: (readonly [index: number, mantissa: number, delay: number])[];
}

/** Axons with these numbers of atoms, and the first once more from another base. */
function drawAxons(draw: Draw, atoms: readonly number[], compartments: number): NonNullable<CoreSpec['axons']> {
  const entry = (room: number) =>
    fc.integer({ min: 0, max: formats.length - 1 }).chain((format) => {
      const { weightBits, indexBits, delayBits } = formats[format]!;
      const largest = 2 ** (weightBits - 1) - 1;
      const synapse = fc.tuple(
        fc.integer({ min: 0, max: compartments - 1 }),
        fc.integer({ min: -largest, max: largest }),
        fc.integer({ min: 1, max: 2 ** delayBits }),
      );
      const most = indexBits === 0 ? room : 12;
      return fc.array(synapse, { minLength: 1, maxLength: most }).map((synapses) => ({ format, synapses }));
    });
  const drawList = (): Entry[] => {
    const entries: Entry[] = [];
    // Dense synapses are counted over the whole list, so that all entries together must leave room for the last.
    let room = compartments;
    while (room > 0 && entries.length < 3 && draw(fc.boolean)) {
      const next = draw(() => entry(room));
      room -= next.synapses.length;
      entries.push(next);
    }
    return entries;
  };
  const lists = atoms.map((count) => Array.from({ length: count }, drawList));
  const specs = lists.map((own) => (own.length === 1 ? { base: 0, entries: own[0]! } : { base: 0, atoms: own }));
  const shared = lists[0]!.flatMap(targets);
  if (shared.length === 0) return specs;
  const base = draw(fc.integer, { min: -Math.min(...shared), max: compartments - 1 - Math.max(...shared) });
  return [...specs, { base, sameWordsAs: 0 }];
}

/** The compartments that a list with base 0 reaches. */
function targets(entries: readonly Entry[]): number[] {
  const all = entries.flatMap(({ format, synapses }) => synapses.map(([index]) => ({ format, index })));
  return all.map(({ format, index }, position) => (formats[format]!.indexBits === 0 ? position : index));
}

function drawHostAxons(draw: Draw, cores: readonly CoreSpec[], populations: readonly ProgramPopulation[]) {
  const last = Math.max(...populations.map(({ phase }) => phase));
  const hostAxon = fc.integer({ min: 0, max: cores.length - 1 }).chain((index) => {
    const { chip = 0, core, axons = [] } = cores[index]!;
    // The host drives discrete axons.
    const discrete = axons.flatMap((axon, number) => ('entries' in axon ? [number] : []));
    return fc.record({
      chip: fc.constant(chip),
      core: fc.constant(core),
      axon: discrete.length === 0 ? fc.constant(-1) : fc.constantFrom(...discrete),
      firstStep: fc.integer({ min: 0, max: last }),
    });
  });
  return draw(() => fc.array(hostAxon, { maxLength: 3 })).filter(({ axon }) => axon >= 0);
}
