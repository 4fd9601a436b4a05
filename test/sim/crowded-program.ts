import fc from 'fast-check';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { TargetTiming } from '../../schemas/target.js';
import type { Case } from './arbitrary-program.js';
import {
  buildProgram,
  type CoreSpec,
  type Destination,
  drive,
  population,
  profile,
  range,
  readoutProfile,
} from './program-builder.js';
import { figure, tinyTarget } from './tiny-target.js';

type Draw = fc.GeneratorValue;

/** Durations in units; they collide, coincide and vanish. */
const duration = fc.constantFrom(0, 0, 1, 2, 3, 4, 6, 20, 1000);

/**
 * Many messages at once from a few cores to fewer, over up to three chips, with buffers from one message to more than there
 * are: they queue, block one another and arrive in the same instant.
 */
export const crowdedCase: fc.Arbitrary<Case> = fc.gen().map((draw) => {
  const sources = draw(fc.integer, { min: 1, max: 6 });
  const sinks = draw(fc.integer, { min: 1, max: 4 });
  const perCore = draw(fc.integer, { min: 1, max: 10 });
  const places = draw(() => {
    const place = fc.integer({ min: 0, max: 47 });
    return fc.uniqueArray(place, { minLength: sources + sinks, maxLength: sources + sinks });
  });
  const [from, to] = [places.slice(0, sources), places.slice(sources)];
  const axons = draw(() => fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }));
  const at = (place: number): readonly [chip: number, core: number] => [Math.floor(place / 16), place % 16];
  const destination = fc
    .tuple(fc.integer({ min: 0, max: sinks - 1 }), fc.integer({ min: 0, max: axons.length - 1 }))
    .map(([sink, axon]): Destination => [...at(to[sink]!), axon]);
  const neurons = (first: number, count: number) => Array.from({ length: count }, (_, k) => first + k);
  const senders = from.map((place, index): CoreSpec => {
    const [chip, core] = at(place);
    const out = neurons(0, perCore).map(() => draw(() => fc.array(destination, { maxLength: 12 })));
    return { chip, core, ranges: [range(0, neurons(index * perCore, perCore))], profiles: [profile(1)], out };
  });
  const receivers = to.map((place, index): CoreSpec => {
    const [chip, core] = at(place);
    const entry = (count: number) => ({ format: 0, synapses: neurons(0, count).map(() => [0, 1] as const) });
    const specs = axons.map((count) => ({ entries: count === 0 ? [] : [entry(count)] }));
    return { chip, core, ranges: [range(1, neurons(4 * index, 4))], profiles: [readoutProfile()], axons: specs };
  });
  const hostAxons = draw(() => fc.array(fc.integer({ min: 0, max: sinks - 1 }), { maxLength: 2 })).map((sink) => {
    const [chip, core] = at(to[sink]!);
    return { chip, core, axon: 0, firstStep: 0 };
  });
  const count = sources * perCore;
  const program = buildProgram({
    timesteps: 2,
    chips: 3,
    populations: [population('a', count, 0), population('out', 4 * sinks, 1, 'readout')],
    drives: [drive('a', count)],
    hostAxons,
    cores: [...senders, ...receivers],
  });
  const current = fc.constantFrom(0, 1, 1);
  const currents = draw(() => fc.array(current, { minLength: count, maxLength: count }));
  return { program, target: drawTarget(draw), samples: [[Int32Array.from(currents)]] };
});

/**
 * Nearly all of 216 cores on three chips, as 144 of them fire 16 neurons at once, each for four of the others: thousands of
 * messages, so that hundreds of stations are at work at the same time and many are done in the same instant.
 */
export const throngedCase: fc.Arbitrary<Case> = fc.gen().map((draw) => {
  const random = xoroshiro128plus(draw(fc.integer));
  const perCore = 16;
  const order = Array.from({ length: 216 }, (_, place) => place);
  for (let last = order.length - 1; last > 0; last--) {
    const other = uniformInt(random, 0, last);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  const at = (place: number) => ({ chip: Math.floor(place / 72), core: place % 72 });
  const [from, to] = [order.slice(0, 144), order.slice(144)];
  const neurons = (first: number, count: number) => Array.from({ length: count }, (_, k) => first + k);
  const senders = from.map((place, index): CoreSpec => {
    const out = neurons(0, perCore).map(() => {
      return neurons(0, 4).map((): Destination => {
        const { chip, core } = at(to[uniformInt(random, 0, to.length - 1)]!);
        return [chip, core, 0];
      });
    });
    return { ...at(place), ranges: [range(0, neurons(index * perCore, perCore))], profiles: [profile(1)], out };
  });
  const receivers = to.map((place, index): CoreSpec => {
    const axons = [{ entries: [{ format: 0, synapses: neurons(0, 2).map(() => [0, 1] as const) }] }];
    return { ...at(place), ranges: [range(1, neurons(2 * index, 2))], profiles: [readoutProfile()], axons };
  });
  const count = from.length * perCore;
  const program = buildProgram({
    timesteps: 1,
    chips: 3,
    populations: [population('a', count, 0), population('out', 2 * to.length, 1, 'readout')],
    drives: [drive('a', count)],
    cores: [...senders, ...receivers],
  });
  const target = drawTarget(draw);
  return {
    program,
    target: {
      ...target,
      limits: { ...target.limits, coresPerChip: figure(72, 'cores') },
      mesh: { ...target.mesh, columns: 6, rows: 6 },
    },
    samples: [[new Int32Array(count).fill(1)]],
  };
});

function drawTarget(draw: Draw) {
  const picoseconds = draw(() => fc.constantFrom(1, 7, 1000));
  const time = (units: number) => figure(units * picoseconds, 'ps');
  const timing: Partial<TargetTiming> = {
    axonIn: time(draw(() => duration)),
    synapticOperation: time(draw(() => duration)),
    neuronUpdateActive: time(draw(() => duration)),
    neuronUpdateInactive: time(draw(() => duration)),
    spikeOut: time(draw(() => duration)),
    withinTile: time(draw(fc.integer, { min: 1, max: 5 })),
    hopEastWest: time(draw(() => duration)),
    hopNorthSouth: time(draw(() => duration)),
    chipToChip: time(draw(() => duration)),
  };
  const buffer = draw(() => fc.constantFrom(1, 1, 2, 3, 5, 1000));
  const perRow = draw(() => fc.constantFrom(1, 3));
  return tinyTarget({
    timing,
    mesh: { linkBuffer: figure(buffer, 'messages'), chipsPerRow: figure(perRow, 'chips') },
  });
}
