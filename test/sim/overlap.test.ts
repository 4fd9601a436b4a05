import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../schemas/program.js';
import { eventKinds, eventsOf, totalEvents } from '../../sim/events.js';
import type { SampleResult } from '../../sim/sample-result.js';
import { Simulator } from '../../sim/simulate.js';
import { simulateStreamSlowly } from '../reference/reference-sim.js';
import { overlappingCase } from './arbitrary-program.js';
import { expectAsSlow } from './expect-as-slow.js';
import { buildProgram, drive, population, profile, range, readoutProfile } from './program-builder.js';
import { tinyTarget } from './tiny-target.js';

const total = (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0);

describe('samples that overlap, for any program', () => {
  it('do what the slow simulator says, and every event belongs to one sample', () => {
    fc.assert(
      fc.property(overlappingCase, ({ program, target, samples }) => {
        fc.pre(program.sampleInterval < program.stepsPerSample);
        const simulator = new Simulator(program, target, { timing: 'off' });
        const results = simulator.runStream(samples, { record: true });
        // Where nobody watches, messages are counted when a sample ends, or when all do.
        const unrecorded = ({ populations, ...result }: SampleResult) => ({
          ...result,
          populations: populations.map((activity) => ({ ...activity, recording: null })),
        });
        expect(simulator.runStream(samples, {})).toEqual(results.map(unrecorded));
        expect(simulator.run(samples[0]!)).toEqual(unrecorded(simulator.run(samples[0]!, { record: true })));
        expectAsSlow(results, simulateStreamSlowly(program, target, samples));
      }),
      { numRuns: 200, seed: 11, endOnFailure: true },
    );
  });

  it('take the same time, event by event and joule by joule, summed over samples or over cores', () => {
    fc.assert(
      fc.property(overlappingCase, ({ program, target, samples }) => {
        fc.pre(program.sampleInterval < program.stepsPerSample);
        const simulator = new Simulator(program, target, { timing: 'cycle' });
        const results = simulator.runStream(samples, { record: false });
        expect(simulator.runStream(samples, { record: false })).toEqual(results);
        const { timingFigures } = simulator;
        const steps = (samples.length - 1) * program.sampleInterval + program.stepsPerSample;
        const compartments = total(program.cores.map(({ compartmentCount }) => compartmentCount));
        let updates = 0;
        for (const { energy, byCore, byPopulation, time } of results) {
          const shared = energy.barrier + energy.static!;
          expect(total(energy.byCore) + shared).toBe(energy.total);
          expect(total(energy.byPopulation) + shared).toBe(energy.total);
          expect(total(Object.values(energy.byKind)) + shared).toBe(energy.total);
          for (const kind of eventKinds) expect(totalEvents(byPopulation, kind)).toBe(totalEvents(byCore, kind));
          for (let row = 0; row < byCore.rows; row++) {
            expect(eventsOf(byCore, row, 'neuronUpdateInactive')).toBeGreaterThanOrEqual(0);
          }
          updates += totalEvents(byCore, 'neuronUpdateActive') + totalEvents(byCore, 'neuronUpdateInactive');
          expect(total(Array.from(time!.linkMessages))).toBeGreaterThanOrEqual(0);
        }
        expect(updates).toBe(steps * compartments);
        const barriers = total(results.map(({ energy }) => energy.barrier));
        expect(barriers).toBe(steps * simulator.energyFigures.perBarrier);
        // The periods follow one another without a gap: all timesteps, each sample loaded and read once, one reset.
        const { hostSampleLoad, hostReadout, hostSampleReset } = timingFigures;
        const running = total(results.map(({ time }) => time!.running));
        const host = samples.length * (hostSampleLoad + hostReadout) + hostSampleReset;
        expect(total(results.map(({ time }) => time!.period))).toBe(running + host);
        const links = total(results.map(({ time }) => total(Array.from(time!.linkMessages))));
        expect(links).toBe(total(results.map(({ hops }) => hops)));
      }),
      { numRuns: 100, seed: 12, endOnFailure: true },
    );
  });
});

/** T = 2. Neuron a (θ = 2, current 1 or 2) hears the drive from step 0, neuron b (θ = 1) hears a, the readout hears b. */
function chain(sampleInterval: number): Program {
  const axons = [{ entries: [{ format: 0, synapses: [[0, 1]] as const }] }];
  const program = buildProgram({
    timesteps: 2,
    populations: [population('a', 1, 0), population('b', 1, 1), population('out', 1, 2, 'readout')],
    drives: [drive('a', 1)],
    cores: [
      { core: 0, ranges: [range(0, [0])], profiles: [profile(2)], out: [[[0, 2, 0]]] },
      { core: 2, ranges: [range(1, [0])], profiles: [profile(1)], axons, out: [[[0, 4, 0]]] },
      { core: 4, ranges: [range(2, [0])], profiles: [readoutProfile()], axons },
    ],
  });
  return { ...program, sampleInterval };
}

describe('a chain of three populations', () => {
  const samples = [[Int32Array.of(2)], [Int32Array.of(1)], [Int32Array.of(2)]];
  const run = (sampleInterval: number): SampleResult[] => {
    const simulator = new Simulator(chain(sampleInterval), tinyTarget(), { timing: 'cycle' });
    return simulator.runStream(samples, { record: true });
  };
  const ns = 1000;

  it('computes the same with samples every 2, 3 and 4 timesteps', () => {
    const alone = run(4);
    expect(alone.map(({ readout }) => [...readout])).toEqual([[2], [1], [2]]);
    for (const interval of [2, 3]) {
      const overlapping = run(interval);
      expect(overlapping.map(({ readout }) => readout)).toEqual(alone.map(({ readout }) => readout));
      expect(overlapping.map(({ populations }) => populations)).toEqual(alone.map(({ populations }) => populations));
    }
  });

  it('takes these times with a sample every 2 timesteps', () => {
    // Barrier 1000. A message from a to b: update 8, made at 18, link 38, port 42, axon and synapse 47; b to out alike, so
    // that any timestep with a message takes 1047; one without, 1008, for some update is active. Spikes of a: sample 0 at 0 and
    // 1, sample 1 (current 1: v = 1, then 2) at 3, sample 2 at 4 and 5. Those of b one step later. Steps 0 to 6 have
    // messages but for 7: out alone updates. There are (3 − 1)·2 + 4 = 8 timesteps.
    const [first, second, third] = run(2).map(({ time }) => time!);
    const durations = [0, 1, 2, 3, 4, 5, 6].map(() => 1047 * ns);
    const steps = [...durations, 1008 * ns];
    const all = [...first!.timesteps.slice(0, 2), ...second!.timesteps.slice(0, 2), ...third!.timesteps];
    expect(all.map(({ duration }) => duration)).toEqual(steps);
    // The host loads (7 µs) before steps 0, 2 and 4, reads out (3 µs) after steps 3, 5 and 7, and resets (5 µs) at the end.
    const [load, read, reset] = [7000 * ns, 3000 * ns, 5000 * ns];
    const at = (from: number, end: number): number => total(steps.slice(from, end));
    expect(first!.latency).toBe(load + at(0, 2) + load + at(2, 4) + read);
    expect(second!.latency).toBe(load + at(2, 4) + read + load + at(4, 6) + read);
    expect(third!.latency).toBe(load + at(4, 6) + read + at(6, 8) + read);
    expect([first!.period, second!.period, third!.period]).toEqual([
      load + at(0, 2),
      load + at(2, 4) + read,
      load + at(4, 6) + read + at(6, 8) + read + reset,
    ]);
    expect([first!.hostReset, second!.hostReset, third!.hostReset]).toEqual([0, 0, reset]);
  });

  it('is refused by a chip that cannot clear the membranes of one population', () => {
    const target = tinyTarget({ arithmetic: { windowReset: false } });
    expect(() => new Simulator(chain(2), target, { timing: 'off' })).toThrow(
      /SW3011 .*every 2 timesteps and takes 4 on tiny/,
    );
  });
});
