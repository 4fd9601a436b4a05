import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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

const neurons = 40;
const all = [...Array(neurons).keys()];

/**
 * Sources into a layer wide enough for whole vectors of compartments, whose weights of up to ±126 reach membranes' bounds
 * within a few steps; into a readout without a threshold, which goes on from there.
 */
const crowdedCase = fc.gen().map((draw) => {
  const sources = draw(fc.integer, { min: 1, max: 6 });
  const reset = draw(() => fc.constantFrom('hard' as const, 'soft' as const));
  const row = (least: number, most: number) => ({
    entries: [{ format: 0, synapses: all.map((k) => [k, draw(fc.integer, { min: least, max: most })] as const) }],
  });
  const sign = draw(() => fc.constantFrom(1, -1));
  const [least, most] = sign > 0 ? [-20, 126] : [-126, 20];
  const target = tinyTarget({
    arithmetic: {
      membraneMax: draw(fc.integer, { min: 200, max: 2000 }),
      inputMax: draw(fc.integer, { min: 100, max: 2000 }),
    },
  });
  const program = buildProgram({
    timesteps: 6,
    populations: [population('a', sources, 0), population('b', neurons, 1), population('out', neurons, 2, 'readout')],
    drives: [drive('a', sources)],
    cores: [
      {
        core: 0,
        ranges: [range(0, [...Array(sources).keys()])],
        profiles: [profile(4)],
        out: Array.from({ length: sources }, (_, k): Destination[] => [[0, 1, k]]),
      },
      {
        core: 1,
        ranges: [range(1, all)],
        profiles: [
          profile(draw(fc.integer, { min: 50, max: 1500 }), {
            reset,
            resetBy: Int32Array.of(draw(fc.integer, { min: 0, max: 1500 })),
          }),
        ],
        axons: Array.from({ length: sources }, () => row(least!, most!)),
        out: all.map((k): Destination[] => (k < 4 ? [[0, 2, k]] : [])),
      },
      { core: 2, ranges: [range(2, all)], profiles: [readoutProfile()], axons: [0, 1, 2, 3].map(() => row(-126, 126)) },
    ],
  });
  const samples = [0, 1].map(() => Int32Array.from({ length: sources }, () => draw(fc.integer, { min: 0, max: 4 })));
  return { program, target, samples };
});

describe('membranes that reach their bounds', () => {
  it('saturate, and only then, however many compartments are updated together', () => {
    let saturated = 0;
    let unsaturated = 0;
    let beyond = 0;
    fc.assert(
      fc.property(crowdedCase, ({ program, target, samples }) => {
        const simulator = new Simulator(program, target, { timing: 'off' });
        for (const sample of samples) {
          const slow = simulateStreamSlowly(program, target, [[sample]]);
          const result = simulator.run([sample], { record: true });
          expectAsSlow([result], slow);
          if (slow.saturations > 0) saturated++;
          else unsaturated++;
          beyond += result.inputsBeyondMax;
        }
      }),
      { numRuns: 100, seed: 12, endOnFailure: true },
    );
    // The cases are of both kinds.
    expect(saturated).toBeGreaterThan(30);
    expect(unsaturated).toBeGreaterThan(30);
    expect(beyond).toBeGreaterThan(0);
  });
});
