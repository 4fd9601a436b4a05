import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SynapseFormat } from '../../schemas/program.js';
import { CoreState } from '../../sim/core-state.js';
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
  { weightBits: 6, indexBits: 6, delayBits: 2, exponent: 1 },
];
const coresPerChip = 16;
const target = tinyTarget({
  limits: {
    chips: figure(6, 'chips'),
    synapseMemoryPerCore: figure(65_536, 'B'),
    inputAxonsPerCore: figure(1024, 'axons'),
  },
});

/**
 * A channel of all pixels on each of many cores: its spikes reach, by rows of the channel's own, the same pixels of the readout as
 * those of every other channel.
 */
const channelCase = fc.gen().map((draw) => {
  // One squad of up to four vectors of cores, or two.
  const sizes = fc.oneof({ weight: 4, arbitrary: fc.constant([6, 40]) }, fc.constant([49, 80]));
  const [min, max] = draw(() => sizes) as [number, number];
  const channels = draw(fc.integer, { min, max });
  // A window of whole blocks is run ahead, and counted so many timesteps at a time.
  const pixels = draw(() => fc.oneof(fc.constant(16), fc.integer({ min: 1, max: 20 })));
  const threshold = draw(() => fc.constantFrom(2, 4));
  const timesteps = draw(() => fc.constantFrom(2, 3, 3, 17));
  const [outPixels, outChannels] = [4, draw(fc.integer, { min: 1, max: 5 })];
  // A channel has two rows: of either the synapses of all channels act in the same timestep, or each row does as it likes.
  const delays = [0, 0].map(() => draw(fc.integer, { min: 1, max: 4 }));
  const isOrderly = draw(fc.integer, { min: 0, max: 3 }) > 0;
  const rows = Array.from({ length: 2 * channels }, (_, row) => {
    const weight = () => draw(fc.integer, { min: -31, max: 31 });
    const dense = Array.from({ length: outChannels }, (_, k) => [k, weight()] as const);
    const delay = isOrderly ? delays[row % 2]! : draw(fc.integer, { min: 1, max: 4 });
    const late = dense.map(([k, own]) => [k, own, delay] as const);
    return (isOrderly ? delay === 1 : draw(fc.boolean))
      ? [{ format: 0, synapses: dense }]
      : [{ format: 1, synapses: late }];
  });
  const axons = axonsByPixel(rows, outPixels, outChannels);
  const reached = Array.from({ length: pixels }, () => draw(() => fc.shuffledSubarray([0, 1, 2, 3])));
  const isOdd = Array.from({ length: pixels }, () => draw(fc.integer, { min: 0, max: 1 }));
  const place = (core: number) => ({ chip: Math.floor(core / coresPerChip), core: core % coresPerChip });
  const program = buildProgram({
    timesteps,
    chips: Math.ceil((channels + 1) / coresPerChip),
    populations: [
      population('a', channels * pixels, 0),
      { ...population('out', outPixels * outChannels, 1, 'readout'), shape: [2, 2, outChannels] as const },
    ],
    drives: [drive('a', channels * pixels)],
    cores: [
      {
        ...place(0),
        ranges: [range(1, [...Array(outPixels * outChannels).keys()])],
        profiles: [readoutProfile()],
        formats,
        axons,
      },
      ...Array.from({ length: channels }, (_, channel) => ({
        ...place(1 + channel),
        ranges: [
          range(
            0,
            reached.map((_, pixel) => channels * pixel + channel),
          ),
        ],
        profiles: [profile(threshold)],
        out: reached.map((to, pixel) => {
          return to.map((first): Destination => [0, 0, outPixels * (2 * channel + isOdd[pixel]!) + first]);
        }),
      })),
    ],
  });
  const most = draw(fc.integer, { min: 1, max: 3 });
  const sample = () => Int32Array.from({ length: channels * pixels }, () => draw(fc.integer, { min: 0, max: most }));
  return { program, samples: [sample(), sample()] };
});

describe('cores that send alike', () => {
  it('send together what each of them sends', () => {
    let inTeams = 0;
    fc.assert(
      fc.property(channelCase, ({ program, samples }) => {
        const simulator = new Simulator(program, target, { timing: 'off' });
        const timed = new Simulator(program, target, { timing: 'analytic' });
        const { cores, memory } = simulator.machine;
        for (const { address } of cores) inTeams += new CoreState(memory, address).get('inTeam');
        for (const sample of samples) {
          const slow = simulateStreamSlowly(program, target, [[sample]]);
          expectAsSlow([simulator.run([sample])], slow);
          expectAsSlow([simulator.run([sample], { record: true })], slow);
          expect(timed.run([sample]).time).toEqual(timed.run([sample], { record: true }).time);
        }
      }),
      { numRuns: 40, seed: 9, endOnFailure: true },
    );
    expect(inTeams).toBeGreaterThan(300);
  });
});
