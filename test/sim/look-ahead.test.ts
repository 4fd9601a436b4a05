import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../schemas/program.js';
import { forEachMembrane } from '../../sim/machine-view.js';
import type { StepMoment } from '../../sim/observer.js';
import type { SampleResult } from '../../sim/sample-result.js';
import { Simulator } from '../../sim/simulate.js';
import { simulateStreamSlowly } from '../reference/reference-sim.js';
import { expectAsSlow } from './expect-as-slow.js';
import {
  buildProgram,
  type Destination,
  drive,
  population,
  profile,
  range,
  readoutProfile,
} from './program-builder.js';
import { tinyTarget } from './tiny-target.js';

/** Compartments that are updated at once. */
const block = 16;

/** Driven neurons in whole blocks, some of whose currents and thresholds are near what 16 bits hold, and a readout that tells them apart. */
const drivenCase = fc.gen().map((draw) => {
  const blocks = draw(fc.integer, { min: 1, max: 2 });
  const neurons = block * blocks;
  const timesteps = draw(fc.integer, { min: 1, max: 12 });
  const least = draw(() => fc.constantFrom(0, -4095));
  const highest = draw(() => fc.constantFrom(40, 4095));
  const reset = draw(() => fc.constantFrom('hard' as const, 'hard' as const, 'soft' as const));
  const profiles = Array.from({ length: blocks }, () => {
    const threshold = draw(() =>
      fc.oneof(
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: 0, max: 8000 }),
        fc.integer({ min: 28_000, max: 36_000 }),
      ),
    );
    return profile(threshold, { reset, resetBy: Int32Array.of(Math.abs(threshold)) });
  });
  const isMixed = draw(fc.integer, { min: 0, max: 4 }) === 0;
  const compartmentProfile = Array.from({ length: neurons }, (_, k) => (isMixed ? k : Math.floor(k / block)) % blocks);
  const program = buildProgram({
    timesteps,
    populations: [population('a', neurons, 0), population('out', 3, 1, 'readout')],
    drives: [drive('a', neurons)],
    cores: [
      {
        core: 0,
        ranges: [range(0, [...Array(neurons).keys()])],
        profiles,
        compartmentProfile,
        out: Array.from({ length: neurons }, (_, k): Destination[] => [[0, 1, k]]),
      },
      {
        core: 1,
        ranges: [range(1, [0, 1, 2])],
        profiles: [readoutProfile()],
        axons: Array.from({ length: neurons }, () => ({
          entries: [
            { format: 0, synapses: [0, 1, 2].map((k) => [k, draw(fc.integer, { min: -127, max: 127 })] as const) },
          ],
        })),
      },
    ],
  });
  const samples = [0, 1, 2].map(() => {
    return Int32Array.from({ length: neurons }, () => draw(fc.integer, { min: least, max: highest }));
  });
  return { program, samples };
});

/** The membranes of the driven neurons after each timestep of their window, [T][neurons], worked out one by one. */
function membranesOf({ timesteps, cores: [core] }: Program, drive: Int32Array): readonly (readonly number[])[] {
  const values = new Array<number>(drive.length).fill(0);
  return Array.from({ length: timesteps }, () => {
    for (let k = 0; k < values.length; k++) {
      const { threshold, resetBy, reset } = core!.profiles[core!.compartmentProfile[k]!]!;
      const v = values[k]! + drive[k]!;
      if (v < threshold[0]!) values[k] = v;
      else values[k] = reset === 'hard' ? 0 : v - resetBy[0]!;
    }
    return [...values];
  });
}

/** All of a result but the spikes that were asked for. */
function unrecorded(result: SampleResult): SampleResult {
  return { ...result, populations: result.populations.map((population) => ({ ...population, recording: null })) };
}

describe('a driven population that nobody watches', () => {
  it('does in every timestep what it does when it is watched, and what the slow one does', () => {
    const target = tinyTarget();
    let spikes = 0;
    fc.assert(
      fc.property(drivenCase, ({ program, samples }) => {
        const simulator = new Simulator(program, target, { timing: 'off' });
        const timed = new Simulator(program, target, { timing: 'analytic' });
        for (const sample of samples) {
          const slow = simulateStreamSlowly(program, target, [[sample]]);
          const result = simulator.run([sample]);
          expectAsSlow([result], slow);
          const watched = simulator.run([sample], { record: true });
          expectAsSlow([watched], slow);
          expect(unrecorded(result)).toEqual(unrecorded(watched));
          expect(timed.run([sample])).toEqual(unrecorded(timed.run([sample], { record: true })));
          const seen: number[][] = [];
          const step = ({ machine }: StepMoment): void => {
            const values: number[] = [];
            const all = { population: 0, core: null, first: 0, end: Number.POSITIVE_INFINITY };
            forEachMembrane(machine, all, (neuron, value) => {
              values[neuron] = value;
            });
            seen.push(values);
          };
          simulator.run([sample], { observer: { packets: null, step } });
          expect(seen.slice(0, program.timesteps)).toEqual(membranesOf(program, sample));
          spikes += result.populations[0]!.spikesInWindow;
        }
      }),
      { numRuns: 150, seed: 4, endOnFailure: true },
    );
    expect(spikes).toBeGreaterThan(1000);
  });

  it('does not go on with the window of an earlier sample where it sleeps at the beginning of its own', () => {
    const neurons = [...Array(16).keys()];
    const program = buildProgram({
      timesteps: 4,
      populations: [population('a', 16, 1), population('out', 16, 1, 'readout'), population('b', 1, 1)],
      drives: [drive('a', 16), drive('b', 1)],
      cores: [
        {
          core: 0,
          ranges: [range(0, neurons)],
          profiles: [profile(1)],
          axons: [{ entries: [{ format: 1, synapses: [[0, 0]] }] }],
          out: neurons.map(() => [[0, 1, 0]] as const),
        },
        {
          core: 1,
          ranges: [range(1, neurons)],
          profiles: [readoutProfile()],
          axons: [{ entries: [{ format: 1, synapses: [[0, 1]] }] }],
        },
        // Wakes the first, by a synapse of weight zero.
        { core: 2, ranges: [range(2, [0])], profiles: [profile(1)], out: [[[0, 0, 0]] as const] },
      ],
    });
    const simulator = new Simulator(program, tinyTarget(), { timing: 'off' });
    for (const current of [2, 0]) {
      const sample = [new Int32Array(16).fill(current), Int32Array.of(1)];
      expectAsSlow([simulator.run(sample)], simulateStreamSlowly(program, tinyTarget(), [sample]));
    }
  });
});
