import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EventKind, eventKinds, eventsOf, totalEvents } from '../../sim/events.js';
import { Simulator } from '../../sim/simulate.js';
import { simulateStreamSlowly } from '../reference/reference-sim.js';
import { arbitraryCase } from './arbitrary-program.js';
import { expectAsSlow } from './expect-as-slow.js';

// Whole programs take minutes to shrink; a failure names its seed and path instead.
describe('for any program', () => {
  it('the event-driven simulator computes what the slow one computes, sample after sample', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ program, target, samples }) => {
        const simulator = new Simulator(program, target, { timing: 'off' });
        for (const drives of samples) {
          const result = simulator.run(drives, { record: true });
          expectAsSlow([result], simulateStreamSlowly(program, target, [drives]));
          // Where nobody watches, spikes are not listed, and messages are counted at the end.
          const populations = result.populations.map((activity) => ({ ...activity, recording: null }));
          expect(simulator.run(drives)).toEqual({ ...result, populations });
        }
      }),
      { numRuns: 300, seed: 1, endOnFailure: true },
    );
  });

  it('timing changes nothing but time, and the analytic bound holds in every timestep', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ program, target, samples }) => {
        const [off, analytic, cycle] = (['off', 'analytic', 'cycle'] as const).map((timing) => {
          return new Simulator(program, target, { timing }).run(samples[0]!, { record: true });
        });
        for (const timed of [analytic!, cycle!]) {
          const { time, energy, ...computed } = timed;
          const { time: _none, energy: untimedEnergy, ...untimed } = off!;
          expect(computed).toEqual(untimed);
          expect(energy.byKind).toEqual(untimedEnergy.byKind);
        }
        for (const [step, { duration }] of analytic!.time!.timesteps.entries()) {
          expect(duration).toBeLessThanOrEqual(cycle!.time!.timesteps[step]!.duration);
        }
        expect(analytic!.time!.linkMessages).toEqual(cycle!.time!.linkMessages);
        expect(cycle!.time!.linkMessages.reduce((sum, messages) => sum + messages, 0)).toBe(cycle!.hops);
        expect(analytic!.time!.sendBusy).toEqual(cycle!.time!.sendBusy);
        expect(analytic!.time!.receiveBusy).toEqual(cycle!.time!.receiveBusy);
      }),
      { numRuns: 200, seed: 2, endOnFailure: true },
    );
  });

  it('two runs are the same to the picosecond, and every message is delivered', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ program, target, samples }) => {
        const simulator = new Simulator(program, target, { timing: 'cycle' });
        const first = samples.map((drives) => simulator.run(drives));
        const second = samples.map((drives) => new Simulator(program, target, { timing: 'cycle' }).run(drives));
        expect(second).toEqual(first);
        const { timingFigures: figures } = simulator;
        for (const { byCore, messages, time } of first) {
          // Cores work as long as what they did takes: what is timed is what is counted and priced.
          for (let core = 0; core < byCore.rows; core++) {
            const workOf = (...kinds: readonly (readonly [EventKind, number])[]): number => {
              return kinds.reduce((sum, [kind, each]) => sum + eventsOf(byCore, core, kind) * each, 0);
            };
            const { neuronUpdateActive, neuronUpdateInactive, spikeOut, axonIn, synapticOperation } = figures;
            expect(time!.sendBusy[core]).toBe(
              workOf(
                ['neuronUpdateActive', neuronUpdateActive],
                ['neuronUpdateInactive', neuronUpdateInactive],
                ['messageOut', spikeOut],
              ),
            );
            expect(time!.receiveBusy[core]).toBe(workOf(['axonIn', axonIn], ['synapticOperation', synapticOperation]));
          }
          const fromHost = program.hostAxons.length * program.timesteps;
          expect(totalEvents(byCore, 'axonIn')).toBe(messages + fromHost);
        }
      }),
      { numRuns: 100, seed: 3, endOnFailure: true },
    );
  });

  it('energy and events split by core, by population and by kind into the same totals, to the femtojoule', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ program, target, samples }) => {
        const { energy, byCore, byPopulation } = new Simulator(program, target, { timing: 'cycle' }).run(samples[0]!);
        const shared = energy.barrier + energy.static!;
        const sum = (parts: readonly number[]) => parts.reduce((total, part) => total + part, 0);
        expect(sum(energy.byCore) + shared).toBe(energy.total);
        expect(sum(energy.byPopulation) + shared).toBe(energy.total);
        expect(sum(Object.values(energy.byKind)) + shared).toBe(energy.total);
        for (const kind of eventKinds) {
          expect(totalEvents(byPopulation, kind)).toBe(totalEvents(byCore, kind));
        }
      }),
      { numRuns: 100, seed: 4, endOnFailure: true },
    );
  });
});
